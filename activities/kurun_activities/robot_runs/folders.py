"""The folder of one run: made for it, locked while it lasts, and removed in any case.

What a killed worker left behind is removed by the next run on the machine, or by the next sweep: its lock is free then.
"""

import fcntl
import logging
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from kurun_clients.threads import in_thread
from kurun_robots.environment import locks
from kurun_robots.environment.owner import make_folder
from kurun_robots.errors import EnvironmentUnavailable
from kurun_robots.run.clearing import remove

log = structlog.get_logger(__name__)
_said = logging.getLogger(__name__)  # says nothing where logs are not set up, as when a robot is run by hand

_PASSABLE: Final = 0o711  # the robots' user gets through and does not see whose other runs there are
_PRIVATE: Final = 0o700
_PATIENCE: Final = 60.0
_NAME_BYTES: Final = 4  # programs put sockets into TMPDIR, and the kernel takes no socket's path over 107 characters


@dataclass(frozen=True)
class RunFolder:
    """The parts of a run's folder.

    Attributes:
        top: All of it.
        download: Where the package's ZIP comes.
        unpacked: The package as it came.
        own: What the robot may write to.
        token: What it may read.
    """

    top: Path

    @property
    def download(self) -> Path:
        """See the class."""
        return self.top / "package.zip"

    @property
    def unpacked(self) -> Path:
        """See the class."""
        return self.top / "unpacked"

    @property
    def own(self) -> Path:
        """See the class."""
        return self.top / "run"

    @property
    def package(self) -> Path:
        """The package that the robot works in, its own copy."""
        return self.own / "package"

    @property
    def output(self) -> Path:
        """Where the robot leaves what is to be kept."""
        return self.own / "output"

    @property
    def token(self) -> Path:
        """See the class."""
        return self.top / "token"

    def prepare(self) -> None:
        """Make what a run needs besides the package. Blocking."""
        self.output.mkdir(mode=_PRIVATE)
        self.token.mkdir(mode=_PASSABLE)
        self.token.chmod(_PASSABLE)

    def close(self) -> None:
        """Shut all of it to the robots' user. Blocking."""
        self.top.chmod(_PRIVATE)


class RunFolders:
    """The folders of all runs on this machine.

    Args:
        home: Where they lie.
        shared: Robots run as another user, which has to get in.
    """

    def __init__(self, home: Path, *, shared: bool) -> None:
        self._home = home
        self._shared = shared

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[RunFolder]:
        """A new folder, removed when the block ends.

        Raises:
            EnvironmentUnavailable: It cannot be made or removed.
        """
        await in_thread(self._prepare)
        async with self._guarded():
            left = await in_thread(self._left, undo=_let_go)
            try:
                folder, lock = await in_thread(self._new, undo=lambda made: _let_go([made]))
            except BaseException:
                _let_go(left)
                raise
        try:
            await _clear(left)
            yield RunFolder(folder)
        finally:
            try:
                await remove(folder)
            finally:
                os.close(lock)

    async def sweep(self) -> None:
        """Remove what killed workers left behind.

        Raises:
            EnvironmentUnavailable: It cannot be looked at.
        """
        await in_thread(self._prepare)
        async with self._guarded():
            left = await in_thread(self._left, undo=_let_go)
        await _clear(left)

    @asynccontextmanager
    async def _guarded(self) -> AsyncIterator[None]:
        guard = await locks.alone(self._home / ".lock", patience=_PATIENCE)
        try:
            yield
        finally:
            guard.release()

    def _prepare(self) -> None:
        try:
            make_folder(self._home, shared=self._shared)
            self._home.chmod(_PASSABLE if self._shared else _PRIVATE)
        except OSError as error:
            raise EnvironmentUnavailable(f"{self._home}: cannot be made: {error.strerror}") from None

    def _new(self) -> tuple[Path, int]:
        folder = self._home / secrets.token_hex(_NAME_BYTES)
        try:
            folder.mkdir()
            folder.chmod(_PASSABLE if self._shared else _PRIVATE)
        except OSError as error:
            raise EnvironmentUnavailable(f"{folder}: cannot be made: {error.strerror}") from None
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return folder, lock

    def _left(self) -> list[tuple[Path, int]]:
        """Folders that nobody holds any more, held."""
        found = []
        for folder in self._home.iterdir():
            try:
                lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            except OSError:
                continue  # no folder, or gone meanwhile
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(lock)
            else:
                found.append((folder, lock))
        return found


async def _clear(left: list[tuple[Path, int]]) -> None:
    """Remove folders and let them go. One that cannot be removed is said, and holds nobody up."""
    try:
        for folder, _ in left:
            try:
                await remove(folder)
            except EnvironmentUnavailable as error:
                log.warning("what a killed worker left behind cannot be removed", error=str(error))
            else:
                _said.info("what a killed worker left behind was removed: %s", folder)
    finally:
        _let_go(left)


def _let_go(held: list[tuple[Path, int]]) -> None:
    for _, lock in held:
        os.close(lock)
