"""References to documents inside JSON data: ``kuflow-file:uri=…;type=…;size=…;name=…;``."""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, unquote

PREFIX = "kuflow-file:"
MAX_LENGTH = 16 * 1024
_READABLE = "/:"  # left as they are in what we write, as KuFlow's own examples do
_ORIGINAL_NAME = "original-name"
_KNOWN = frozenset({"uri", "type", "size", "name", _ORIGINAL_NAME})


class MalformedReference(ValueError):  # noqa: N818 - reads as what it is
    """A text is no reference to a document; the message says what is wrong with it."""


@dataclass(frozen=True)
class KuFlowFile:
    """A document, as JSON data of KuFlow refers to it.

    Attributes:
        uri: Where it lies, such as ``ku:process/{id}/document/{id}``.
        type: Its media type.
        size: Its length in bytes.
        name: Its file name.
        original_name: The name it was uploaded under, if that is another.
        extra: Further fields that KuFlow may add, in their order.
    """

    uri: str
    type: str
    size: int
    name: str
    original_name: str | None = None
    extra: tuple[tuple[str, str], ...] = field(default=())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a reference.

        Raises:
            MalformedReference: It lacks the prefix or a field, or a field cannot be read.
        """
        if not text.startswith(PREFIX):
            raise MalformedReference(f"not a document reference: it does not begin with {PREFIX}")
        if len(text) > MAX_LENGTH:
            raise MalformedReference(f"the document reference is longer than {MAX_LENGTH} characters")
        fields = _fields(text.removeprefix(PREFIX))
        if missing := [name for name in ("uri", "type", "size", "name") if name not in fields]:
            raise MalformedReference(f"the document reference lacks {', '.join(missing)}")
        if not fields["uri"]:
            raise MalformedReference("the document reference has an empty uri")
        return cls(
            uri=fields["uri"],
            type=fields["type"],
            size=_size(fields["size"]),
            name=fields["name"],
            original_name=fields.get(_ORIGINAL_NAME),
            extra=tuple((name, value) for name, value in fields.items() if name not in _KNOWN),
        )

    def __str__(self) -> str:
        """The reference as it stands in JSON data."""
        fields = [("uri", self.uri), ("type", self.type), ("size", str(self.size)), ("name", self.name)]
        if self.original_name is not None:
            fields.append((_ORIGINAL_NAME, self.original_name))
        written = (f"{quote(name, safe='')}={quote(value, safe=_READABLE)};" for name, value in (*fields, *self.extra))
        return PREFIX + "".join(written)


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for pair in text.split(";"):
        if not pair:
            continue
        name, separator, value = pair.partition("=")
        name = _unquoted(name)
        if not separator or not name:
            raise MalformedReference(f"the document reference has a part that is no name=value: {pair[:80]!r}")
        name = _ORIGINAL_NAME if name == "originalName" else name
        if name in fields:
            raise MalformedReference(f"the document reference names {name[:80]!r} twice")
        fields[name] = _unquoted(value)
    return fields


def _unquoted(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise MalformedReference(f"the document reference has a part that is not UTF-8: {text[:80]!r}") from None


def _size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise MalformedReference(f"the document reference has a size that is no number of bytes: {text[:80]!r}")
    return int(text)
