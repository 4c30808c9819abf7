"""Arguments on their way into paths and queries."""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any
from urllib.parse import quote
from uuid import UUID

from kurun_clients.http import InvalidRequest
from kurun_clients.kuflow.filters import FilterExpression, MalformedFilter

Id = UUID | str
"""A UUID, or its text."""

Printer = Callable[[str, Any], list[tuple[str, str]]]
"""Prints the value or values of a query parameter."""

MAX_WORD = 255
_POINTER = re.compile(r"(/([^~/]|~[01])*)*")
_SORT = re.compile(r"[A-Za-z][A-Za-z0-9_.]*(,(asc|desc))?")


def identifier(value: Id) -> str:
    """A UUID as text, fit for a path.

    Raises:
        InvalidRequest: It is none.
    """
    if isinstance(value, UUID):
        return str(value)
    try:
        return str(UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise InvalidRequest(f"not a UUID: {str(value)[:80]!r}") from None


def word(name: str, value: str) -> str:
    """A short text, such as a version.

    Raises:
        InvalidRequest: It is empty, too long or not printable.
    """
    if not 1 <= len(value) <= MAX_WORD or not value.isprintable():
        raise InvalidRequest(f"{name} has 1 to {MAX_WORD} printable characters: {value[:80]!r}")
    return value


def segment(name: str, value: str) -> str:
    """A short text as one segment of a path, quoted.

    Raises:
        InvalidRequest: It is empty, too long, not printable, or leads out of its place.
    """
    if value in {".", ".."}:
        raise InvalidRequest(f"{name} cannot be {value!r}")
    return quote(word(name, value), safe="")


def identifiers(name: str, values: Id | Iterable[Id]) -> list[tuple[str, str]]:
    """A filter by one or more UUIDs."""
    several = (values,) if isinstance(values, UUID | str) else values
    return [(name, identifier(value)) for value in several]


def texts(name: str, values: str | Iterable[str]) -> list[tuple[str, str]]:
    """A filter by one or more words."""
    several = (values,) if isinstance(values, str) else values
    return [(name, str(value)) for value in several]


def words_of(kind: type[StrEnum]) -> Printer:
    """A filter by one or more words of an enum; other words are refused."""

    def words(name: str, values: StrEnum | str | Iterable[StrEnum | str]) -> list[tuple[str, str]]:
        several = (values,) if isinstance(values, str) else tuple(values)
        for value in several:
            if not isinstance(value, kind) and value not in list(kind):
                raise InvalidRequest(f"{name} is one of {', '.join(kind)}, not {str(value)[:80]!r}")
        return [(name, str(value)) for value in several]

    return words


def expressions(name: str, values: FilterExpression | str | Iterable[FilterExpression | str]) -> list[tuple[str, str]]:
    """A filter by conditions; one that comes as text is checked and sent as it is."""
    several = (values,) if isinstance(values, FilterExpression | str) else tuple(values)
    for value in several:
        try:
            FilterExpression.parse(str(value))
        except MalformedFilter as error:
            raise InvalidRequest(f"{name}: {error}") from None
    return [(name, str(value)) for value in several]


def sorting(values: str | Iterable[str]) -> list[tuple[str, str]]:
    """The order of a list: ``property`` or ``property,desc``, once or several times."""
    listed = texts("sort", values)
    for _, value in listed:
        if not _SORT.fullmatch(value):
            raise InvalidRequest(f"an order is 'property', 'property,asc' or 'property,desc', not {value[:80]!r}")
    return listed


def pointer(name: str, value: str) -> str:
    """A JSON pointer (RFC 6901).

    Raises:
        InvalidRequest: It is none.
    """
    if not _POINTER.fullmatch(value):
        raise InvalidRequest(f"{name} is no JSON pointer such as /form/0: {value[:80]!r}")
    return value
