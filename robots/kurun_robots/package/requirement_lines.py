"""Lines of a requirements file, put together and freed of comments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kurun_robots.errors import EnvironmentInvalid

_COMMENT: Final = re.compile(r"(^|\s)#.*$")
_OPTION: Final = re.compile(r"(--[a-zA-Z-]+|-[a-zA-Z])(?:\s*=\s*|\s*)(.*)")


@dataclass(frozen=True)
class Line:
    """A line that says something.

    Attributes:
        text: What it says.
        where: File and number of its first line.
    """

    text: str
    where: str

    def wrong(self, what: str) -> EnvironmentInvalid:
        """The error that says what is wrong here."""
        return EnvironmentInvalid(f"{self.where}: {what}")

    def option(self) -> tuple[str, str]:
        """Name and value of an option."""
        found = _OPTION.fullmatch(self.text)
        return (found[1], found[2].strip().strip("\"'")) if found else (self.text.split()[0], "")


def lines_of(name: str, content: bytes) -> Iterator[Line]:
    """The lines of a file.

    Raises:
        EnvironmentInvalid: It is no text.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise EnvironmentInvalid(f"{name}: is no UTF-8 text") from None
    joined, start = "", 1
    for number, physical in enumerate([*text.splitlines(), ""], 1):
        start = start if joined else number
        joined += _COMMENT.sub("", physical.replace("\t", " "))
        if joined.endswith("\\"):
            joined = joined[:-1] + " "
            continue
        if stripped := joined.strip():
            line = Line(stripped, f"{name}:{start}")
            if not stripped.isprintable():
                raise line.wrong("has control characters")
            yield line
        joined = ""
