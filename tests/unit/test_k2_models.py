"""What K2's Workflow REST API answers, as models."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kurun_clients.http import InvalidRequest
from kurun_clients.k2.fields import FieldChanges, body, written
from kurun_clients.k2.workflow_api.arguments import SYSTEM_ACTIONS, action_segment
from kurun_clients.k2.workflow_api.models import ServerEvent, Task, TaskList, TaskState, TaskSummary, WorkflowStart

# K2's own example of a task, each value made plain.
SAMPLE: dict[str, Any] = {
    "serialNumber": "1_1",
    "status": "Completed",
    "taskStartDate": "2017-05-15T17:47:44.0412345Z",
    "sleepUntil": "2017-05-16T17:47:44.04+02:00",
    "priority": 1,
    "formURL": "https://k2.example.com/form",
    "viewFlowURL": "https://k2.example.com/flow",
    "workflowID": 7,
    "workflowName": "Loans\\Approval",
    "workflowDisplayName": "Approval",
    "workflowCategory": "Loans",
    "workflowInstanceID": 1,
    "workflowInstanceFolio": "L-1",
    "activityInstanceID": 2,
    "activityInstanceDestinationID": 1,
    "activityName": "Approve",
    "eventName": "Approve",
    "eventDescription": "",
    "originator": {"username": "u", "fqn": "K2:D\\u", "email": "e", "manager": "m", "displayName": "d"},
    "actions": {"nonBatchableActions": ["a"], "batchableActions": ["b"], "systemActions": ["c"]},
    "instruction": "look",
}


def test_every_documented_member_has_its_field() -> None:
    """Nothing of K2's own example is left among the unknown members, and nothing of ours is missing in it."""
    task = TaskSummary.model_validate(SAMPLE)

    assert (task.model_extra, task.model_fields_set) == ({}, set(TaskSummary.model_fields))
    assert task.task_start_date == datetime(2017, 5, 15, 17, 47, 44, 41234, UTC)
    assert task.sleep_until == datetime(2017, 5, 16, 17, 47, 44, 40_000, timezone(timedelta(hours=2)))
    assert (task.workflow_id, task.form_url) == (7, "https://k2.example.com/form")
    assert (task.status, task.originator and task.originator.fqn) == (TaskState.COMPLETED, "K2:D\\u")
    assert task.actions is not None
    assert task.actions.batchable_actions == ("b",)


def test_a_moment_without_a_zone() -> None:
    """Every moment has a zone: one that names none is taken for UTC."""
    task = TaskSummary.model_validate({"serialNumber": "1_1", "taskStartDate": "2017-05-15T17:47:44"})

    assert task.task_start_date == datetime(2017, 5, 15, 17, 47, 44, tzinfo=UTC)


def test_little_is_enough() -> None:
    """Null, empty and absent members are nothing to stumble over; a serial number is all that a task needs."""
    task = Task.model_validate(
        {
            "serialNumber": "1_1",
            "sleepUntil": "",
            "taskStartDate": None,
            "workflowInstanceFolio": 42,
            "workflowInstanceDataFields": None,
            "workflowInstanceXmlFields": None,
            "itemReferences": None,
            "actions": {"batchableActions": None},
        }
    )

    assert (task.sleep_until, task.workflow_instance_folio, task.fields) == (None, "42", {})
    assert TaskList.model_validate({"tasks": None}).tasks == ()
    with pytest.raises(ValidationError):
        Task.model_validate({"status": "Open"})


def test_a_state_of_a_later_k2() -> None:
    """A state that is not known yet is its text."""
    task = TaskSummary.model_validate({"serialNumber": "1_1", "status": "Paused"})

    assert task.status == "Paused"


@pytest.mark.parametrize(
    "members",
    [
        {"workflowInstanceDataFields": {"File Id": 7}},
        {"workflowInstanceDataFieldsString": '{"File Id": 7}'},
        {"dataFields": {"File Id": 7}},
        {"workflowInstanceDataFields": {}, "workflowInstanceDataFieldsString": '{"File Id": 7}'},
    ],
)
def test_where_the_fields_of_a_task_are(members: dict[str, Any]) -> None:
    """K2 gives the data fields of the instance as an object, as text, or under a third name."""
    assert Task.model_validate({"serialNumber": "1_1"} | members).fields == {"File Id": 7}


@pytest.mark.parametrize("text", ["", "[", "[1]", "null", "[" * 100_000])
def test_fields_in_a_text_that_is_none(text: str) -> None:
    """A text that is no JSON object holds no fields."""
    event = ServerEvent.model_validate({"serialNumber": "1_1", "workflowInstanceDataFieldsString": text})

    assert event.fields == {}


def test_item_references_are_read_in_both_forms() -> None:
    """Records are numbered 1, 2, …; the _1 that .NET classes write means the same, and other names stay."""
    changes = FieldChanges(item_references={"Doc": {"_1": {"_2": "x"}, "2": {}, "_x": {}}, "xmlContent": "<x/>"})

    assert changes.item_references == {"Doc": {"1": {"_2": "x"}, "2": {}, "_x": {}}, "xmlContent": "<x/>"}


def test_what_is_empty_is_not_written() -> None:
    """A start without anything is an empty object; a null inside the data fields is a value and stays."""
    assert written(WorkflowStart()) == {}
    assert written(WorkflowStart(priority=0, data_fields={"a": None, "b": []})) == {
        "priority": 0,
        "dataFields": {"a": None, "b": []},
    }


def test_a_member_that_does_not_exist_is_refused() -> None:
    """A misspelt member would be lost without a word in K2."""
    with pytest.raises(ValidationError):
        WorkflowStart.model_validate({"folioo": "x"})


def test_what_json_cannot_say() -> None:
    """Infinities and lone surrogates are refused, not turned into something else."""
    for value in (float("inf"), "\ud800"):
        with pytest.raises(InvalidRequest):
            body({"dataFields": {"x": value}})


@given(st.text())
def test_an_action_stays_in_its_segment(action: str) -> None:
    """Whatever the name, it is refused, or is one quoted segment that is none of K2's own actions."""
    try:
        segment = action_segment(action)
    except InvalidRequest:
        return

    assert not set(segment) & set("/\\?#% ") - {"%"}
    assert segment.isascii()
    assert segment.casefold() not in {*SYSTEM_ACTIONS, "", ".", ".."}
