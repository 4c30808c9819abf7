"""Removing folders that are used no more, and those that are too many."""

import contextlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kurun_robots.environment import locks
from kurun_robots.errors import EnvironmentUnavailable
from kurun_robots.run.clearing import remove_if_possible

RECORD: Final = "ready.json"
_BLOCK: Final = 512  # what the kernel counts blocks in


@dataclass(frozen=True)
class _Kept:
    key: str
    used_at: float
    bytes: int
    whole: bool


class Eviction:
    """Keeps folders within their room.

    Args:
        home: Where they lie.
        max_bytes: Bytes of all together.
        life: Seconds that one lives unused.
    """

    def __init__(self, home: Path, *, max_bytes: int, life: float) -> None:
        self._home = home
        self._max_bytes = max_bytes
        self._life = life

    def run(self) -> None:
        """Remove what can be removed now: nothing that is in use, and first what was used longest ago."""
        oldest_allowed = time.time() - self._life
        kept = sorted(self._all(), key=lambda each: each.used_at)
        total = sum(each.bytes for each in kept)
        for each in kept:
            too_much = each.whole and total > self._max_bytes
            if (too_much or not each.whole or each.used_at < oldest_allowed) and self._remove(each):
                total -= each.bytes

    def _all(self) -> list[_Kept]:
        with contextlib.suppress(FileNotFoundError):
            names = [
                entry.name.removesuffix(".lock") for entry in os.scandir(self._home) if entry.name.endswith(".lock")
            ]
            return [found for name in names if (found := self._look(name)) is not None]
        return []

    def _look(self, key: str) -> _Kept | None:
        try:
            used_at = (self._home / f"{key}.lock").stat().st_mtime
        except FileNotFoundError:
            return None
        try:
            size = int(json.loads((self._home / key / RECORD).read_bytes())["bytes"])
        except (OSError, ValueError, TypeError, KeyError):
            return _Kept(key, used_at, 0, whole=False)
        return _Kept(key, used_at, size, whole=True)

    def _remove(self, each: _Kept) -> bool:
        try:
            return self._remove_unused(each)
        except (OSError, EnvironmentUnavailable):
            return False  # another time

    def _remove_unused(self, each: _Kept) -> bool:
        with locks.alone_now(self._home / f"{each.key}.lock") as lock:
            if lock is None or self._look(each.key) != each:
                return False  # in use, or used since
            record = self._home / each.key / RECORD
            record.unlink(missing_ok=True)  # first: half a folder must not count as one
            remove_if_possible(self._home / each.key)
            if (self._home / each.key).exists():
                return False  # it is found by its lock, another time
            lock.remove()
            return True


def bytes_of(folder: Path) -> int:
    """What a tree takes on the disk; each file once, whatever it is called."""
    seen: set[tuple[int, int]] = set()
    total = 0
    waiting = [str(folder)]  # not by recursion: a robot may have made it deeper than Python can follow
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    found = entry.stat(follow_symlinks=False)
                    if (found.st_dev, found.st_ino) not in seen:
                        seen.add((found.st_dev, found.st_ino))
                        total += found.st_blocks * _BLOCK
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return total
