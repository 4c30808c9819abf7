"""Writing XML: the documents that the K2 Services take, always in the same form."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape

from kurun_clients.http import InvalidRequest

XML: Final = "application/xml; charset=utf-8"
"""What is posted. K2 answers JSON with 202 and does nothing."""

_DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>'
_NO_CHARACTER: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_TEXT: Final = {"\r": "&#13;"}
_IN_ATTRIBUTE: Final = {'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


@dataclass(frozen=True)
class Node:
    """One element to be written.

    Attributes:
        name: Its name, with a prefix if it has one.
        attributes: In their order; those that are ``None`` are left out.
        text: Its text, before its children.
        children: The elements in it.
    """

    name: str
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    text: str = ""
    children: Iterable["Node"] = ()

    def __str__(self) -> str:
        start = self.name + "".join(
            f' {name}="{written(value, _IN_ATTRIBUTE)}"' for name, value in self.attributes.items() if value is not None
        )
        inside = written(self.text, _IN_TEXT) + "".join(map(str, self.children))
        return f"<{start}>{inside}</{self.name}>" if inside else f"<{start} />"

    def document(self) -> bytes:
        """The element as a whole document.

        Raises:
            InvalidRequest: A text has characters that XML cannot hold.
        """
        return f"{_DECLARATION}{self}".encode()


def written(text: str, entities: Mapping[str, str]) -> str:
    """A text as it stands in a document, so that a parser gives it back as it was.

    Raises:
        InvalidRequest: It has characters that XML cannot hold.
    """
    wrong = _NO_CHARACTER.search(text)
    if wrong is not None:
        raise InvalidRequest(f"XML cannot hold the character U+{ord(wrong[0]):04X}")
    return escape(text, dict(entities))
