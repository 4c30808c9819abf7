"""Locks between all processes of this machine: many may use a thing, or one may change it."""

import asyncio
import contextlib
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kurun_clients.threads import in_thread
from kurun_robots.errors import EnvironmentUnavailable

_FIRST_PAUSE: Final = 0.005
_LONGEST_PAUSE: Final = 0.2


class Held:
    """A lock that is held until it is released, or this process ends."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def release(self) -> None:
        """Let others have it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def touch(self) -> None:
        """Note that what it guards was used just now."""
        os.utime(self._descriptor)

    def remove(self) -> None:
        """Remove the file of a lock that is held alone; those who wait for it make a new one."""
        self._path.unlink(missing_ok=True)


async def shared(path: Path, *, patience: float) -> Held:
    """Hold a lock together with others who share it.

    Raises:
        EnvironmentUnavailable: Somebody has held it alone for longer than ``patience`` seconds.
    """
    return await _held(path, fcntl.LOCK_SH, patience)


async def alone(path: Path, *, patience: float) -> Held:
    """Hold a lock that nobody else holds.

    Raises:
        EnvironmentUnavailable: Others have held it for longer than ``patience`` seconds.
    """
    return await _held(path, fcntl.LOCK_EX, patience)


async def alone_unless(path: Path, met: Callable[[], bool], *, patience: float) -> Held | None:
    """Hold a lock that nobody else holds, or ``None`` once that is not wanted any more.

    Those who wait until nobody holds it wait for the longest of those who share it, and more may come meanwhile.

    Args:
        path: The lock.
        met: Whether it is not wanted any more. Blocking.
        patience: Seconds.

    Raises:
        EnvironmentUnavailable: Others have held it for longer than ``patience`` seconds.
    """
    return await _held_unless(path, fcntl.LOCK_EX, met, patience)


async def shared_unless(path: Path, met: Callable[[], bool], *, patience: float) -> Held | None:
    """As :func:`alone_unless`, together with others who share it."""
    return await _held_unless(path, fcntl.LOCK_SH, met, patience)


@contextmanager
def alone_now(path: Path) -> Iterator[Held | None]:
    """Hold a lock alone if that is possible at once; blocking, for threads."""
    held = _try(path, fcntl.LOCK_EX)
    try:
        yield held
    finally:
        if held is not None:
            held.release()


async def _held(path: Path, kind: int, patience: float) -> Held:
    deadline, pause = asyncio.get_running_loop().time() + patience, _FIRST_PAUSE
    while (held := await in_thread(lambda: _try(path, kind), undo=_give_back)) is None:
        pause = await _again(path, deadline, pause)
    return held


async def _held_unless(path: Path, kind: int, met: Callable[[], bool], patience: float) -> Held | None:
    deadline, pause = asyncio.get_running_loop().time() + patience, _FIRST_PAUSE
    while not await in_thread(met):
        held = await in_thread(lambda: _try(path, kind), undo=_give_back)
        if held is not None:
            return held
        pause = await _again(path, deadline, pause)
    return None


async def _again(path: Path, deadline: float, pause: float) -> float:
    """Wait until it is time for another try; gives the pause after that."""
    if asyncio.get_running_loop().time() > deadline:
        raise EnvironmentUnavailable(f"{path}: another process has held this lock for too long")
    await asyncio.sleep(pause)
    return min(2 * pause, _LONGEST_PAUSE)


def _give_back(held: Held | None) -> None:
    if held is not None:
        held.release()


def _try(path: Path, kind: int) -> Held | None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise EnvironmentUnavailable(f"{path}: cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        if _is_still(path, descriptor):
            held = Held(path, descriptor)
            descriptor = -1
            return held
    except OSError as error:
        if error.errno not in {errno.EAGAIN, errno.EACCES}:
            raise EnvironmentUnavailable(f"{path}: cannot be locked: {error.strerror}") from None
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    return None


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the locked file was not removed by the one who held it before."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    return False
