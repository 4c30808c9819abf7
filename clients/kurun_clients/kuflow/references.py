"""References inside JSON data, such as ``kuflow-file:uri=…;type=…;size=…;name=…;``.

A reference that was read is printed as it was read, to the letter; one that was made or changed is printed in the form
that KuFlow's own writers use, with its values URL-encoded.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Self
from urllib.parse import quote, unquote

MAX_LENGTH = 16 * 1024


class MalformedReference(ValueError):  # noqa: N818 - reads as what it is
    """A text is no reference of this kind; the message says what is wrong with it."""


def _text(value: str) -> str:
    return value


def _size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise MalformedReference(f"the reference has a size that is no number of bytes: {text[:80]!r}")
    return int(text)


class Reference:
    """What all references share. The subclasses are values: equal when their fields are, however they were written."""

    PREFIX: ClassVar[str]
    """How such a reference begins."""

    _names: ClassVar[Mapping[str, str]]  # attribute to its name in the text, in the order of writing
    _readers: ClassVar[Mapping[str, Callable[[str], Any]]] = {}
    _readable: ClassVar[str] = ""  # characters that are not encoded
    _read_as: str | None = None
    extra: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a reference.

        Raises:
            MalformedReference: It lacks the prefix or a field, or a field cannot be read.
        """
        if text[: len(cls.PREFIX)].lower() != cls.PREFIX:
            raise MalformedReference(f"not a reference of this kind: it does not begin with {cls.PREFIX}")
        if len(text) > MAX_LENGTH:
            raise MalformedReference(f"the reference is longer than {MAX_LENGTH} characters")
        known, extra = cls._sorted(_pairs(text[len(cls.PREFIX) :]))
        if missing := [cls._names[name] for name in cls._required() if name not in known]:
            raise MalformedReference(f"the reference lacks {', '.join(missing)}")
        first = next(iter(cls._names))
        if not known[first]:
            raise MalformedReference(f"the reference has an empty {cls._names[first]}")
        values = {name: cls._readers.get(name, _text)(value) for name, value in known.items()}
        read = cls(**values, extra=tuple(extra))  # type: ignore[call-arg] # all subclasses are dataclasses
        object.__setattr__(read, "_read_as", text)
        return read

    def __str__(self) -> str:
        """The reference as it stands in JSON data."""
        if self._read_as is not None:
            return self._read_as
        values = [(written, getattr(self, name)) for name, written in self._names.items()]
        pairs = [(name, str(value)) for name, value in values if value is not None]
        return self.PREFIX + "".join(
            f"{quote(name, safe='')}={quote(value, safe=self._readable)};" for name, value in (*pairs, *self.extra)
        )

    @classmethod
    def _required(cls) -> list[str]:
        return [field.name for field in fields(cls) if field.default is MISSING]  # type: ignore[arg-type] # likewise

    @classmethod
    def _sorted(cls, pairs: list[tuple[str, str]]) -> tuple[dict[str, str], list[tuple[str, str]]]:
        """The fields that are known, by attribute, and the others."""
        attributes = {_folded(written): name for name, written in cls._names.items()}
        known: dict[str, str] = {}
        extra: dict[str, str] = {}
        for name, value in pairs:
            attribute = attributes.get(_folded(name))
            target, key = (extra, name) if attribute is None else (known, attribute)
            if key in target:
                raise MalformedReference(f"the reference names {name[:80]!r} twice")
            target[key] = value
        return known, list(extra.items())


@dataclass(frozen=True)
class KuFlowFile(Reference):
    """A document.

    Attributes:
        uri: Where it lies, such as ``ku:process/{id}/document/{id}``.
        type: Its media type.
        size: Its length in bytes.
        name: Its file name.
        original_name: The name it was uploaded under, if that is another; written ``original-name`` or
            ``originalName``.
        extra: Further fields that KuFlow may add, in their order.
    """

    PREFIX = "kuflow-file:"
    _names: ClassVar[Mapping[str, str]] = {
        "uri": "uri",
        "type": "type",
        "size": "size",
        "name": "name",
        "original_name": "original-name",
    }
    _readers: ClassVar[Mapping[str, Callable[[str], Any]]] = {"size": _size}
    _readable = "/:"  # as in KuFlow's own examples

    uri: str
    type: str
    size: int
    name: str
    original_name: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class KuFlowPrincipal(Reference):
    """A principal.

    Attributes:
        id: Its id.
        type: What it is, such as ``USER``; see :class:`kurun_clients.kuflow.models.PrincipalType`.
        name: How people know it.
        extra: Further fields that KuFlow may add, in their order.
    """

    PREFIX = "kuflow-principal:"
    _names: ClassVar[Mapping[str, str]] = {"id": "id", "type": "type", "name": "name"}

    id: str
    type: str
    name: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class KuFlowGroup(Reference):
    """A group of principals.

    Attributes:
        id: Its id.
        type: What it is, such as ``OTHERS``.
        name: How people know it.
        extra: Further fields that KuFlow may add, in their order.
    """

    PREFIX = "kuflow-group:"
    _names: ClassVar[Mapping[str, str]] = {"id": "id", "type": "type", "name": "name"}

    id: str
    type: str
    name: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class KuFlowProcessRef(Reference):
    """A process.

    Attributes:
        id: Its id.
        name: How people know it.
        extra: Further fields that KuFlow may add, in their order.
    """

    PREFIX = "kuflow-process:"
    _names: ClassVar[Mapping[str, str]] = {"id": "id", "name": "name"}

    id: str
    name: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class KuFlowDataSource(Reference):
    """A data source.

    Attributes:
        id: Its id.
        name: How people know it.
        extra: Further fields that KuFlow may add, in their order.
    """

    PREFIX = "kuflow-data-source:"
    _names: ClassVar[Mapping[str, str]] = {"id": "id", "name": "name"}

    id: str
    name: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = []
    for pair in text.split(";"):
        if not pair:
            continue
        name, separator, value = pair.partition("=")
        name = _unquoted(name)
        if not separator or not name:
            raise MalformedReference(f"the reference has a part that is no name=value: {pair[:80]!r}")
        pairs.append((name, _unquoted(value)))
    return pairs


def _folded(name: str) -> str:
    # KuFlow's readers do not look at the case of names, and its documents write two of them in two ways.
    return name.replace("-", "").lower()


def _unquoted(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise MalformedReference(f"the reference has a part that is not UTF-8: {text[:80]!r}") from None
