"""A robot's output in a task's log: whole lines in batches, and never so many that they push each other out.

KuFlow keeps a limited number of entries a task and drops the oldest. So a run writes at most :data:`MAX_ENTRIES`, the
slower the more there are already; what does not fit is left out of the middle, and the end is always there.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import structlog

from kurun_activities.robot_runs.log_levels import Levels
from kurun_activities.robot_runs.log_lines import CUT, LONGEST, MAX_TEXT, SURE, Entry, Line, WaitingLines
from kurun_clients.http import ApiError
from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import ProcessItemTaskAppendLogParams
from kurun_clients.kuflow.models import ProcessItemTaskLogLevel as Level
from kurun_robots.run.masking import Masker

log = structlog.get_logger(__name__)

Append = Callable[[str, Level], Awaitable[None]]
"""Writes one entry."""

MAX_ENTRIES: Final = 40
"""Entries of a run, its beginning and end included."""
LEAST_ENTRIES: Final = 8
"""Entries that a run needs for its beginning and its end."""
LAST_LINES: Final = 20
LAST_WRITES: Final = 30.0
"""Seconds for what is left when the run has ended."""
_SPOKEN: Final = 4  # kept for what is said about the run, not by it
_TAIL: Final = 4  # kept for the end of the output
_BATCH: Final = 4  # at once, so that changing levels do not use up everything in the beginning
_FIRST_PAUSE: Final = 1.0
_GROWTH: Final = 1.2  # with all entries used the pauses add up to an hour


class RunLog:
    """The log of one run.

    Args:
        append: Writes an entry; ``None`` where there is no task.
        most: Entries to write at most, not less than :data:`LEAST_ENTRIES`.

    Attributes:
        lines: How many were taken.
    """

    def __init__(self, append: Append | None, *, most: int = MAX_ENTRIES) -> None:
        self._append = append
        self._most = most
        self._masker = Masker(())
        self._secrets: list[str] = []
        self._waiting = WaitingLines()
        self._writing = asyncio.Lock()
        self._opening: tuple[str, Level] | None = None
        self._heard = False
        self._levels = Levels()
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._streamed = 0
        self._spoken = 0
        self.lines = 0

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The end of the output."""
        return tuple(self._last)

    def learn(self, *secrets: str) -> None:
        """Hide these too from now on."""
        self._secrets.extend(secrets)
        self._masker = Masker(self._secrets)

    def open_with(self, text: str, level: Level) -> None:
        """Say this before anything else is written. If the run is forgotten, it is not said at all."""
        self._opening = text, level

    async def open(self) -> None:
        """Say what the log opens with now; where it cannot be written, that is said in the worker's own log."""
        async with self._writing:
            await self._say_opening()

    def aside(self, text: str) -> None:
        """Take a line about what the robot needs. Where there is an opening, it waits for a line of the robot."""
        self._take(text)

    def line(self, text: str) -> None:
        """Take a line of the output; it is written with the next batch."""
        self._heard = True
        self._take(text)

    def _take(self, text: str) -> None:
        text = self._masker.mask(text, len(text))
        self.lines += 1
        self._last.append(text)
        level = self._levels.of(text)
        if self._append is not None:
            self._waiting.add(Line(level, text if len(text) <= LONGEST else text[:LONGEST] + CUT), self._capacity)

    async def say(self, text: str, level: Level = Level.INFO) -> None:
        """Write something about the run itself; what was taken before is written first.

        Raises:
            ApiError: KuFlow refused or could not be reached.
        """
        await self.flush()
        async with self._writing:
            await self._say_opening()
            await self._speak(text, level)

    @asynccontextmanager
    async def writing(self, forgets: Callable[[Exception], bool] = lambda _error: False) -> AsyncIterator[None]:
        """Write batches in the background while the block runs, and the rest at its end.

        Args:
            forgets: Whether the rest is not to be written if the block ends with this error.
        """
        over = asyncio.Event()
        task = asyncio.create_task(self._write_batches(over))
        try:
            yield
        except Exception as error:
            if forgets(error):
                self._waiting.clear()
            raise
        finally:
            over.set()
            try:
                async with asyncio.timeout(LAST_WRITES):
                    await asyncio.wait([task])  # a batch that is being written is not torn
                    await self.flush(last=True)
            except TimeoutError:
                log.warning("a task's log took too long", seconds=LAST_WRITES)
            finally:
                task.cancel()
                await asyncio.wait([task])

    async def flush(self, *, last: bool = False) -> None:
        """Write what is waiting, as far as there is room; at the ``last`` time there is room for the end."""
        async with self._writing:
            allowed = self._room + _TAIL if last else min(self._room, _BATCH)
            there = self._waiting.left_out > 0 if last else self._waiting and (self._heard or not self._opening)
            if self._append is None or allowed <= 0 or not there:
                return
            await self._say_opening()
            self._waiting.trim(self._capacity)
            entries = self._waiting.take(allowed, all_of_them=last)
            try:
                while entries:
                    self._streamed += 1
                    await self._write(self._append, entries[0])
                    del entries[0]
            finally:
                self._waiting.put_back(entries)

    @property
    def _room(self) -> int:
        """Entries for output before its end."""
        return max(0, self._most - _SPOKEN - _TAIL - self._streamed)

    @property
    def _capacity(self) -> int:
        """Characters that can still be written in any case."""
        return (self._room + _TAIL) * SURE

    async def _write(self, append: Append, entry: Entry) -> None:
        try:
            await append(entry.text, entry.level)
        except ApiError as error:
            # The robot's work counts for more than its log.
            self._waiting.lose(entry)
            log.warning("lines of a robot cannot be written to the task's log", error=str(error))

    async def _say_opening(self) -> None:
        if self._opening is not None:
            opening, self._opening = self._opening, None
            try:
                await self._speak(*opening)
            except ApiError as error:
                log.warning("the task's log cannot be written", error=str(error))

    async def _speak(self, text: str, level: Level) -> None:
        if self._append is not None and self._spoken < _SPOKEN:
            self._spoken += 1
            await self._append(self._masker.mask(text, MAX_TEXT), level)

    async def _write_batches(self, over: asyncio.Event) -> None:
        while not over.is_set():
            await self.flush()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_PAUSE * _GROWTH**self._streamed):
                    await over.wait()


def appending(kuflow: KuFlowClient, task_id: UUID) -> Append:
    """Writes to the log of a task."""

    async def append(text: str, level: Level) -> None:
        await kuflow.process_items.append_log(task_id, ProcessItemTaskAppendLogParams(message=text, level=level))

    return append
