"""Lines that wait for a task's log, and how entries are made of them."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from kurun_clients.kuflow.models import ProcessItemTaskLogLevel as Level

MAX_TEXT: Final = 4000
"""Characters of an entry."""
LONGEST: Final = 1000
"""Characters of a line; the rest of a longer one is left out."""
CUT: Final = " …"
SURE: Final = MAX_TEXT - LONGEST - len(CUT) - 1
"""Characters, line ends included, that an entry takes at least before the next one is begun."""
_ORDER: Final = (Level.INFO, Level.WARN, Level.ERROR)


class Line(NamedTuple):
    """A line, or a note on lines that were left out.

    Attributes:
        level: How serious it is.
        text: What it says.
        left_out: For a note: how many lines it stands for.
    """

    level: Level
    text: str
    left_out: int = 0

    @property
    def stands_for(self) -> int:
        """Lines of the output that it stands for."""
        return self.left_out or 1


@dataclass(frozen=True)
class Entry:
    """Lines that are written together."""

    lines: tuple[Line, ...]

    @property
    def level(self) -> Level:
        """That of the worst line."""
        return max((line.level for line in self.lines), key=_ORDER.index)

    @property
    def text(self) -> str:
        """Its lines."""
        return "\n".join(line.text for line in self.lines)


class WaitingLines:
    """Lines in their order. Where there are too many, the middle of them is left out, and a note says so."""

    def __init__(self) -> None:
        self._first: deque[Line] = deque()
        self._last: deque[Line] = deque()  # there are some only after a gap
        self._gap = 0
        self._size = 0

    def __bool__(self) -> bool:
        return any(not line.left_out for line in chain(self._first, self._last))

    @property
    def left_out(self) -> int:
        """Lines that would be missed if nothing were written any more."""
        return self._gap + sum(line.stands_for for line in chain(self._first, self._last))

    def add(self, line: Line, most: int) -> None:
        """Take a line; all together have no more than ``most`` characters."""
        (self._last if self._gap else self._first).append(line)
        self._size += _cost(line)
        while self._size > most and self._gap and self._last:
            self._drop(self._last.popleft())
        self.trim(most)

    def trim(self, most: int) -> None:
        """Leave out of the middle what is too much. A quarter of the room is for the beginning."""
        if self._size <= most:
            return
        beginning = sum(map(_cost, self._first))
        while self._first and beginning > most // 4:
            line = self._first.pop()
            beginning -= _cost(line)
            if self._gap:
                self._drop(line)
            else:
                self._last.appendleft(line)
        while self._size > most and self._last:
            self._drop(self._last.popleft())

    def take(self, most: int, *, all_of_them: bool = False) -> list[Entry]:
        """Take lines out, as entries.

        Args:
            most: Entries to make at most.
            all_of_them: Where they are too many, lines of different levels share an entry.
        """
        lines = self._in_order()
        entries = batched(lines, most)
        count = sum(len(entry.lines) for entry in entries)
        if all_of_them and count < len(lines):
            entries = batched(lines, most, by_level=False)
            count = sum(len(entry.lines) for entry in entries)
        self._restart(lines[count:])
        return entries

    def put_back(self, entries: Iterable[Entry]) -> None:
        """Put what was taken and not written before what came since."""
        lines = [line for entry in entries for line in entry.lines]
        if lines:
            self._restart([*lines, *self._in_order()])

    def lose(self, entry: Entry) -> None:
        """What was taken could not be written: the next entry begins with a note on it."""
        rest = self._in_order()
        count = sum(line.stands_for for line in entry.lines)
        while rest and rest[0].left_out:
            count += rest.pop(0).left_out
        self._restart([_note(count), *rest])

    def clear(self) -> None:
        """Forget all of them."""
        self._restart([])

    def _drop(self, line: Line) -> None:
        self._size -= _cost(line)
        self._gap += line.stands_for

    def _in_order(self) -> list[Line]:
        return [*self._first, *([_note(self._gap)] if self._gap else ()), *self._last]

    def _restart(self, lines: Sequence[Line]) -> None:
        self._first, self._last, self._gap = deque(lines), deque(), 0
        self._size = sum(map(_cost, lines))


def batched(lines: Sequence[Line], most: int, *, by_level: bool = True) -> list[Entry]:
    """Join lines to entries, beginning with the first.

    Args:
        lines: What to join.
        most: Entries to make at most.
        by_level: Lines of different levels get entries of their own; notes belong to any.
    """
    entries: list[list[Line]] = []
    level: Level | None = None
    room = 0
    for line in lines:
        own = None if line.left_out else line.level
        if not entries or len(line.text) > room or (by_level and own and level and own is not level):
            if len(entries) == most:
                break
            entries.append([])
            room, level = MAX_TEXT, None
        entries[-1].append(line)
        room -= len(line.text) + 1
        level = own or level
    return [Entry(tuple(entry)) for entry in entries]


def _note(count: int) -> Line:
    return Line(Level.INFO, f"… {count} {'line' if count == 1 else 'lines'} left out …", left_out=count)


def _cost(line: Line) -> int:
    return len(line.text) + 1
