"""How much a run uses."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Collection, Iterator

from kurun_robots.run.keeper.order import Order
from kurun_robots.run.keeper.processes import Process, proportional_memory
from kurun_robots.run.limits import EndedBy

ENTRY = 4096
"""Bytes that a file counts for beside its content: a million empty ones fill a disk too."""
STEP = 2000
"""Files looked at in one go."""
LAST_STEP = 200_000
"""The same when nothing runs any more."""

_HIDDEN = 1 << 62


class Gauges:
    """What a run uses, looked at again and again.

    Attributes:
        memory: Bytes at the last look.
        processes: Processes and threads at the last look.
        disk: Bytes, as far as counted.
    """

    def __init__(self, order: Order) -> None:
        self._limits = order.limits
        self._disk = DiskUse(order.folder)
        self.memory = 0
        self.processes = 0

    @property
    def disk(self) -> int:
        """Bytes on disk."""
        return self._disk.bytes

    def look(self, alive: Collection[Process]) -> EndedBy | None:
        """Look once; tells the limit that is exceeded."""
        self.processes = sum(max(1, process.threads) for process in alive)
        self.memory = sum(process.memory for process in alive)
        if self.processes > self._limits.processes:
            return EndedBy.PROCESSES
        if self.memory > self._limits.memory:
            # The sum counts shared memory again and again; the exact figure costs more.
            self.memory = proportional_memory(alive)
            if self.memory > self._limits.memory:
                return EndedBy.MEMORY
        self._disk.step(STEP, [process.pid for process in alive])
        return EndedBy.DISK if self.disk >= self._limits.disk else None

    def last_look(self) -> EndedBy | None:
        """Look when nothing is alive: the disk, in one go."""
        self.memory = self.processes = 0
        self._disk.restart()
        self._disk.step(LAST_STEP, ())
        return EndedBy.DISK if self.disk >= self._limits.disk else None

    @property
    def near(self) -> bool:
        """More than half of what can be filled quickly is used: look more often."""
        return 2 * self.memory > self._limits.memory or 2 * self.disk > self._limits.disk


class DiskUse:
    """Bytes of a folder, and of files that are open and have no name; counted in steps of bounded cost."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._whole = 0
        self.restart()

    @property
    def bytes(self) -> int:
        """The last whole count, or the present one if that is more already."""
        return max(self._whole, self._counted)

    def restart(self) -> None:
        """Begin a new count."""
        self._counted = 0
        self._seen: set[tuple[int, int]] = set()
        self._pids: Collection[int] | None = None
        self._walk = self._folders()

    def step(self, files: int, pids: Collection[int]) -> None:
        """Count some more files; ``pids`` are those whose open files count."""
        self._pids = pids
        for _ in range(files):
            if next(self._walk, None) is None:
                self._whole = self._counted
                self.restart()
                return

    def _folders(self) -> Iterator[bool]:
        waiting = [self._folder]
        while waiting:
            folder = waiting.pop()
            yield True
            try:
                entries = self._open(folder)
            except OSError as error:
                if error.errno == errno.ENAMETOOLONG:  # nothing writes there that does not want to hide
                    self._counted += _HIDDEN
                continue
            with contextlib.suppress(OSError), entries:
                for entry in entries:
                    with contextlib.suppress(OSError):
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                        self._add(entry.stat(follow_symlinks=False))
                    yield True
        for pid in tuple(self._pids or ()):
            yield from self._nameless(pid)

    def _open(self, folder: str) -> os._ScandirIterator[str]:
        try:
            return os.scandir(folder)
        except PermissionError:  # a robot of the keeper's user can shut its folders, but nobody else's
            os.chmod(folder, 0o700)  # noqa: PTH101 - no pathlib here
            return os.scandir(folder)

    def _nameless(self, pid: int) -> Iterator[bool]:
        with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
            for descriptor in descriptors:
                with contextlib.suppress(OSError):
                    found = descriptor.stat()
                    if stat.S_ISREG(found.st_mode) and found.st_nlink == 0:
                        self._add(found)
                yield True

    def _add(self, found: os.stat_result) -> None:
        key = (found.st_dev, found.st_ino)
        if key not in self._seen:
            self._seen.add(key)
            self._counted += found.st_blocks * 512 + ENTRY
