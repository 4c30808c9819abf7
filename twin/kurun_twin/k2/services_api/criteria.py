"""Criteria documents: which items of a list are wanted, and in which order.

Filters are a flat list; each says how it is joined to what stands before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cmp_to_key
from typing import Any, Final, TypeVar

from kurun_twin.k2.services_api.conditions import Comparison, Condition, Filter, Item, ReadField, Sign, Token
from kurun_twin.k2.services_api.documents import Element, UnreadableDocument, read_document
from kurun_twin.k2.services_api.values import ValueType, compare, typed

_MAX_FILTERS: Final = 1000
_MAX_SORTS: Final = 20
_MAX_TEXT: Final = 4000
NO_FIELD: Final = "None"
"""The field of entries that only open or close a bracket."""


class Logical(StrEnum):
    """How a filter is joined to what stands before it, and which brackets it opens or closes."""

    AND = "And"
    OR = "Or"
    AND_BRACKET = "AndBracket"
    OR_BRACKET = "OrBracket"
    START_BRACKET = "StartBracket"
    END_BRACKET = "EndBracket"


class SortOrder(StrEnum):
    """Which end comes first."""

    ASCENDING = "Ascending"
    DESCENDING = "Descending"


@dataclass(frozen=True)
class Sort:
    """One key of the order."""

    field: str
    sub_field: str
    descending: bool


@dataclass(frozen=True)
class Criteria:
    """What a list call asks for.

    Attributes:
        tokens: The condition, in the order of its parts.
        sorts: The keys of the order, the most important first.
        managed_user: Whose list is wanted instead of the caller's.
    """

    tokens: Sequence[Token] = ()
    sorts: Sequence[Sort] = ()
    managed_user: str | None = None

    @property
    def fields(self) -> frozenset[str]:
        """The names of all fields that filters read."""
        return frozenset(each.field for each in self.tokens if isinstance(each, Filter))

    def select(self, items: Sequence[Item], read: ReadField[Item]) -> list[Item]:
        """The items that are wanted, in order; those that no key tells apart keep theirs."""
        wanted = [each for each in items if not self.tokens or Condition(self.tokens, each, read).holds()]
        for key in reversed(self.sorts):
            wanted.sort(key=_sort_key(key, read), reverse=key.descending)
        return wanted


def read_criteria(document: bytes, known_fields: frozenset[str], *, charset: str | None = None) -> Criteria:
    """Read a Criteria document.

    Args:
        document: The XML.
        known_fields: The names that ``Field`` may have.
        charset: What the ``Content-Type`` says.

    Raises:
        UnreadableDocument: It is none, or its brackets do not match.
    """
    root = read_document(document, "Criteria", charset=charset)
    filters, sorts = list(root.all("Filter")), list(root.all("Sort"))
    if len(filters) > _MAX_FILTERS or len(sorts) > _MAX_SORTS:
        raise UnreadableDocument(f"at most {_MAX_FILTERS} filters and {_MAX_SORTS} sorts are accepted")
    tokens: list[Token] = []
    for each in filters:
        _append(tokens, each, known_fields)
    if tokens:
        Condition(tokens, None, lambda *_: None).holds()
    return Criteria(tokens, [_sort(each, known_fields) for each in sorts], root.attributes.get("ManagedUser") or None)


def _append(tokens: list[Token], element: Element, known_fields: frozenset[str]) -> None:
    logical = _choice(element, "Logical", Logical, Logical.AND)
    if logical is Logical.END_BRACKET:
        tokens.append(Sign.CLOSE)
        return
    if tokens and tokens[-1] is not Sign.OPEN:
        tokens.append(Sign.OR if logical in {Logical.OR, Logical.OR_BRACKET} else Sign.AND)
    if logical in {Logical.AND_BRACKET, Logical.OR_BRACKET, Logical.START_BRACKET}:
        tokens.append(Sign.OPEN)
    if element.attributes.get("Field", NO_FIELD) != NO_FIELD:
        tokens.append(_filter(element, known_fields))


def _filter(element: Element, known_fields: frozenset[str]) -> Filter:
    comparison = _choice(element, "Comparison", Comparison, Comparison.EQUAL)
    value_type = _choice(element, "ValueType", ValueType, ValueType.STRING)
    text = element.value()
    if len(text) > _MAX_TEXT:
        raise UnreadableDocument(f"Filter: a value has at most {_MAX_TEXT} characters")
    value = typed(text, value_type)
    if value is None and comparison not in {Comparison.LIKE, Comparison.NOT_LIKE}:
        raise UnreadableDocument(f"Filter: {text[:60]!r} is no {value_type}")
    sub_field = element.attributes.get("SubField", "")
    return Filter(_field(element, known_fields), sub_field, comparison, value_type, text, value)


def _sort(element: Element, known_fields: frozenset[str]) -> Sort:
    order = _choice(element, "Order", SortOrder, SortOrder.ASCENDING)
    field, sub_field = _field(element, known_fields), element.attributes.get("SubField", "")
    return Sort(field, sub_field, order is SortOrder.DESCENDING)


def _field(element: Element, known_fields: frozenset[str]) -> str:
    name = element.attributes.get("Field", "")
    if name not in known_fields:
        raise UnreadableDocument(f"{element.name}: the field {name[:60]!r} is not known")
    return name


Choice = TypeVar("Choice", bound=StrEnum)


def _choice(element: Element, attribute: str, kind: type[Choice], default: Choice) -> Choice:
    text = element.attributes.get(attribute)
    if not text:
        return default
    try:
        return kind(text)
    except ValueError:
        raise UnreadableDocument(
            f"{element.name}: {attribute} is one of {', '.join(kind)}, not {text[:60]!r}"
        ) from None


def _sort_key(key: Sort, read: ReadField[Item]) -> Callable[[Item], Any]:
    order = cmp_to_key(compare)
    return lambda item: order(typed(read(item, key.field, key.sub_field), None))
