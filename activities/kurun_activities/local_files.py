"""Local files inside the worker's document folders, and nothing outside them. Everything here blocks: use threads."""

import os
import stat
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from kurun_activities.failures import validation_failure
from kurun_config import variable

BUFFER: Final = 1024 * 1024


def open_for_reading(path: str, roots: Sequence[Path]) -> BinaryIO:
    """Open a regular file inside one of the folders, wherever links on the way lead.

    Args:
        path: Absolute, or relative to one of the folders.
        roots: The document folders.

    Raises:
        ApplicationError: A validation failure: it is outside, missing or no regular file.
    """
    resolved = _inside(path, roots)
    try:
        # O_NOFOLLOW: what was resolved is no link; if it is one now, someone exchanged it. O_NONBLOCK: do not wait for
        # the other end of a pipe before it turns out to be one.
        descriptor = os.open(resolved, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise validation_failure(f"{path}: no such file") from None
    except OSError as error:
        raise validation_failure(f"{path}: cannot be opened: {error.strerror}") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or not _is(resolved, status, roots):
        os.close(descriptor)
        raise validation_failure(f"{path}: not a regular file")
    return os.fdopen(descriptor, "rb", buffering=BUFFER)


class NewFile:
    """A file that appears under its name only when it is whole.

    It grows under a name of its own in the same folder. A leftover of a killed attempt is removed by the next one.

    Args:
        path: Absolute, or relative to one of the folders; its folder has to exist. Not followed if it is a link.
        roots: The document folders.
        owner: Name of the activity, the same in all its attempts.
        attempt: Number of the attempt.

    Raises:
        ApplicationError: A validation failure: it is outside, or its folder is missing.
    """

    def __init__(self, path: str, roots: Sequence[Path], *, owner: str, attempt: int) -> None:
        name = Path(path).name
        if name in {"", ".", ".."}:
            raise validation_failure(f"{path}: names no file")
        folder = _inside(str(Path(path).parent), roots)
        self._lock = threading.Lock()  # a cancelled activity closes what an orphaned thread may still write
        self.path = folder / name
        self.size = 0
        try:
            self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            raise validation_failure(f"{path}: its folder does not exist") from None
        try:
            self._refuse_another_folder(folder, roots)
            self._refuse_a_folder(path)
            for earlier in range(1, attempt):
                self._remove(f".{owner}.{earlier}.part")
            self._part = f".{owner}.{attempt}.part"
            self._remove(self._part)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.fdopen(os.open(self._part, flags, 0o640, dir_fd=self._folder), "wb", buffering=BUFFER)
        except BaseException:
            os.close(self._folder)
            raise

    def write(self, data: bytes | bytearray) -> None:
        """Append bytes."""
        with self._lock:
            self._file.write(data)
            self.size += len(data)

    def commit(self) -> None:
        """Put the file in its place, safe against a power cut."""
        with self._lock:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self._part, self.path.name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
            os.fsync(self._folder)

    def close(self) -> None:
        """Drop what was not committed."""
        with self._lock:
            self._file.close()
            self._remove(self._part)
            os.close(self._folder)

    def _refuse_another_folder(self, folder: Path, roots: Sequence[Path]) -> None:
        if not _is(folder, os.fstat(self._folder), roots):
            raise validation_failure(f"{folder}: changed while it was opened")

    def _refuse_a_folder(self, path: str) -> None:
        try:
            found = os.stat(self.path.name, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return
        if stat.S_ISDIR(found.st_mode):
            raise validation_failure(f"{path}: is a folder")

    def _remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._folder)


def _inside(path: str, roots: Sequence[Path]) -> Path:
    """Where the path leads, if that is inside one of the folders; whether it exists is told only then."""
    found = [resolved for root in roots if (resolved := _resolved(root, path)) is not None]
    if not found:
        setting = variable("documents.roots")
        raise validation_failure(f"{path}: not inside the worker's document folders ({setting})")
    return next((resolved for resolved in found if resolved.exists()), found[0])


def _resolved(root: Path, path: str) -> Path | None:
    try:
        resolved = (root / path).resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name that is too long, a NUL
        return None
    if resolved.is_symlink():  # a loop of links, which Python 3.13 leaves as it is
        return None
    return resolved if resolved.is_relative_to(root.resolve()) else None


def _is(resolved: Path, status: os.stat_result, roots: Sequence[Path]) -> bool:
    # A folder on the way could have been exchanged between resolving and opening.
    try:
        again = resolved.resolve(strict=True)
        return os.path.samestat(again.stat(), status) and any(again.is_relative_to(root.resolve()) for root in roots)
    except OSError:
        return False
