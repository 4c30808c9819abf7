"""Whom the files of an environment belong to while it is made, and afterwards."""

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kurun_config.robots import RobotSettings
from kurun_robots.errors import EnvironmentInvalid, LimitExceeded
from kurun_robots.run.preparing import user_of
from kurun_robots.run.trees import walk

_LOOK: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class RobotUser:
    """A user of this machine that robots run as, and that is not the worker's own.

    Attributes:
        uid: The user's number.
        gid: The number of the user's group.
    """

    uid: int
    gid: int

    @classmethod
    def of(cls, settings: RobotSettings) -> "RobotUser | None":
        """The user of the settings; ``None`` if robots run as the worker's user.

        Raises:
            EnvironmentUnavailable: There is no such user, or this process cannot become it.
        """
        found = user_of(settings.user)
        return None if found is None else cls(*found)


def take_back(folder: Path) -> None:
    """Make a tree the worker's own again: others read it, and nobody else writes to it.

    Foreign code has written to it and may still do so in the meantime, so no link is followed.

    Raises:
        EnvironmentInvalid: It is too deep.
    """
    uid, gid = os.geteuid(), os.getegid()
    _take(str(folder), None, uid, gid)  # the top first: from here on nothing can be put there
    with _deep_is_invalid():
        for level in walk(folder):
            for name in (*level.folders, *level.files):
                _take(name, level.descriptor, uid, gid)


def refuse_deep(folder: Path) -> None:
    """Look through a tree that nobody writes to any more.

    Raises:
        EnvironmentInvalid: It is too deep to be copied and removed again and again.
    """
    with _deep_is_invalid():
        for _ in walk(folder):
            pass


@contextlib.contextmanager
def _deep_is_invalid() -> Iterator[None]:
    try:
        yield
    except LimitExceeded as error:
        raise EnvironmentInvalid(f"the environment cannot be used: {error}") from None


def _take(name: str, folder: int | None, uid: int, gid: int) -> None:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            os.chown(name, uid, gid, dir_fd=folder, follow_symlinks=False)
            return
        if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
            os.unlink(name, dir_fd=folder)  # a pipe, a socket: of no use in an environment
            return
        descriptor = os.open(name, _LOOK, dir_fd=folder)
    except FileNotFoundError:
        return
    try:
        os.fchown(descriptor, uid, gid)
        os.fchmod(descriptor, _shared(os.fstat(descriptor).st_mode))
    finally:
        os.close(descriptor)


def _shared(mode: int) -> int:
    runs = stat.S_ISDIR(mode) or mode & stat.S_IXUSR
    return 0o755 if runs else 0o644


def make_folder(folder: Path, *, shared: bool) -> None:
    """Make a folder and those above it that are missing: closed to other users, or open for reading."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
            path.chmod(0o755 if shared else 0o700)
