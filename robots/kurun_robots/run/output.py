"""A robot's output, line by line."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kurun_robots.run.masking import Masker, printable
from kurun_robots.run.request import OutputLine

LONGEST = 8192
"""Characters of a line; the rest of a longer one is left out."""
CUT = " …"
CHUNK = 16 * 1024  # of empty lines, the event loop stands still for milliseconds


class Lines:
    """Cuts the bytes of one stream into lines.

    A secret that reaches over the place where a line is cut is masked whole, because more is kept than is shown.
    """

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        # A character takes up to four bytes.
        self._most = 4 * LONGEST + masker.longest
        self._held = bytearray()
        self._cut = False

    def feed(self, chunk: bytes) -> list[str]:
        """Add what was read; gives the lines that are complete now."""
        *complete, rest = chunk.split(b"\n")
        lines = []
        for part in complete:
            self._hold(part)
            lines.append(self._take())
        self._hold(rest)
        return lines

    def end(self) -> list[str]:
        """The last line, if it had no end."""
        return [self._take()] if self._held else []

    def _hold(self, part: bytes) -> None:
        room = self._most - len(self._held)
        self._cut = self._cut or len(part) > room
        self._held += part[:room]

    def _take(self) -> str:
        text = printable(self._held.decode(errors="replace"))
        longest = LONGEST
        if self._cut:
            # A secret may begin here and end in what is not kept.
            sure = self._held[: len(self._held) - self._masker.longest]
            longest = min(LONGEST, len(printable(sure.decode(errors="replace"))))
        cut = self._cut or len(text) > longest
        self._held.clear()
        self._cut = False
        return self._masker.mask(text, longest) + (CUT if cut else "")


@dataclass
class Allowance:
    """Bytes that may still be written, for all streams of a run together."""

    left: int

    def take(self, size: int) -> int:
        """How many of these bytes are still allowed."""
        allowed = min(size, max(0, self.left))
        self.left -= size
        return allowed

    @property
    def exceeded(self) -> bool:
        """More was written."""
        return self.left < 0


async def read_lines(
    reader: asyncio.StreamReader,
    name: Literal["stdout", "stderr"],
    masker: Masker,
    allowance: Allowance,
    *,
    on_line: Callable[[OutputLine], None],
    on_excess: Callable[[], None],
) -> None:
    """Hand every line on until the stream ends; what is not allowed any more is read and forgotten."""
    lines = Lines(masker)
    while chunk := await reader.read(CHUNK):
        allowed = chunk[: allowance.take(len(chunk))]
        for text in lines.feed(allowed):
            on_line(OutputLine(name, text))
        if allowance.exceeded:
            on_excess()
        await asyncio.sleep(0)  # reading what is there already lets nobody else run
    for text in lines.end():
        on_line(OutputLine(name, text))
