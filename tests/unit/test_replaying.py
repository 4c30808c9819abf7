"""Histories as files."""

from pathlib import Path

import pytest
from temporalio.api.history.v1 import HistoryEvent, WorkflowExecutionStartedEventAttributes
from temporalio.client import WorkflowHistory

from kurun_config import ConfigurationError
from kurun_worker.replaying import Recorded, Wanted, read_files, save


def history(workflow_id: str) -> Recorded:
    """A workflow that has only begun."""
    started = WorkflowExecutionStartedEventAttributes(workflow_id=workflow_id, original_execution_run_id="run")
    started.workflow_type.name = "Order"
    event = HistoryEvent(event_id=1, event_type=1, workflow_execution_started_event_attributes=started)  # type: ignore[arg-type]
    return Recorded(WorkflowHistory(workflow_id, [event]), "Order", workflow_id)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "cannot be read as a history"),
        ("[]", "cannot be read as a history"),
        ('{"events": []}', "is no history: its first event is not the start"),
        ('{"events": [{"eventId": "1", "timerStartedEventAttributes": {}}]}', "is no history"),
        ("\udcff", "cannot be read as a history"),
    ],
)
async def test_a_file_that_is_no_history_is_named(tmp_path: Path, content: str, reason: str) -> None:
    """And why it is none."""
    (tmp_path / "bad.json").write_bytes(content.encode(errors="surrogateescape"))

    with pytest.raises(ConfigurationError, match=rf"bad\.json: {reason}"):
        await anext(read_files([tmp_path]))


@pytest.mark.parametrize(("name", "reason"), [("nowhere", "is not there"), ("", r"has no \*\.json")])
async def test_a_place_without_histories_is_named(tmp_path: Path, name: str, reason: str) -> None:
    """A folder without any is no success."""
    with pytest.raises(ConfigurationError, match=reason):
        await anext(read_files([tmp_path / name]))


@pytest.mark.parametrize("workflow_id", ["orders/1", "../../etc/passwd", "Ü b:\n", "x" * 1000])
async def test_any_workflow_id_is_kept_and_read_again(tmp_path: Path, workflow_id: str) -> None:
    """As one file in the folder, whatever the id is made of."""
    file = save(history(workflow_id), tmp_path / "kept")
    read = [each async for each in read_files([tmp_path / "kept"])]

    assert file.parent == tmp_path / "kept"
    assert [(each.history.workflow_id, each.workflow_type) for each in read] == [(workflow_id, "Order")]


def test_the_queue_is_quoted_in_the_query() -> None:
    """A name with a quote is no part of the query's language; without closed ones there is one search."""
    searches = Wanted("o'brien", closed=0).searches()

    assert searches == [(r"TaskQueue = 'o\'brien' AND ExecutionStatus = 'Running'", 1000)]
