"""Conditions of list operations, against what KuFlow's own encoder prints."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kurun_clients.kuflow.filters import FilterExpression, FilterOperation, MalformedFilter, field

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(str.strip)


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        (field("CODE").equals("x y"), "CODE eq x%20y"),
        (field("AMOUNT").between(10, 20), "AMOUNT between 10 20"),
        (field("STATUS").one_of("active", "in active", "a+b"), "STATUS in active in%20active a%2Bb"),
        (
            field("A B").contains("50% off; é/ü=&?#~"),
            "A%20B contains 50%25%20off%3B%20%C3%A9%2F%C3%BC%3D%26%3F%23~",
        ),
        (field("N").at_most(" padded "), "N le padded"),
        (
            field("N").at_least(datetime(2024, 6, 14, 10, tzinfo=UTC)),
            "N ge 2024-06-14T10%3A00%3A00%2B00%3A00",
        ),
        (field("N").equals(True), "N eq true"),
        (field("N").equals(False), "N eq false"),
        (field("N").equals(Decimal("1.50")), "N eq 1.50"),
        (field("N").equals(Decimal("1E+3")), "N eq 1000"),
        (field("N").equals(-2.5), "N eq -2.5"),
        (field("N").equals(date(2024, 6, 14)), "N eq 2024-06-14"),
        (field("N").equals(UUID(int=1)), "N eq 00000000-0000-0000-0000-000000000001"),
    ],
)
def test_expressions_are_printed_as_kuflow_reads_them(expression: FilterExpression, printed: str) -> None:
    """Each word encoded on its own and one space between, the same as the published encoder prints."""
    assert str(expression) == printed


@settings(deadline=None)
@given(WORDS, st.sampled_from(list(FilterOperation)), st.lists(WORDS, min_size=1, max_size=4))
def test_what_is_printed_is_read_back(code: str, operation: FilterOperation, values: list[str]) -> None:
    """Any words survive, and three or more words without white space are all that is printed."""
    expression = FilterExpression(code, operation, tuple(values))

    assert FilterExpression.parse(str(expression)) == expression
    assert len(str(expression).split()) == 2 + len(values)


@pytest.mark.parametrize(
    "text",
    ["", "CODE", "CODE eq", "CODE eq ", " eq x", "CODE  x", "CODE like x", "CODE EQ x", "CODE eq %20", "CODE eq %ff"],
)
def test_other_texts_are_refused(text: str) -> None:
    """A ValueError that says how a filter reads."""
    with pytest.raises(MalformedFilter):
        FilterExpression.parse(text)


def test_values_must_say_something() -> None:
    """Nothing, white space and far too much cannot be compared with."""
    for values in ((), ("",), ("x", " "), ("x" * 5000,)):
        with pytest.raises(MalformedFilter):
            field("CODE").one_of(*values)
    with pytest.raises(MalformedFilter):
        FilterExpression.parse("CODE eq " + "x" * 5000)
