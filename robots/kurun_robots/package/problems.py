"""What is wrong with a package, said so that whoever made it finds the place."""

from collections.abc import Iterable
from dataclasses import dataclass

from kurun_robots.errors import PackageInvalid

MANIFEST = "kubot.yaml"
"""Name of the manifest, which lies at the root of every package."""


@dataclass(frozen=True)
class Problem:
    """One mistake.

    Attributes:
        line: Line of the file, counted from 1; ``None`` where the file has none.
        key: Keys and positions that lead to the value, joined by dots; empty if it is about the whole file.
        message: What is wrong with it.
        file: File inside the package; empty if it is about the whole package.
    """

    line: int | None
    key: str
    message: str
    file: str = MANIFEST

    def __str__(self) -> str:
        file = printable(self.file, 255)
        place = file if self.line is None else f"{file}:{self.line}"
        return ": ".join(part for part in (place, printable(self.key), self.message) if part)


class PackageProblems(PackageInvalid):
    """The package has mistakes; the message is about the first one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        more = len(self.problems) - 1
        super().__init__(f"{self.problems[0]} (and {more} more)" if more else str(self.problems[0]))


def about_package(message: str) -> PackageProblems:
    """A mistake of the package as a whole."""
    return PackageProblems([Problem(None, "", message, "")])


def about_file(file: str, message: str) -> Problem:
    """A mistake of one file in the package."""
    return Problem(None, "", message, file)


def printable(text: str, length: int = 100) -> str:
    """A text from a package, of bounded length and without letters that a terminal would take as a command."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:length])
    return f"{shown}…" if len(text) > length else shown
