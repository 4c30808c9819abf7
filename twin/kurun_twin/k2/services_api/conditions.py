"""Whether an item meets a list of filters. ``And`` binds tighter than ``Or``, as in the SQL that K2 makes of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, TypeAlias, TypeVar

from kurun_twin.k2.platform.patterns import matches_pattern
from kurun_twin.k2.services_api.documents import UnreadableDocument
from kurun_twin.k2.services_api.values import Comparable, ValueType, compare, typed

_MAX_BRACKETS: Final = 30


class Comparison(StrEnum):
    """How a field is held against the filter's value."""

    EQUAL = "Equal"
    NOT_EQUAL = "NotEqual"
    LESS = "Less"
    GREATER = "Greater"
    LESS_OR_EQUAL = "LessOrEqual"
    GREATER_OR_EQUAL = "GreaterOrEqual"
    LIKE = "Like"
    NOT_LIKE = "NotLike"


@dataclass(frozen=True)
class Filter:
    """One condition."""

    field: str
    sub_field: str
    comparison: Comparison
    value_type: ValueType
    text: str
    value: Comparable | None

    def holds(self, actual: object) -> bool:
        """Whether a field's value meets it; one that is absent or of another type meets no condition, as in SQL."""
        if self.comparison in {Comparison.LIKE, Comparison.NOT_LIKE}:
            if actual is None:
                return False
            return matches_pattern(str(actual), self.text) is (self.comparison is Comparison.LIKE)
        found = typed(actual, self.value_type)
        if found is None or self.value is None:
            return False
        return _HOLDS[self.comparison](compare(found, self.value))


_HOLDS: Final[Mapping[Comparison, Callable[[int], bool]]] = {
    Comparison.EQUAL: lambda order: order == 0,
    Comparison.NOT_EQUAL: lambda order: order != 0,
    Comparison.LESS: lambda order: order < 0,
    Comparison.GREATER: lambda order: order > 0,
    Comparison.LESS_OR_EQUAL: lambda order: order <= 0,
    Comparison.GREATER_OR_EQUAL: lambda order: order >= 0,
}


class Sign(Enum):
    """What stands between filters."""

    AND = "and"
    OR = "or"
    OPEN = "("
    CLOSE = ")"


Token: TypeAlias = Filter | Sign

Item = TypeVar("Item")
ReadField: TypeAlias = Callable[[Item, str, str], object]
"""Reads a field with a sub field of an item."""


class Condition:
    """A list of filters, held against one item. Every part is walked through, so that any item shows wrong brackets."""

    def __init__(self, tokens: Sequence[Token], item: Item, read: ReadField[Item]) -> None:
        self._tokens = tokens
        self._holds: Callable[[Filter], bool] = lambda each: each.holds(read(item, each.field, each.sub_field))
        self._place = 0
        self._depth = 0

    def holds(self) -> bool:
        """Whether the item meets it.

        Raises:
            UnreadableDocument: The brackets do not match.
        """
        result = self._any()
        if self._place < len(self._tokens):
            raise UnreadableDocument("the filters' brackets do not match")
        return result

    def _any(self) -> bool:
        result = self._all()
        while self._next() == Sign.OR:
            self._place += 1
            result = self._all() or result
        return result

    def _all(self) -> bool:
        result = self._one()
        while self._next() == Sign.AND:
            self._place += 1
            result = self._one() and result
        return result

    def _one(self) -> bool:
        token = self._next()
        self._place += 1
        if isinstance(token, Filter):
            return self._holds(token)
        if token is not Sign.OPEN or self._depth >= _MAX_BRACKETS:
            raise UnreadableDocument("the filters' brackets do not match, are empty or go too deep")
        self._depth += 1
        result = self._any()
        if self._next() != Sign.CLOSE:
            raise UnreadableDocument("the filters' brackets do not match")
        self._place += 1
        self._depth -= 1
        return result

    def _next(self) -> Token | None:
        return self._tokens[self._place] if self._place < len(self._tokens) else None
