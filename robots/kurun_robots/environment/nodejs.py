"""Node.js of this machine, asked for its version."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kurun_clients.threads import in_thread
from kurun_robots.environment.owner import RobotUser
from kurun_robots.environment.processes import run_program
from kurun_robots.errors import EnvironmentUnavailable

_ASK_SECONDS: Final = 20.0


@dataclass(frozen=True)
class NodeJs:
    """A Node.js.

    Attributes:
        path: Its program; ``npm`` lies beside it.
        version: For example ``20.11.0``.
    """

    path: Path
    version: str

    @property
    def words(self) -> list[str]:
        """What of it defines an environment."""
        return [str(self.path), self.version]


class NodeJses:
    """What this machine has of Node.js that the robots' user can start.

    Args:
        user: Whom robots run as, if not as the worker's user.
    """

    def __init__(self, user: RobotUser | None) -> None:
        self._user = user
        self._asking = asyncio.Lock()
        self._asked: dict[tuple[str, int], NodeJs | None] = {}

    async def all(self) -> list[NodeJs]:
        """Each that the worker's PATH leads to."""
        folders = [*os.environ.get("PATH", "").split(":"), "/usr/local/bin", "/usr/bin"]
        paths = dict.fromkeys(Path(folder, name) for folder in folders if folder for name in ("node", "nodejs"))
        return [found for path in paths if (found := await self.ask(path)) is not None]

    async def ask(self, path: Path) -> NodeJs | None:
        """What a Node.js says of itself; ``None`` if there is none that the robots' user can start."""
        try:
            key = (str(path), (await in_thread(path.stat)).st_mtime_ns)
        except OSError:
            return None
        async with self._asking:  # ten at once need one answer
            if key not in self._asked:
                self._asked[key] = await self._ask(path)
            return self._asked[key]

    async def _ask(self, path: Path) -> NodeJs | None:
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                told = await run_program(
                    *(str(path), "--version"), folder=Path("/"), variables={}, user=self._user, errors=False
                )
        except (EnvironmentUnavailable, TimeoutError):
            return None
        version = told.output.strip()
        return NodeJs(path, version.removeprefix("v")) if told.code == 0 and version.startswith("v") else None
