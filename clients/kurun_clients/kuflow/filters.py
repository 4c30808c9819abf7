"""Conditions on fields of metadata and data, for the list operations: ``code operation value…``.

KuFlow splits an expression at its spaces and decodes each word, so each word is URL-encoded on its own.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Self
from urllib.parse import quote, unquote
from uuid import UUID

FilterValue = str | int | float | Decimal | bool | date | datetime | UUID
"""What a field can be compared with; moments are written in ISO 8601."""

MAX_LENGTH = 4 * 1024


class MalformedFilter(ValueError):  # noqa: N818 - reads as what it is
    """A text or a set of values is no filter expression; the message says what is wrong with it."""


class FilterOperation(StrEnum):
    """How a field is compared."""

    EQUAL = "eq"
    AT_MOST = "le"
    AT_LEAST = "ge"
    BETWEEN = "between"
    CONTAINS = "contains"
    IN = "in"


@dataclass(frozen=True)
class FilterExpression:
    """One condition; :func:`field` builds it, ``str()`` prints it.

    Attributes:
        code: The field's code.
        operation: The comparison.
        values: What to compare with, without the white space around them, which KuFlow's own encoding drops.
        text: The expression, encoded.

    Raises:
        MalformedFilter: A word is empty, there is no value, or all is too long.
    """

    code: str
    operation: FilterOperation
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", self.code.strip())
        object.__setattr__(self, "values", tuple(value.strip() for value in self.values))
        if not self.code or not self.values or not all(self.values):
            raise MalformedFilter("a filter has a code, an operation and at least one value, none of them empty")
        if len(self.text) > MAX_LENGTH:
            raise MalformedFilter(f"the filter is longer than {MAX_LENGTH} characters")

    @property
    def text(self) -> str:
        """The expression as a query parameter's value; the HTTP client encodes it once more for the address."""
        return " ".join(quote(word, safe="") for word in (self.code, self.operation, *self.values))

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an expression.

        Raises:
            MalformedFilter: It is none.
        """
        if len(text) > MAX_LENGTH:
            raise MalformedFilter(f"the filter is longer than {MAX_LENGTH} characters")
        words = text.split(" ")
        if len(words) < 3 or not all(words):
            raise MalformedFilter(f"a filter reads 'code operation value…', not {text[:80]!r}")
        try:
            code, operation, *values = (unquote(word, errors="strict") for word in words)
            return cls(code, FilterOperation(operation), tuple(values))
        except UnicodeDecodeError:
            raise MalformedFilter(f"the filter has a word that is not UTF-8: {text[:80]!r}") from None
        except MalformedFilter:
            raise
        except ValueError:
            known = ", ".join(FilterOperation)
            raise MalformedFilter(f"a filter compares by one of {known}: {text[:80]!r}") from None


@dataclass(frozen=True)
class field:  # noqa: N801 - reads as the beginning of a sentence
    """Begin a condition: ``field("AMOUNT").between(10, 20)``.

    Attributes:
        code: The field's code.
    """

    code: str

    def equals(self, value: FilterValue) -> FilterExpression:
        """The field has this value."""
        return self._compared(FilterOperation.EQUAL, value)

    def at_most(self, value: FilterValue) -> FilterExpression:
        """The field is this value or less."""
        return self._compared(FilterOperation.AT_MOST, value)

    def at_least(self, value: FilterValue) -> FilterExpression:
        """The field is this value or more."""
        return self._compared(FilterOperation.AT_LEAST, value)

    def between(self, low: FilterValue, high: FilterValue) -> FilterExpression:
        """The field lies between these values."""
        return self._compared(FilterOperation.BETWEEN, low, high)

    def contains(self, part: FilterValue) -> FilterExpression:
        """The field has this part."""
        return self._compared(FilterOperation.CONTAINS, part)

    def one_of(self, *values: FilterValue) -> FilterExpression:
        """The field has one of these values."""
        return self._compared(FilterOperation.IN, *values)

    def _compared(self, operation: FilterOperation, *values: FilterValue) -> FilterExpression:
        return FilterExpression(self.code, operation, tuple(_printed(value) for value in values))


def _printed(value: FilterValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
