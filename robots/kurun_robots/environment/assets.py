"""Tools that KuFlow hands out, for what this machine does not have."""

import asyncio
import hashlib
import platform
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

from kurun_clients.kuflow.models import RobotAssetArchitecture, RobotAssetPlatform, RobotAssetType
from kurun_clients.threads import in_thread
from kurun_robots.environment.folders import Folders
from kurun_robots.environment.owner import take_back
from kurun_robots.environment.reports import Report
from kurun_robots.environment.tool_archives import unpack_tool
from kurun_robots.errors import EnvironmentInvalid

_REFUSED_SECONDS: Final = 600.0  # a warm run must not ask again
_MOST_REFUSED: Final = 1000
_ARCHITECTURES: Final = {
    "x86_64": RobotAssetArchitecture.X86_64,
    "amd64": RobotAssetArchitecture.X86_64,
    "i386": RobotAssetArchitecture.X86_32,
    "i686": RobotAssetArchitecture.X86_32,
}


class AssetSource(Protocol):
    """Where tools come from."""

    async def fetch(
        self,
        type: RobotAssetType,  # noqa: A002 - the API's name
        version: str,
        platform: RobotAssetPlatform,
        architecture: RobotAssetArchitecture,
        target: Path,
    ) -> None:
        """Write a tool's archive to a file.

        Raises:
            EnvironmentInvalid: There is no such tool.
            EnvironmentUnavailable: It cannot be had now.
        """


class Assets:
    """Tools fetched once and kept.

    Args:
        source: Where they come from.
        folders: Where they are kept.
        offline: Use what is kept, and fetch nothing.
    """

    def __init__(self, source: AssetSource, folders: Folders, *, offline: bool) -> None:
        self._source = source
        self._folders = folders
        self._offline = offline
        self._refused: dict[str, tuple[float, str]] = {}

    @asynccontextmanager
    async def lease(self, kind: RobotAssetType, version: str, report: Report) -> AsyncIterator[Path]:
        """Use the folder of a tool.

        Raises:
            EnvironmentInvalid: KuFlow has none for this machine, or what it has is no archive.
            EnvironmentUnavailable: It cannot be had now.
        """
        architecture = _ARCHITECTURES.get(platform.machine().lower())
        if architecture is None:
            raise EnvironmentInvalid(f"KuFlow has no tools for {platform.machine()} processors")

        words = f"{kind.value} {version} {architecture.value}"
        since, why = self._refused.get(words, (float("-inf"), ""))
        if asyncio.get_running_loop().time() - since < _REFUSED_SECONDS:
            raise EnvironmentInvalid(why)

        async def build(place: Path, report: Report) -> None:
            if self._offline:
                raise EnvironmentInvalid("nothing is fetched, as `robots.offline` is set")
            report(f"fetching {kind.value} {version} from KuFlow")
            archive = place / "archive"
            await self._source.fetch(kind, version, RobotAssetPlatform.LINUX, architecture, archive)
            await in_thread(lambda: unpack_tool(archive, place / "tool"))
            await in_thread(lambda: take_back(place / "tool"))
            await in_thread(archive.unlink)

        key = hashlib.sha256(words.encode()).hexdigest()[:32]
        async with AsyncExitStack() as held:
            try:
                place = await held.enter_async_context(self._folders.lease(key, build, report))
            except EnvironmentInvalid as error:
                if len(self._refused) >= _MOST_REFUSED:
                    self._refused.clear()
                self._refused[words] = (asyncio.get_running_loop().time(), str(error))
                raise
            yield place / "tool"
