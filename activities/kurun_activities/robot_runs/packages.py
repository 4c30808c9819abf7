"""Packages and tools on their way from KuFlow to this machine."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from kurun_activities.failures import failure
from kurun_activities.local_files import BUFFER
from kurun_clients.http import ApiError, BadRequest, NotFound
from kurun_clients.kuflow import DocumentDownload, KuFlowClient
from kurun_clients.kuflow.models import (
    Robot,
    RobotAssetArchitecture,
    RobotAssetPlatform,
    RobotAssetType,
    RobotSourceType,
)
from kurun_clients.threads import in_thread
from kurun_config import RobotSettings
from kurun_robots.errors import EnvironmentInvalid, EnvironmentUnavailable, PackageInvalid
from kurun_robots.package import Manifest, PackageLimits, check_hash, unpack

MAX_ASSET_BYTES = 1024**3

_robot: ContextVar[UUID] = ContextVar("kurun_robot_of_assets")


async def fetch_package(
    kuflow: KuFlowClient, robot: Robot, download: Path, target: Path, settings: RobotSettings
) -> Manifest:
    """Download a robot's package, hold it against its hash, and unpack it.

    Raises:
        ApiError: KuFlow refused or could not be reached.
        PackageInvalid: It is wrong.
        EnvironmentUnavailable: The disk is unwell.
    """
    if robot.source_type is not RobotSourceType.PACKAGE:
        raise PackageInvalid(f"robot {robot.code} is no package but {robot.source_type}")
    async with kuflow.robots.download_source_code(robot.id) as arriving:
        await _save(arriving, download, settings.max_package_bytes)
    expected = robot.source_file.content_hash if robot.source_file else None
    await in_thread(lambda: check_hash(download, expected, settings.content_hash))
    manifest = await in_thread(lambda: unpack(download, target, PackageLimits.of(settings)))
    await in_thread(download.unlink)
    return manifest


@contextmanager
def assets_of(robot_id: UUID) -> Iterator[None]:
    """Ask for the tools of this robot inside the block."""
    token = _robot.set(robot_id)
    try:
        yield
    finally:
        _robot.reset(token)


class KuFlowAssets:
    """Tools from KuFlow, which hands them out robot by robot: see :func:`assets_of`."""

    def __init__(self, kuflow: KuFlowClient) -> None:
        self._kuflow = kuflow

    async def fetch(
        self,
        type: RobotAssetType,  # noqa: A002 - the API's name
        version: str,
        platform: RobotAssetPlatform,
        architecture: RobotAssetArchitecture,
        target: Path,
    ) -> None:
        """See the protocol."""
        robot_id = _robot.get(None)
        if robot_id is None:
            raise EnvironmentInvalid(f"{type.value} {version} is not on this machine, and no robot of KuFlow's asks")
        try:
            async with self._kuflow.robots.download_asset(
                robot_id, type=type, version=version, platform=platform, architecture=architecture
            ) as arriving:
                await _save(arriving, target, MAX_ASSET_BYTES)
        except NotFound as error:
            raise EnvironmentInvalid(f"KuFlow has no {type.value} {version} for the robot") from error
        except BadRequest as error:
            raise EnvironmentInvalid(f"KuFlow has no {type.value} {version} for the robot: {error}") from error
        except (ApiError, PackageInvalid) as error:
            raise EnvironmentUnavailable(f"{type.value} {version} cannot be fetched: {error}") from error


async def _save(arriving: DocumentDownload, target: Path, limit: int) -> None:
    passed = 0
    pending = bytearray()
    file = await in_thread(lambda: _new_file(target), undo=lambda unwanted: unwanted.close())

    def flush() -> None:
        file.write(pending)
        pending.clear()

    try:
        async for piece in arriving.chunks:
            passed += len(piece)
            if passed > limit:
                raise PackageInvalid(f"what KuFlow sends is larger than the {limit} bytes that the worker allows")
            pending += piece
            if len(pending) >= BUFFER:
                await in_thread(flush)
        await in_thread(flush)
        await in_thread(file.close)
    except OSError as error:
        raise _unwritable(target, error) from None
    finally:
        await in_thread(lambda: _give_up(file))
    if arriving.size is not None and passed != arriving.size:
        raise failure(f"{passed} bytes came of {arriving.size} announced")


def _new_file(target: Path) -> BinaryIO:
    try:
        return target.open("xb")
    except OSError as error:
        raise _unwritable(target, error) from None


def _give_up(file: BinaryIO) -> None:
    """Close a file whose rest may not be writable; what went wrong with it is told by somebody else."""
    with suppress(OSError):
        file.close()


def _unwritable(target: Path, error: OSError) -> EnvironmentUnavailable:
    return EnvironmentUnavailable(f"{target}: cannot be written: {error.strerror}")
