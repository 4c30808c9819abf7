"""Python interpreters: those of this machine, asked who they are."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kurun_clients.threads import in_thread
from kurun_robots.environment.owner import RobotUser
from kurun_robots.environment.processes import run_program
from kurun_robots.environment.uv import Uv
from kurun_robots.environment.versions import is_exactly
from kurun_robots.errors import EnvironmentUnavailable

_ASK_SECONDS: Final = 20.0
_UNWELL_SECONDS: Final = 60.0  # until one that crashed or gave no answer is asked again
_WHEELS_OF_DEBIAN: Final = Path("/usr/share/python-wheels")
_MOST_ASKED: Final = 1000
_QUESTION: Final = """
import json, sys, sysconfig
print(json.dumps([
    "%d.%d.%d" % sys.version_info[:3] + {"final": "", "alpha": "a%d", "beta": "b%d", "candidate": "rc%d"}[
        sys.version_info[3]].replace("%d", str(sys.version_info[4])),
    sys.implementation.name, sysconfig.get_platform(), sysconfig.get_config_var("SOABI") or "",
    getattr(sys, "_base_executable", sys.executable) if sys.prefix != sys.base_prefix else sys.executable]))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python interpreter.

    Attributes:
        path: Its program; not that of a virtual environment.
        version: For example ``3.11.7``.
        implementation: For example ``cpython``.
        platform: For example ``linux-x86_64``.
        abi: What extension modules have to be made for.
    """

    path: Path
    version: str
    implementation: str
    platform: str
    abi: str

    @property
    def words(self) -> list[str]:
        """What of it defines an environment."""
        return [str(self.path), self.version, self.implementation, self.platform, self.abi]

    @property
    def bundled_wheels(self) -> tuple[Path, ...]:
        """Where pip may lie that came with it."""
        name = "python" + ".".join(self.version.split(".")[:2])
        return (self.path.parent.parent / "lib" / name / "ensurepip" / "_bundled", _WHEELS_OF_DEBIAN)


class Interpreters:
    """Interpreters of this machine that the robots' user can start.

    Args:
        listed: Those that are asked first.
        uv: Looks for more.
        user: Whom robots run as, if not as the worker's user.
    """

    def __init__(self, listed: Sequence[Path], uv: Uv, user: RobotUser | None) -> None:
        self._listed = listed
        self._uv = uv
        self._user = user
        self._asking = asyncio.Lock()
        self._asked: dict[tuple[str, int, int], Interpreter | None] = {}
        self._unwell: dict[Path, float] = {}

    async def exactly(self, wanted: str | None) -> Interpreter | None:
        """The first of the wanted version; without one, the first at all."""
        async for interpreter in self.all():
            if wanted is None or is_exactly(wanted, interpreter.version):
                return interpreter
        return None

    def require_well(self) -> None:
        """Insist that none is left out for having crashed or given no answer.

        Raises:
            EnvironmentUnavailable: Some are.
        """
        now = asyncio.get_running_loop().time()
        if unwell := [str(path) for path, until in self._unwell.items() if now < until]:
            raise EnvironmentUnavailable(f"these interpreters crash, or give no answer: {', '.join(unwell[:5])}")

    async def all(self) -> AsyncIterator[Interpreter]:
        """Each once: the listed ones, the worker's own, and what uv finds."""
        own = Path(getattr(sys, "_base_executable", None) or sys.executable)
        known: set[Path] = set()
        for path in (*self._listed, own):
            if (found := await self.ask(path)) is not None and found.path not in known:
                known.add(found.path)
                yield found
        for path in await self._uv.pythons(_searched()):
            if (found := await self.ask(path)) is not None and found.path not in known:
                known.add(found.path)
                yield found

    async def ask(self, path: Path) -> Interpreter | None:
        """What an interpreter says of itself; ``None`` if there is none that the robots' user can start."""
        try:
            found = await in_thread(path.stat)
        except OSError:
            return None
        key = (str(path), found.st_mtime_ns, found.st_ino)
        async with self._asking:  # ten at once need one answer
            now = asyncio.get_running_loop().time()
            if key not in self._asked and now >= self._unwell.get(path, now):
                for known in (self._asked, self._unwell):
                    if len(known) >= _MOST_ASKED:
                        known.clear()
                try:
                    self._asked[key] = await self._ask(path)
                except (EnvironmentUnavailable, TimeoutError):
                    self._unwell[path] = asyncio.get_running_loop().time() + _UNWELL_SECONDS
            return self._asked.get(key)

    async def _ask(self, path: Path) -> Interpreter | None:
        async with asyncio.timeout(_ASK_SECONDS):
            told = await run_program(
                *(str(path), "-I", "-S", "-c", _QUESTION),
                folder=Path("/"),
                variables={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                user=self._user,
                errors=False,
            )
        if told.code < 0:
            raise EnvironmentUnavailable(f"{path} crashed")
        if told.code != 0:
            return None
        with contextlib.suppress(ValueError, TypeError):
            *words, program = json.loads(told.output)
            return Interpreter(Path(program), *words)
        return None


def _searched() -> str:
    """Where interpreters may be. The stand-ins of pyenv fail for versions that are not switched on."""
    folders = [folder for folder in os.environ.get("PATH", "").split(":") if folder and not folder.endswith("/shims")]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path("~/.pyenv").expanduser())
    more: list[str] = []
    with contextlib.suppress(OSError):  # it may be the folder of somebody else
        more = sorted((str(path) for path in pyenv.glob("versions/*/bin")), reverse=True)
    return ":".join(dict.fromkeys((*folders, *more, "/usr/local/bin", "/usr/bin", "/bin")))
