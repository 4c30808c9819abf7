"""Conditions on the items of a list: ``field(…).like(…)``, and groups of them.

K2 reads a flat list of filters. :func:`all_of` and :func:`any_of` nest; each inner group is written between brackets,
so that nothing depends on which of And and Or binds first.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from kurun_clients.http import InvalidRequest
from kurun_clients.k2.services.criteria_words import Comparison, Logical, ValueType, WorklistField
from kurun_clients.k2.services.values import FieldValue, printed
from kurun_clients.k2.services.xml_writing import Node

CriteriaValue = FieldValue | bytes
"""What a field can be compared with. Bytes are written in hexadecimal."""  # inferred: K2 shows no Binary value

_INTEGERS: Final = range(-(2**31), 2**31)


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One entry of the list; :func:`field` builds it.

    Attributes:
        field: What is compared.
        comparison: How.
        value: With what; a bracket has none.
        sub_field: Name of a data field, or ``Me`` and ``Other`` of an owner.
        value_type: What the value is; found from the value unless given.
        logical: How the entry is joined to the ones before it; set by the groups.
    """

    field: WorklistField | str
    comparison: Comparison = Comparison.EQUAL
    value: CriteriaValue | None = None
    sub_field: str | None = None
    value_type: ValueType | None = None
    logical: Logical | None = None

    def node(self) -> Node:
        """The entry as an element."""
        kind = self.value_type or (None if self.value is None else _value_type(self.value))
        attributes = {
            "Field": self.field,
            "SubField": self.sub_field,
            "Comparison": self.comparison,
            "Logical": self.logical,
            "ValueType": kind,
        }
        return Node("Filter", attributes, "" if self.value is None else _text(self.value))


@dataclass(frozen=True)
class Group:
    """Conditions that are joined in one way; :func:`all_of` and :func:`any_of` build it."""

    join: Literal[Logical.AND, Logical.OR]
    conditions: tuple["Condition", ...]

    def __post_init__(self) -> None:
        if not self.conditions:
            raise InvalidRequest("a group of conditions cannot be empty")


Condition = Filter | Group


@dataclass(frozen=True)
class field:  # noqa: N801 - reads as the beginning of a sentence
    """Begin a condition: ``field(WorklistField.PROCESS_PRIORITY).at_least(2)``.

    Attributes:
        name: What is compared.
        sub_field: Name of a data field, or ``Me`` and ``Other`` of an owner.
    """

    name: WorklistField | str
    sub_field: str | None = None

    def equals(self, value: CriteriaValue) -> Filter:
        """It is this value."""
        return self._compared(Comparison.EQUAL, value)

    def differs_from(self, value: CriteriaValue) -> Filter:
        """It is not this value."""
        return self._compared(Comparison.NOT_EQUAL, value)

    def less_than(self, value: CriteriaValue) -> Filter:
        """It is less."""
        return self._compared(Comparison.LESS, value)

    def greater_than(self, value: CriteriaValue) -> Filter:
        """It is greater."""
        return self._compared(Comparison.GREATER, value)

    def at_most(self, value: CriteriaValue) -> Filter:
        """It is this value or less."""
        return self._compared(Comparison.LESS_OR_EQUAL, value)

    def at_least(self, value: CriteriaValue) -> Filter:
        """It is this value or more."""
        return self._compared(Comparison.GREATER_OR_EQUAL, value)

    def like(self, pattern: str) -> Filter:
        """It matches; ``%`` stands for any text and has to be written."""
        return self._compared(Comparison.LIKE, pattern)

    def not_like(self, pattern: str) -> Filter:
        """It does not match."""
        return self._compared(Comparison.NOT_LIKE, pattern)

    def _compared(self, comparison: Comparison, value: CriteriaValue) -> Filter:
        return Filter(field=self.name, sub_field=self.sub_field, comparison=comparison, value=value)


def all_of(*conditions: Condition) -> Group:
    """Every one of these holds."""
    return Group(Logical.AND, conditions)


def any_of(*conditions: Condition) -> Group:
    """At least one of these holds."""
    return Group(Logical.OR, conditions)


def _value_type(value: CriteriaValue) -> ValueType:  # noqa: PLR0911 - a table: one line a kind
    match value:
        case bool():
            return ValueType.BOOLEAN
        case int():
            return ValueType.INTEGER if value in _INTEGERS else ValueType.LONG
        case float():
            return ValueType.DOUBLE
        case Decimal():
            return ValueType.DECIMAL
        case date():
            return ValueType.DATE
        case bytes():
            return ValueType.BINARY
        case _:
            return ValueType.STRING


def _text(value: CriteriaValue) -> str:
    return value.hex() if isinstance(value, bytes) else printed(value)
