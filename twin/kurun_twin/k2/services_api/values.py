"""Values as Criteria compares them and as documents hold them."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final, Self, TypeAlias

from pydantic_core import to_json

Comparable: TypeAlias = bool | Decimal | datetime | str | bytes

BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_FRACTION: Final = re.compile(r"(\.\d{6})\d+")
_MAX_DIGITS: Final = 60


class Enumerated(str):
    """A name of an enumeration that may be given by its number too."""

    __slots__ = ("number",)

    number: int

    def __new__(cls, name: str, names: Sequence[str]) -> Self:
        """Number a name by its place among all of them."""
        enumerated = super().__new__(cls, name)
        enumerated.number = names.index(name)
        return enumerated


class ValueType(StrEnum):
    """The type as which a filter's value and the field are compared."""

    BOOLEAN = "Boolean"
    DATE = "Date"
    DECIMAL = "Decimal"
    DOUBLE = "Double"
    INTEGER = "Integer"
    LONG = "Long"
    STRING = "String"
    BINARY = "Binary"


def typed(value: object, value_type: ValueType | None) -> Comparable | None:
    """A value as this type, or as its own; ``None`` if it is none of it."""
    if value is None or value_type is None:
        return None if value is None else _own(value)
    if value_type is ValueType.DATE and isinstance(value, datetime):
        return value
    if isinstance(value, Enumerated) and value_type in _NUMBERS:
        return Decimal(value.number)
    return _READERS[value_type](as_text(value))


_NUMBERS: Final = frozenset({ValueType.DECIMAL, ValueType.DOUBLE, ValueType.INTEGER, ValueType.LONG})


def _own(value: object) -> Comparable:
    if isinstance(value, bool | datetime):
        return value
    if isinstance(value, int | float | Decimal):
        number = _number(str(value))
        return as_text(value).casefold() if number is None else number
    return as_text(value).casefold()


def as_text(value: object) -> str:
    """A value as XML documents hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return wire_moment(value)
    return str(value)


def field_text(value: object) -> str:
    """The value of a data field as the K2 Services show it: as text, whatever its type."""
    if value is None:
        return ""
    return value if isinstance(value, str) else to_json(value).decode()


def wire_moment(value: datetime) -> str:
    """xsd:dateTime in UTC, with ``Z``."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment(text: str) -> datetime | None:
    """An xsd:date or xsd:dateTime; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", text.strip()))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def compare(left: Comparable | None, right: Comparable | None) -> int:
    """Negative, 0 or positive: which comes first. What is absent comes before all else, other types by their names."""
    if left is None or right is None:
        return (left is not None) - (right is not None)
    if type(left) is not type(right):
        left, right = type(left).__name__, type(right).__name__
    return (left > right) - (left < right)  # type: ignore[operator]  # they are of one type


def _number(text: str) -> Decimal | None:
    text = text.strip()
    if len(text) > _MAX_DIGITS or _NUMBER.fullmatch(text) is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _binary(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text)  # K2 shows no Binary value
    except ValueError:
        return None


_READERS: Final[Mapping[ValueType, Callable[[str], Comparable | None]]] = {
    ValueType.BOOLEAN: lambda text: BOOLEANS.get(text.strip().lower()),
    ValueType.DATE: moment,
    ValueType.DECIMAL: _number,
    ValueType.DOUBLE: _number,
    ValueType.INTEGER: _number,
    ValueType.LONG: _number,
    ValueType.STRING: str.casefold,  # K2's database compares without regard to case
    ValueType.BINARY: _binary,
}
