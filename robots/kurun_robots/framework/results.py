"""What Robot Framework's results say, read from its ``output.xml``."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from xml.parsers import expat

MAX_BYTES: Final = 128 * 1024**2
_DEEPEST: Final = 10_000
_LOOK: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK: Final = 64 * 1024
_TOTALS: Final = ["robot", "statistics", "total", "stat"]


class ResultTooLarge(Exception):  # noqa: N818 - it says what happened
    """The results are more than is read."""


@dataclass(frozen=True)
class Counts:
    """Tests of a run, by how they ended."""

    passed: int
    failed: int
    skipped: int


def read_counts(file: Path) -> Counts | None:
    """The totals of a run. Blocking.

    Args:
        file: The results, which the run's user may have replaced by anything.

    Returns:
        The totals; ``None`` where the results are not there, not whole or something else: Robot Framework writes the
        totals last.

    Raises:
        ResultTooLarge: They are more than :data:`MAX_BYTES`.
    """
    reader = _Reader()
    try:
        with _opened(file) as opened:
            if os.fstat(opened.fileno()).st_size > MAX_BYTES:
                raise ResultTooLarge
            while chunk := opened.read(_CHUNK):
                reader.feed(chunk)
        reader.end()
    except (OSError, expat.ExpatError, KeyError, ValueError):
        return None
    return reader.counts


def _opened(file: Path) -> BinaryIO:
    """The file, if it and its folder are what they seem to be."""
    descriptor = os.open(file, _LOOK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode) or not stat.S_ISDIR(file.parent.lstat().st_mode):
        os.close(descriptor)
        raise ValueError("no plain file in a plain folder")
    return os.fdopen(descriptor, "rb")


class _Reader:
    """Finds the totals while the file passes by; nothing of it is kept."""

    def __init__(self) -> None:
        self.counts: Counts | None = None
        self._place: list[str] = []
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse

    def feed(self, chunk: bytes) -> None:
        self._parser.Parse(chunk, False)

    def end(self) -> None:
        self._parser.Parse(b"", True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._place) == _DEEPEST:
            raise ValueError("results are not nested that deep")
        self._place.append(name)
        if self._place == _TOTALS:
            self.counts = Counts(int(attributes["pass"]), int(attributes["fail"]), int(attributes["skip"]))

    def _end(self, _name: str) -> None:
        self._place.pop()

    def _refuse(self, *_: object) -> None:
        raise ValueError("results have no document type")
