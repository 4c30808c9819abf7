"""The page of operations, held to the client, the twin and the registry that it is made from."""

from pathlib import Path

from kurun_twin.api import OPERATIONS as SERVED
from tests.kuflow_calls import coverage

PAGE = Path(__file__).parents[2] / "docs" / "kuflow-api.md"


def test_the_page_is_as_the_code() -> None:
    """``make docs`` was run after the last change of operations, client or activities."""
    assert PAGE.read_text() == coverage.page()


def test_no_cell_is_empty() -> None:
    """Every operation has a method of the client, and an activity or the reason why there is none."""
    empty = [row for row in coverage.rows() if not all(row)]

    assert empty == []
    assert len(SERVED) == 61


def test_a_reason_is_given_only_where_there_is_no_activity() -> None:
    """An operation that gains an activity loses its excuse."""
    excused = {operation for operation in coverage.NO_ACTIVITY if coverage.activity(operation).startswith("`")}
    unknown = (coverage.NO_ACTIVITY.keys() | coverage.OTHERWISE_NAMED.keys()) - {each.name for each in SERVED}

    assert (excused, unknown) == (set(), set())
