"""Folders that are made once, used by many, and removed when nobody has used them for long.

Beside each lies a lock. Who uses a folder shares it; who makes or removes one holds it alone. A folder counts once its
record is there, which is written last: what a killed worker left behind is removed by the next who wants it. Each
attempt has a name of its own, so that a program of a killed worker that is still writing does no harm.
"""

import asyncio
import json
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kurun_clients.threads import in_thread
from kurun_robots.environment import locks
from kurun_robots.environment.eviction import RECORD, Eviction, bytes_of
from kurun_robots.environment.flights import Flights
from kurun_robots.environment.owner import make_folder
from kurun_robots.environment.reports import Report
from kurun_robots.errors import EnvironmentUnavailable

Build = Callable[[Path, Report], Awaitable[None]]
"""Fills an empty folder, which stays where it is."""

_ATTEMPTS: Final = 5  # others may be cancelled while they make it, or remove it when there is little room
_MARGIN: Final = 60.0  # seconds that others get to clean up after their build


@dataclass(frozen=True)
class Room:
    """What folders may take.

    Attributes:
        max_bytes: Bytes of all together before the least recently used are removed.
        life: Seconds after which one that nobody uses is removed.
    """

    max_bytes: int
    life: float


class Folders:
    """Folders by their key.

    Args:
        home: Where they lie.
        room: What they may take.
        build_seconds: Longest time for making one.
        shared: Other users of this machine may read them.
    """

    def __init__(self, home: Path, *, room: Room, build_seconds: float, shared: bool) -> None:
        self.home = home
        self._eviction = Eviction(home, max_bytes=room.max_bytes, life=room.life)
        self._build_seconds = build_seconds
        self._shared = shared
        self._flights = Flights()

    @asynccontextmanager
    async def lease(self, key: str, build: Build, report: Report) -> AsyncIterator[Path]:
        """Use a folder; it is made first if it is not there.

        However many ask at the same time, in this process and others, one makes it.

        Raises:
            RobotError: It could not be made.
        """
        await in_thread(self._prepare)
        for attempt in range(_ATTEMPTS):
            # Whoever comes while a task of this process makes it waits for that task, not for its lock.
            lock = await locks.shared_unless(
                self._lock_of(key), lambda: self._flights.has(key), patience=self._patience
            )
            try:
                place = await in_thread(lambda: self._ready(key)) if lock else None
                if lock is not None and place is not None:
                    lock.touch()
                    if attempt > 0:
                        await self.evict()  # while this one is in use
                    yield place
                    lock.touch()
                    return
            finally:
                if lock is not None:
                    lock.release()
            await self._flights.join(key, lambda tell: self._make(key, build, tell), report)
        raise EnvironmentUnavailable(f"{self.home / key}: was removed by others as soon as it was made")

    async def evict(self) -> None:
        """Remove what nobody has used for long, and what is too much."""
        await in_thread(self._eviction.run)

    async def _make(self, key: str, build: Build, report: Report) -> None:
        # Another process may have made it meanwhile, and share the lock for as long as its robot runs.
        lock = await locks.alone_unless(
            self._lock_of(key), lambda: self._ready(key) is not None, patience=self._patience
        )
        if lock is None:
            return
        try:
            if await in_thread(lambda: self._ready(key)) is None:
                try:
                    await self._build(key, build, report)
                except BaseException:
                    lock.remove()  # there is nothing that it guards
                    raise
                lock.touch()
        finally:
            lock.release()

    async def _build(self, key: str, build: Build, report: Report) -> None:
        place = await in_thread(lambda: self._new_place(key))
        try:
            async with asyncio.timeout(self._build_seconds):
                await build(place, report)
            await in_thread(lambda: self._finish(place))
        except TimeoutError:
            await _remove(self.home / key)
            raise EnvironmentUnavailable(
                f"was not ready after {self._build_seconds:g} s (robots.build_timeout)"
            ) from None
        except OSError as error:
            await _remove(self.home / key)
            raise EnvironmentUnavailable(f"{self.home}: {error.strerror or error}") from None
        except BaseException:
            await _remove(self.home / key)
            raise

    @property
    def _patience(self) -> float:
        return self._build_seconds + _MARGIN

    def _lock_of(self, key: str) -> Path:
        return self.home / f"{key}.lock"

    def _prepare(self) -> None:
        try:
            make_folder(self.home, shared=self._shared)
        except OSError as error:
            raise EnvironmentUnavailable(f"{self.home}: cannot be made: {error.strerror}") from None

    def _ready(self, key: str) -> Path | None:
        try:
            record: dict[str, Any] = json.loads((self.home / key / RECORD).read_bytes())
            place = self.home / key / record["place"]
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return place if place.is_dir() else None

    def _new_place(self, key: str) -> Path:
        try:
            shutil.rmtree(self.home / key, ignore_errors=True)
            place = self.home / key / secrets.token_hex(4)
            make_folder(place, shared=self._shared)
        except OSError as error:
            raise EnvironmentUnavailable(f"{self.home}: cannot be written: {error.strerror}") from None
        return place

    def _finish(self, place: Path) -> None:
        draft = place.parent / f".{RECORD}"
        with draft.open("w") as file:
            json.dump({"place": place.name, "bytes": bytes_of(place)}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place.parent / RECORD)


async def _remove(folder: Path) -> None:
    await in_thread(lambda: shutil.rmtree(folder, ignore_errors=True))
