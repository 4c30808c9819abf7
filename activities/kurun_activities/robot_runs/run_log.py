"""A robot's output in a task's log: whole lines in batches, and never so many that they push each other out.

KuFlow keeps a limited number of entries a task and drops the oldest. So a run writes at most :data:`MAX_ENTRIES`, the
slower the more there are already; what does not fit is left out of the middle, and the end is always there.
"""

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import structlog

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
MAX_TEXT: Final = 4000
"""Characters of an entry."""
LAST_LINES: Final = 20
LAST_WRITES: Final = 30.0
"""Seconds for what is left when the run has ended."""
_SPOKEN: Final = 4  # kept for what is said about the run, not by it
_TAIL: Final = 4  # kept for the end of the output
_BATCH: Final = 4  # at once, so that changing levels do not use up everything in the beginning
_LINE: Final = 1000
_FIRST_PAUSE: Final = 1.0
_GROWTH: Final = 1.2  # with all entries used the pauses add up to an hour
_LEVEL = re.compile(
    r"[\s\d\-:.,/TZ+|(\[]*(?:(CRITICAL|FATAL|ERROR|Traceback \(most)|(WARN|WARNING)|(INFO|DEBUG|TRACE))\b"
)
_ORDER: Final = (Level.INFO, Level.WARN, Level.ERROR)

_Line = tuple[Level, str]


class RunLog:
    """The log of one run.

    Args:
        append: Writes an entry; ``None`` where there is no task.
    """

    def __init__(self, append: Append | None) -> None:
        self._append = append
        self._masker = Masker(())
        self._secrets: list[str] = []
        self._pending: deque[_Line] = deque()
        self._size = 0
        self._left_out = 0
        self._level = Level.INFO
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._streamed = 0
        self._spoken = 0
        self.lines = 0

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The end of the output."""
        return tuple(self._last)

    def learn(self, secret: str) -> None:
        """Hide a secret that came up during the run."""
        self._secrets.append(secret)
        self._masker = Masker(self._secrets)

    def line(self, text: str) -> None:
        """Take a line of the output; it is written with the next batch."""
        text = self._masker.mask(text, len(text))
        self.lines += 1
        self._last.append(text)
        self._level = level_of(text, self._level)
        if self._append is not None:
            self._hold((self._level, text if len(text) <= _LINE else text[:_LINE] + " …"))

    async def say(self, text: str, level: Level = Level.INFO) -> None:
        """Write something about the run itself; what was taken before is written first.

        Raises:
            ApiError: KuFlow refused or could not be reached.
        """
        await self.flush()
        if self._append is not None and self._spoken < _SPOKEN:
            self._spoken += 1
            await self._append(self._masker.mask(text, MAX_TEXT), level)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Write batches in the background while the block runs, and the rest at its end."""
        task = asyncio.create_task(self._write_batches())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_WRITES):
                    await self.flush(last=True)

    async def flush(self, *, last: bool = False) -> None:
        """Write what is pending, as far as there is room; at the ``last`` time there is room for the end."""
        room = MAX_ENTRIES - _SPOKEN - _TAIL - self._streamed
        allowed = max(0, room) + _TAIL if last else min(room, _BATCH)
        if self._append is None or allowed <= 0 or not self._pending:
            return
        lines = list(self._pending)
        entries, count = batched(lines, allowed)
        if last and count < len(lines):
            entries, count = batched(lines, allowed, by_level=False)
        note = _note(self._left_out)
        self._left_out = 0
        for _ in range(count):
            self._size -= len(self._pending.popleft()[1])
        self._left_out += len(self._pending) if last else 0
        for level, text in entries:
            self._streamed += 1
            await self._write(note + text, level)
            note = ""

    async def _write(self, text: str, level: Level) -> None:
        assert self._append is not None  # noqa: S101 - the only caller has seen to it
        try:
            await self._append(text, level)
        except ApiError as error:
            # The robot's work counts for more than its log.
            self._left_out += text.count("\n") + 1
            log.warning("lines of a robot cannot be written to the task's log", error=str(error))

    async def _write_batches(self) -> None:
        while True:
            await asyncio.sleep(_FIRST_PAUSE * _GROWTH**self._streamed)
            await self.flush()

    def _hold(self, line: _Line) -> None:
        self._pending.append(line)
        self._size += len(line[1])
        while self._size > _TAIL * MAX_TEXT // 2:
            self._size -= len(self._pending.popleft()[1])
            self._left_out += 1


def _note(count: int) -> str:
    return f"… {count} {'line' if count == 1 else 'lines'} left out …\n" if count else ""


def appending(kuflow: KuFlowClient, task_id: UUID) -> Append:
    """Writes to the log of a task."""

    async def append(text: str, level: Level) -> None:
        await kuflow.process_items.append_log(task_id, ProcessItemTaskAppendLogParams(message=text, level=level))

    return append


def level_of(text: str, before: Level = Level.INFO) -> Level:
    """How serious a line is, by the word that it begins with; an indented one belongs to the line before."""
    found = _LEVEL.match(text)
    if found is None:
        return before if text[:1] in {" ", "\t"} else Level.INFO
    error, warning, _ = found.groups()
    return Level.ERROR if error else Level.WARN if warning else Level.INFO


def batched(lines: Sequence[_Line], most: int, *, by_level: bool = True) -> tuple[list[_Line], int]:
    """Join lines to entries.

    Args:
        lines: Levels and texts.
        most: Entries to make at most.
        by_level: Lines of different levels get entries of their own; else an entry is as serious as its worst line.

    Returns:
        The entries, and how many lines they hold.
    """
    entries: list[list[_Line]] = []
    room = 0
    for count, (level, text) in enumerate(lines):
        fits = entries and len(text) < room and (not by_level or entries[-1][-1][0] is level)
        if not fits:
            if len(entries) == most:
                return _joined(entries), count
            entries.append([])
            room = MAX_TEXT - 100  # for the note on what was left out
        entries[-1].append((level, text))
        room -= len(text) + 1
    return _joined(entries), len(lines)


def _joined(entries: Iterable[list[_Line]]) -> list[_Line]:
    return [
        (max((level for level, _ in entry), key=_ORDER.index), "\n".join(text for _, text in entry))
        for entry in entries
    ]
