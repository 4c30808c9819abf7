"""The folder in which the twin keeps everything, and the promise that only one twin uses it."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kurun_config import ConfigurationError

_PATIENCE = 2.0  # a twin that was killed takes its Temporal server with it, but not in the same instant
_PAUSE = 0.05


@asynccontextmanager
async def locked_data_directory(folder: Path) -> AsyncIterator[int]:
    """Make the folder, private to its owner, and hold it for as long as the block runs.

    Yields:
        The descriptor that holds the lock. A child process that inherits it holds the folder too, until it ends.

    Raises:
        ConfigurationError: The folder cannot be used, or another twin is using it.
    """
    descriptor = _prepare(folder)
    try:
        await _lock(descriptor, folder)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _prepare(folder: Path) -> int:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")  # the folder holds credentials
        return os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be used as data directory: {error.strerror}") from None


async def _lock(descriptor: int, folder: Path) -> None:
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if asyncio.get_running_loop().time() > deadline:
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
                raise ConfigurationError(
                    f"{folder}: in use by another kurun dev (process {holder}); end it or give another --data"
                ) from None
            await asyncio.sleep(_PAUSE)
        else:
            return


def write_private(path: Path, content: bytes) -> None:
    """Put a file there at once or not at all, readable by its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
