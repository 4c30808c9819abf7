"""Criteria documents: what they print, held against K2's own examples, and what they mean."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from kurun_clients.http import InvalidRequest
from kurun_clients.k2.services import (
    Comparison,
    Condition,
    Criteria,
    Filter,
    Logical,
    Sort,
    SortOrder,
    ValueType,
    WorklistField,
    all_of,
    any_of,
    field,
)

EXAMPLE = (
    '<Criteria xmlns="http://schemas.k2.com/worklist/d1">'
    '<Filter Field="ProcessFolio" Comparison="Like" ValueType="String">Demo</Filter>'
    '<Sort Field="ProcessStartDate" Order="Descending" /></Criteria>'
)
"""The example of K2's page on filtering and sorting, for Worklist/Items and for Task/Items alike."""

FOLIO, STATUS = field(WorklistField.PROCESS_FOLIO), field(WorklistField.WORKLIST_ITEM_STATUS)
NEWEST_FIRST = Sort(WorklistField.PROCESS_START_DATE, SortOrder.DESCENDING)


def _filters(criteria: Criteria) -> list[tuple[dict[str, str], str | None]]:
    root = etree.fromstring(criteria.to_xml())
    return [(dict(each.attrib), each.text) for each in root.iterfind("{*}Filter")]


def _joins(where: Condition) -> list[tuple[str | None, str | None]]:
    return [(attributes.get("Logical"), text) for attributes, text in _filters(Criteria(where))]


def test_the_documented_example() -> None:
    """K2's example is printed to the last character, every time."""
    criteria = Criteria(FOLIO.like("Demo"), sorts=(NEWEST_FIRST,))

    assert EXAMPLE == criteria.to_xml()
    assert EXAMPLE == criteria.to_xml()


def test_the_documented_structure() -> None:
    """Root, attributes, their values and namespaces are those of K2's page, optional ones included."""
    criteria = Criteria(
        all_of(field(WorklistField.PROCESS_DATA, "Amount").at_least(10), FOLIO.not_like("x%")),
        sorts=(Sort(WorklistField.PROCESS_DATA, sub_field="Amount"), NEWEST_FIRST),
        managed_user="K2:ACME\\Bob",
        platform="ASP",
    )

    root = etree.fromstring(criteria.to_xml())
    namespace = "{http://schemas.k2.com/worklist/d1}"

    assert (f"{namespace}Criteria", {"ManagedUser": "K2:ACME\\Bob", "Platform": "ASP"}) == (root.tag, dict(root.attrib))
    assert [
        (
            f"{namespace}Filter",
            {"Field": "ProcessData", "SubField": "Amount", "Comparison": "GreaterOrEqual", "ValueType": "Integer"},
            "10",
        ),
        (
            f"{namespace}Filter",
            {"Field": "ProcessFolio", "Comparison": "NotLike", "Logical": "And", "ValueType": "String"},
            "x%",
        ),
        (f"{namespace}Sort", {"Field": "ProcessData", "SubField": "Amount"}, None),
        (f"{namespace}Sort", {"Field": "ProcessStartDate", "Order": "Descending"}, None),
    ] == [(each.tag, dict(each.attrib), each.text) for each in root]


def test_no_condition_lists_everything() -> None:
    """Criteria without anything are a document too."""
    assert '<Criteria xmlns="http://schemas.k2.com/worklist/d1" />' == Criteria().to_xml()


@pytest.mark.parametrize(
    ("made", "comparison"),
    [
        (FOLIO.equals("a"), "Equal"),
        (FOLIO.differs_from("a"), "NotEqual"),
        (FOLIO.less_than("a"), "Less"),
        (FOLIO.greater_than("a"), "Greater"),
        (FOLIO.at_most("a"), "LessOrEqual"),
        (FOLIO.at_least("a"), "GreaterOrEqual"),
        (FOLIO.like("a"), "Like"),
        (FOLIO.not_like("a"), "NotLike"),
    ],
)
def test_every_comparison(made: Filter, comparison: str) -> None:
    """Each of K2's eight comparisons has a method."""
    assert comparison == made.comparison
    assert len(Comparison) == 8


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("Demo", "String", "Demo"),
        (True, "Boolean", "true"),
        (7, "Integer", "7"),
        (2**40, "Long", "1099511627776"),
        (0.5, "Double", "0.5"),
        (Decimal("1E+3"), "Decimal", "1000"),
        (datetime(2017, 5, 15, 17, 47, 44, tzinfo=UTC), "Date", "2017-05-15T17:47:44Z"),
        (datetime(2017, 5, 15, 17, 47, 44), "Date", "2017-05-15T17:47:44Z"),  # noqa: DTZ001 - without a zone: UTC
        (date(2017, 5, 15), "Date", "2017-05-15"),
        (b"\x00\xff", "Binary", "00ff"),
    ],
)
def test_the_type_of_a_value(value: Any, kind: str, text: str) -> None:
    """The type follows from the value, unless it is given."""
    assert ({"Field": "ProcessFolio", "Comparison": "Equal", "ValueType": kind}, text) == _filters(
        Criteria(FOLIO.equals(value))
    )[0]
    given_type = Filter(field="ProcessFolio", value=value, value_type=ValueType.STRING)
    assert _filters(Criteria(given_type))[0][0]["ValueType"] == "String"


def test_brackets() -> None:
    """A group in a group stands between brackets; the first of all opens one with an entry that has no field."""
    two = any_of(STATUS.equals("Available"), STATUS.equals("Open"))

    assert [
        ("StartBracket", None),
        (None, "Available"),
        ("Or", "Open"),
        ("EndBracket", None),
        ("And", "Demo"),
    ] == _joins(all_of(two, FOLIO.equals("Demo")))
    assert _filters(Criteria(all_of(two)))[0][0] == {"Field": "None", "Comparison": "Equal", "Logical": "StartBracket"}
    assert [
        (None, "Demo"),
        ("AndBracket", "Available"),
        ("Or", "Open"),
        ("EndBracket", None),
    ] == _joins(all_of(FOLIO.equals("Demo"), two))
    assert [
        (None, "Demo"),
        ("OrBracket", "a"),
        ("And", "b"),
        ("EndBracket", None),
    ] == _joins(any_of(FOLIO.equals("Demo"), all_of(FOLIO.equals("a"), FOLIO.equals("b"))))


leaves = st.integers(0, 3).map(lambda number: FOLIO.equals(f"v{number}"))
conditions = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda join, members: join(*members), st.sampled_from([all_of, any_of]), st.lists(inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


@given(conditions, st.frozensets(st.sampled_from(["v0", "v1", "v2", "v3"])))
def test_the_list_means_what_the_groups_mean(where: Condition, true: frozenset[str]) -> None:
    """Read entry by entry, brackets included, the printed list is true exactly where the groups are."""
    assert _holds(where, true) == _read_list(_filters(Criteria(where)), lambda text: text in true)


def _holds(where: Condition, true: frozenset[str]) -> bool:
    if isinstance(where, Filter):
        return where.value in true
    return (all if where.join is Logical.AND else any)(_holds(each, true) for each in where.conditions)


def _read_list(entries: Sequence[tuple[dict[str, str], str | None]], true: Callable[[str], bool]) -> bool:
    words: list[str] = []
    for attributes, text in entries:
        logical = attributes.get("Logical", "And")
        if logical == "EndBracket":
            words.append(")")
            continue
        if words and words[-1] != "(" and not logical.startswith("Start"):
            words.append("and" if logical.startswith("And") else "or")
        if logical.endswith("Bracket"):
            words.append("(")
        if attributes["Field"] != "None":
            words.append(str(true(text or "")))
    result = _expression(iter([*words, ")"]))
    assert result is not None
    return result


def _expression(words: Iterator[str]) -> bool | None:
    """One level; And and Or are never mixed in it, or the order in which they bind would matter."""
    result, join = None, None
    for word in words:
        if word == ")":
            return result
        if word in {"and", "or"}:
            assert join in {None, word}
            join = word
            continue
        value = _expression(words) if word == "(" else word == "True"
        assert value is not None
        result = value if result is None else (result and value) if join == "and" else (result or value)
    raise AssertionError("a bracket is not closed")


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r"), max_size=20)


@given(texts, texts, texts)
def test_every_text_comes_through(value: str, sub_field: str, user: str) -> None:
    """Whatever XML can hold is read back as it was, markup, quotes and line ends included."""
    criteria = Criteria(field("ProcessData", sub_field).equals(value), managed_user=user)

    root = etree.fromstring(criteria.to_xml())

    assert [user, sub_field, value] == [root.get("ManagedUser"), root[0].get("SubField"), root[0].text or ""]


def test_what_cannot_be_written() -> None:
    """Characters that XML has not, an empty group and endless lists are refused before anything is sent."""
    for character in ("\0", "\x1b", "\ufffe", "\ud800"):
        with pytest.raises(InvalidRequest, match="character"):
            Criteria(FOLIO.equals(character)).to_xml()
    with pytest.raises(InvalidRequest, match="empty"):
        any_of()
    with pytest.raises(InvalidRequest, match="200 filters"):
        Criteria(any_of(*[FOLIO.equals("x")] * 201))
    with pytest.raises(InvalidRequest, match="False is no condition"):
        Criteria(all_of(FOLIO == "x"))  # type: ignore[arg-type, comparison-overlap]
    deep: Condition = FOLIO.equals("x")
    for _ in range(30):
        deep = all_of(deep)
    with pytest.raises(InvalidRequest, match="inside each other"):
        Criteria(deep)
