"""uv, which makes virtual environments and installs requirements."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from kurun_clients.threads import in_thread
from kurun_robots.environment.eviction import bytes_of
from kurun_robots.environment.owner import make_folder
from kurun_robots.environment.processes import Finished, run_program
from kurun_robots.environment.reports import Report, silent
from kurun_robots.environment.uv_failures import failure_of
from kurun_robots.environment.variables import logins, of_uv
from kurun_robots.errors import EnvironmentUnavailable
from kurun_robots.run.masking import Masker

_FREE: Final = Path("/")  # of anything that uv would take for its project
_LISTING_SECONDS: Final = 60.0
_LISTING_LIFE: Final = 60.0
_TRIM_SECONDS: Final = 60.0


def uv_program() -> str:
    """The path of uv.

    Raises:
        EnvironmentUnavailable: It is not installed.
    """
    try:
        import uv  # noqa: PLC0415 - only workers with robots have it

        return uv.find_uv_bin()
    except (ImportError, FileNotFoundError):
        raise EnvironmentUnavailable("uv is missing: install kurun[robots]") from None


class Uv:
    """The uv program with a cache.

    Args:
        cache: The cache's folder, which nobody else may write to.
        offline: Use nothing but the cache.

    Attributes:
        cache: As given.
        offline: As given.
    """

    def __init__(self, cache: Path, *, offline: bool) -> None:
        self.cache = cache
        self.offline = offline
        self._listing = asyncio.Lock()
        self._listed: tuple[list[Path], float] = ([], float("-inf"))

    async def pythons(self, searched: str) -> list[Path]:
        """Interpreters of this machine, the best first, whatever their version.

        Args:
            searched: Folders to look in, as in PATH.
        """
        async with self._listing:  # ten at once need one answer
            now = asyncio.get_running_loop().time()
            paths, until = self._listed
            if now < until:
                return paths
            paths = await self._list(searched)
            self._listed = (paths, now + _LISTING_LIFE)
            return paths

    async def _list(self, searched: str) -> list[Path]:
        listing = ("python", "list", "--only-installed", "--all-versions", "--output-format", "json")
        try:
            async with asyncio.timeout(_LISTING_SECONDS):
                found = await self._run(*listing, variables={"PATH": searched}, errors=False)
        except TimeoutError:
            raise EnvironmentUnavailable("uv took too long to look for Python interpreters") from None
        return _paths(found.output) if found.code == 0 else []

    async def make(self, target: Path, python: Path, report: Report) -> None:
        """Make a virtual environment without any packages.

        Raises:
            EnvironmentUnavailable: It cannot be made.
        """
        made = await self._run("venv", "--quiet", "--no-project", "--python", str(python), str(target), report=report)
        if made.code != 0:
            failure = failure_of(made, "the virtual environment could not be made")
            raise EnvironmentUnavailable(str(failure))

    async def install(self, venv: Path, *what: str, report: Report = silent) -> Finished:
        """Install from wheels alone, so that no foreign code runs.

        Args:
            venv: Where to.
            what: Requirements, or ``-r`` and a file of them.
            report: Gets uv's lines.
        """
        return await self._run(*install_arguments(venv), "--no-build", *what, report=report)

    async def trim(self, max_bytes: int) -> None:
        """Empty the cache if it takes more, except offline, where it could not be filled again."""
        if self.offline or await in_thread(lambda: bytes_of(self.cache)) <= max_bytes:
            return
        with contextlib.suppress(TimeoutError):  # it waits for those who are using the cache
            async with asyncio.timeout(_TRIM_SECONDS):
                await self._run("cache", "clean")

    async def _run(
        self,
        *arguments: str,
        variables: Mapping[str, str] | None = None,
        report: Report = silent,
        errors: bool = True,
    ) -> Finished:
        program = await in_thread(self._ready)
        masker = Masker(logins())

        def masked(line: str) -> None:
            report(masker.mask(line, len(line)))

        finished = await run_program(
            program,
            *arguments,
            *common_arguments(self.cache, offline=self.offline),
            folder=_FREE,
            variables={**of_uv(), **(variables or {})},
            report=masked,
            errors=errors,
        )
        return Finished(finished.code, masker.mask(finished.output, len(finished.output)))

    def _ready(self) -> str:
        try:
            make_folder(self.cache, shared=False)
        except OSError as error:
            raise EnvironmentUnavailable(f"{self.cache}: cannot be made: {error.strerror}") from None
        return uv_program()


def install_arguments(venv: Path) -> tuple[str, ...]:
    """How uv is asked to install into a virtual environment.

    Files are copied: what an environment does to its own must not reach the cache.
    """
    return ("pip", "install", "--python", str(venv), "--link-mode", "copy")


def common_arguments(cache: Path, *, offline: bool) -> tuple[str, ...]:
    """What uv is told whatever it does."""
    told = ("--cache-dir", str(cache), "--no-python-downloads", "--no-progress", "--color", "never")
    return (*told, "--offline") if offline else told


def _paths(listing: str) -> list[Path]:
    try:
        found: list[Any] = json.loads(listing)
        paths = [Path(entry["path"]) for entry in found if entry.get("path")]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
    return list(dict.fromkeys(path.absolute() for path in paths))
