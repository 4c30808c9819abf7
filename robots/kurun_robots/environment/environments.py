"""The environments of this machine."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kurun_clients.threads import in_thread
from kurun_config.robots import RobotSettings
from kurun_robots.environment.assets import Assets, AssetSource
from kurun_robots.environment.folders import Folders, Room
from kurun_robots.environment.home import prepare_home, robot_home
from kurun_robots.environment.interpreters import Interpreters
from kurun_robots.environment.key import EnvironmentKey
from kurun_robots.environment.making import PACKAGE, VENV, Making, Wanted
from kurun_robots.environment.nodejs import NodeJses
from kurun_robots.environment.owner import RobotUser
from kurun_robots.environment.reports import Report, silent
from kurun_robots.environment.tools import Tools
from kurun_robots.environment.uv import Uv
from kurun_robots.errors import EnvironmentUnavailable
from kurun_robots.package.manifest import Manifest
from kurun_robots.package.requirements import Requirements


@dataclass(frozen=True)
class Environment:
    """An environment that stays as it is for as long as it is leased.

    Attributes:
        key: What defines it.
        python: The Python of it, which finds the requirements.
        path_entries: Folders for the front of the robot's ``PATH``.
        variables: Variables for the robot.
        nodejs: The Node.js, if the package asks for one.
        package: The package's folder as its post-install steps left it, for runs to start from a copy of;
            ``None`` without steps.
        needed: What else a run has to reach.
    """

    key: EnvironmentKey
    python: Path
    path_entries: tuple[Path, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    nodejs: Path | None = None
    package: Path | None = None
    needed: tuple[Path, ...] = ()


class Environments:
    """Makes environments once and keeps them for all runs of this machine.

    Args:
        settings: Where, how many, and what may be used.
        assets: Where tools come from that this machine does not have.

    Raises:
        EnvironmentUnavailable: The user that robots are to run as does not exist, or this process cannot become it.
    """

    def __init__(self, settings: RobotSettings, assets: AssetSource | None = None) -> None:
        self._home = home = robot_home(settings)
        room = Room(max_bytes=settings.cache_bytes, life=settings.cache_life.total_seconds())
        seconds = settings.build_timeout.total_seconds()
        self._prepared = False
        self._settings = settings
        self._user = RobotUser.of(settings)
        shared = self._user is not None
        self._uv = Uv(home / "uv", offline=settings.offline)
        self._folders = Folders(home / "environments", room=room, build_seconds=seconds, shared=shared)
        self._tool_folders = Folders(home / "tools", room=room, build_seconds=seconds, shared=shared)
        fetched = None
        if assets is not None and settings.download_assets:
            fetched = Assets(assets, self._tool_folders, offline=settings.offline)
        interpreters = Interpreters(settings.python, self._uv, self._user)
        self._tools = Tools(interpreters, NodeJses(self._user), fetched)

    @asynccontextmanager
    async def lease(self, manifest: Manifest, folder: Path, report: Report = silent) -> AsyncIterator[Environment]:
        """Use the environment of a package; it is made first if it is not there.

        However many ask for it at the same time, in this process and others, it is made once.

        Args:
            manifest: The package's manifest.
            folder: Where the package is unpacked; read while the environment is made, never written to.
            report: Gets lines that say what is done.

        Raises:
            EnvironmentInvalid: What the package asks for cannot be had.
            EnvironmentUnavailable: It cannot be had now.
        """
        async with AsyncExitStack() as held:
            await self._prepare()
            requirements = await in_thread(lambda: Requirements.of(folder))
            interpreter = await self._tools.python(manifest.tools.python, report, held)
            nodejs = await self._tools.nodejs(manifest.tools.nodejs, report, held)
            wanted = Wanted(manifest, folder, requirements, interpreter, nodejs)
            key = await in_thread(lambda: _key(wanted))

            async def build(place: Path, report: Report) -> None:
                await Making(self._uv, wanted, place, settings=self._settings, user=self._user, report=report).make()
                await self._uv.trim(self._settings.cache_bytes)

            place = await held.enter_async_context(self._folders.lease(key.digest, build, report))
            yield _environment(key, wanted, place)

    async def _prepare(self) -> None:
        if not self._prepared:
            await prepare_home(self._home, self._user)
            self._prepared = True

    async def evict(self) -> None:
        """Remove what nobody has used for long, and what is too much.

        Raises:
            EnvironmentUnavailable: The folders cannot be read.
        """
        try:
            await self._folders.evict()
            await self._tool_folders.evict()
        except OSError as error:
            raise EnvironmentUnavailable(f"{self._home}: cannot be read: {error.strerror}") from None


def _key(wanted: Wanted) -> EnvironmentKey:
    try:
        return EnvironmentKey.of(wanted.manifest, wanted.folder, wanted.interpreter, wanted.nodejs, wanted.requirements)
    except OSError as error:
        raise EnvironmentUnavailable(f"{wanted.folder}: cannot be read: {error.strerror}") from None


def _environment(key: EnvironmentKey, wanted: Wanted, place: Path) -> Environment:
    return Environment(
        key=key,
        python=place / VENV / "bin" / "python",
        path_entries=wanted.path_entries(place),
        variables={"VIRTUAL_ENV": str(place / VENV)},
        nodejs=wanted.nodejs.path if wanted.nodejs else None,
        package=place / PACKAGE if wanted.manifest.post_install else None,
        needed=(place, wanted.interpreter.path.parent.parent),
    )
