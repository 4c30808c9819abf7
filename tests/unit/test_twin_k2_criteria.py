"""Criteria documents of the K2 Services: which items a list call selects, and in which order."""

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_twin.k2.platform.patterns import matches_pattern
from kurun_twin.k2.services_api.criteria import read_criteria
from kurun_twin.k2.services_api.documents import UnreadableDocument

WORKLIST = "http://schemas.k2.com/worklist/d1"
KNOWN = frozenset({"Folio", "Priority", "Started", "Urgent", "Data", "Bytes"})
START = datetime(2025, 3, 1, 12, tzinfo=UTC)

ROWS: list[dict[str, Any]] = [
    {"Folio": "Demo 1", "Priority": 1, "Started": START, "Urgent": True, "Data": {"Amount": 9}, "Bytes": "0aff"},
    {"Folio": "demo 2", "Priority": 2, "Started": START + timedelta(days=1), "Urgent": False, "Data": {"Amount": 10}},
    {"Folio": "Other", "Priority": 10, "Started": START + timedelta(days=2), "Data": {}},
    {"Folio": "50%", "Priority": 2, "Started": START - timedelta(days=1), "Data": {"Amount": "none"}},
]


def criteria(*entries: str, attributes: str = "") -> bytes:
    """A Criteria document."""
    return f'<Criteria xmlns="{WORKLIST}"{attributes}>{"".join(entries)}</Criteria>'.encode()


def condition(field: str, comparison: str, value: str = "", value_type: str = "String", **attributes: str) -> str:
    """A Filter element."""
    others = "".join(f" {name}={quoteattr(text)}" for name, text in attributes.items())
    start = f'<Filter Field="{field}" Comparison="{comparison}" ValueType="{value_type}"{others}>'
    return f"{start}{escape(value)}</Filter>"


def bracket(logical: str) -> str:
    """A Filter element that only opens or closes a bracket."""
    return f'<Filter Field="None" Logical="{logical}" />'


def read(row: dict[str, Any], field: str, sub_field: str) -> object:
    """A field of a sample row."""
    value = row.get(field)
    return value.get(sub_field) if isinstance(value, dict) else value


def selected(document: bytes) -> list[str]:
    """The folios of the sample rows that a document selects."""
    return [row["Folio"] for row in read_criteria(document, KNOWN).select(ROWS, read)]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (condition("Folio", "Equal", "demo 1"), ["Demo 1"]),
        (condition("Folio", "NotEqual", "Other"), ["Demo 1", "demo 2", "50%"]),
        (condition("Priority", "Less", "2", "Integer"), ["Demo 1"]),
        (condition("Priority", "Greater", "2", "Long"), ["Other"]),
        (condition("Priority", "LessOrEqual", "2", "Integer"), ["Demo 1", "demo 2", "50%"]),
        (condition("Priority", "GreaterOrEqual", "2.0", "Double"), ["demo 2", "Other", "50%"]),
        (condition("Priority", "Greater", "1", "String"), ["demo 2", "Other", "50%"]),
        (condition("Folio", "Like", "Demo"), []),
        (condition("Folio", "Like", "Demo%"), ["Demo 1", "demo 2"]),
        (condition("Folio", "Like", "%o_1"), ["Demo 1"]),
        (condition("Folio", "NotLike", "%o%"), ["50%"]),
        (condition("Started", "Greater", "2025-03-01T13:00:00+01:00", "Date"), ["demo 2", "Other"]),
        (condition("Started", "Equal", "2025-03-01T12:00:00", "Date"), ["Demo 1"]),
        (condition("Urgent", "Equal", "TRUE", "Boolean"), ["Demo 1"]),
        (condition("Urgent", "NotEqual", "1", "Boolean"), ["demo 2"]),
        (condition("Data", "GreaterOrEqual", "9", "Decimal", SubField="Amount"), ["Demo 1", "demo 2"]),
        (condition("Data", "Equal", "none", SubField="Amount"), ["50%"]),
        (condition("Data", "Equal", "9", "Decimal", SubField="Nothing"), []),
        (condition("Bytes", "Equal", "0A FF", "Binary"), ["Demo 1"]),
    ],
)
def test_comparisons_by_type(entry: str, expected: list[str]) -> None:
    """Every comparison and value type selects what it says; a field that is absent or of another type, nothing."""
    assert expected == selected(criteria(entry))


def test_joins_and_brackets() -> None:
    """And binds tighter than Or; brackets, opened by entries of their own or by AndBracket and OrBracket, go before."""
    demo, two, other = (
        condition("Folio", "Like", "demo%"),
        condition("Priority", "Equal", "2", "Integer", Logical="And"),
        condition("Folio", "Equal", "Other", Logical="Or"),
    )
    bracketed = condition("Folio", "Equal", "Other", Logical="OrBracket")
    tens = condition("Priority", "Equal", "10", "Integer", Logical="And")

    assert ["demo 2", "Other"] == selected(criteria(demo, two, other))
    assert ["Other", "demo 2"] == selected(criteria(other, demo.replace("<Filter", '<Filter Logical="Or"'), two))[::-1]
    assert ["demo 2"] == selected(criteria(bracket("StartBracket"), demo, other, bracket("EndBracket"), two))
    assert ["Demo 1", "demo 2", "Other"] == selected(criteria(demo, bracketed, tens, bracket("EndBracket")))
    assert ["demo 2"] == selected(
        criteria(demo, bracket("AndBracket"), two, other, bracket("EndBracket"), attributes=' Platform="ASP"')
    )


def test_a_filter_without_logical_is_joined_with_and() -> None:
    """Several filters that say nothing of how they are joined have all to hold."""
    entries = condition("Folio", "Like", "demo%"), condition("Priority", "Equal", "2", "Integer")

    assert ["demo 2"] == selected(criteria(*entries))


def test_sorts() -> None:
    """The first Sort is the most important; what is absent comes first; equal rows keep their order."""
    by_priority = '<Sort Field="Priority" Order="Descending" />'

    assert ["Other", "demo 2", "50%", "Demo 1"] == selected(criteria(by_priority))
    assert ["Other", "50%", "demo 2", "Demo 1"] == selected(criteria(by_priority, '<Sort Field="Started" />'))
    assert ["Other", "Demo 1", "demo 2", "50%"] == selected(criteria('<Sort Field="Data" SubField="Amount" />'))
    assert ["50%", "Demo 1", "demo 2", "Other"] == selected(criteria('<Sort Order="Ascending" Field="Folio" />'))


def test_the_documented_example() -> None:
    """The example of the reference, whose Like has no wildcard, finds the folio that it spells and sorts by start."""
    document = (
        b'<Criteria xmlns="http://schemas.k2.com/worklist/d1">'
        b'<Filter Field="Folio" Comparison="Like" ValueType="String">Demo 1</Filter>'
        b'<Sort Field="Started" Order="Descending" /></Criteria>'
    )

    assert ["Demo 1"] == selected(document)


def test_a_managed_user_is_told() -> None:
    """ManagedUser says whose list is wanted."""
    assert r"K2:ACME\Ada" == read_criteria(criteria(attributes=r' ManagedUser="K2:ACME\Ada"'), KNOWN).managed_user


@pytest.mark.parametrize(
    "document",
    [
        criteria(condition("Nothing", "Equal", "1")),
        criteria(condition("Folio", "Resembles", "1")),
        criteria(condition("Folio", "Equal", "1", "Text")),
        criteria(condition("Priority", "Equal", "many", "Integer")),
        criteria(condition("Started", "Equal", "yesterday", "Date")),
        criteria(condition("Folio", "Equal", "1", Logical="Xor")),
        criteria(condition("Folio", "Like", "%" * 5000)),
        criteria('<Sort Field="Nothing" />'),
        criteria('<Sort Field="Folio" Order="Random" />'),
        criteria(bracket("StartBracket"), condition("Folio", "Equal", "1")),
        criteria(condition("Folio", "Equal", "1"), bracket("EndBracket")),
        criteria(bracket("StartBracket"), bracket("EndBracket")),
        criteria(bracket("EndBracket"), bracket("StartBracket")),
        criteria(bracket("StartBracket") * 100, condition("Folio", "Equal", "1"), bracket("EndBracket") * 100),
        criteria(condition("Folio", "Equal", "1") * 1001),
        b"<Filter />",
        b"<Criteria><Filter Field='Folio'><b/></Filter></Criteria>",
    ],
)
def test_wrong_documents_are_refused(document: bytes) -> None:
    """Unknown names, values of another type and brackets that do not match are refused, not passed over."""
    with pytest.raises(UnreadableDocument):
        read_criteria(document, KNOWN)


@given(st.text(alphabet="ab%_", max_size=12), st.text(alphabet="ab", max_size=12))
def test_patterns_match_as_the_definition_says(pattern: str, text: str) -> None:
    """The matcher agrees with the recursive definition of LIKE."""

    def defined(rest: str, left: str) -> bool:
        if not rest:
            return not left
        if rest[0] == "%":
            return defined(rest[1:], left) or (left != "" and defined(rest, left[1:]))
        return left != "" and rest[0] in ("_", left[0]) and defined(rest[1:], left[1:])

    assert defined(pattern, text) == matches_pattern(text, pattern)


def test_many_wildcards_stay_cheap() -> None:
    """A pattern of many wildcards that nothing fits needs no exponential time."""
    assert not matches_pattern("a" * 2000, "%a" * 500 + "b")
