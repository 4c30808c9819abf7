"""A K2 task as the data of a process item, and what people answer in it."""

from typing import Any

import pytest
from temporalio.exceptions import ActivityError, ApplicationError, RetryState

from kurun_activities.k2.failure_types import UNKNOWN_OUTCOME
from kurun_activities.k2.watch_models import Kind
from kurun_clients.k2.workflow_api.models import ServerEvent, Task
from kurun_workflows.k2.failures import failure_type, saw_it_gone
from kurun_workflows.k2.forms import MirrorForm, WrongAnswerError, answer_in

TASK = {
    "serialNumber": "12_34",
    "status": "Open",
    "taskStartDate": "2025-11-03T10:00:00Z",
    "priority": 1,
    "formURL": "https://k2.example.com/form?SN=12_34",
    "workflowName": "Loans\\Approval",
    "workflowDisplayName": "Loan approval",
    "workflowInstanceFolio": "Loan of Ada",
    "activityName": "Approve",
    "eventName": "Decide",
    "originator": {"fqn": "K2:ACME\\Bob", "displayName": "Bob Boss"},
    "actions": {"batchableActions": ["Decline"], "nonBatchableActions": ["Approve", "Send back"]},
    "instruction": "Look twice",
    "workflowInstanceDataFields": {"Amount": 7, "File Id": "x"},
}


def form(*actions: str, kind: Kind = Kind.TASK) -> MirrorForm:
    """A form with these actions."""
    return MirrorForm(serial_number="12_34", kind=kind, actions=list(actions))


def test_a_task_is_shown_with_its_fields_links_and_actions() -> None:
    """People see whose task it is, its fields, K2's form, and all actions of the workflow."""
    data = MirrorForm.of_task(Task.model_validate(TASK)).to_wire()

    assert data == {
        "serialNumber": "12_34",
        "kind": "TASK",
        "folio": "Loan of Ada",
        "workflow": "Loan approval",
        "activity": "Approve",
        "event": "Decide",
        "instruction": "Look twice",
        "priority": 1,
        "startedAt": "2025-11-03T10:00:00Z",
        "originator": "Bob Boss",
        "formUrl": "https://k2.example.com/form?SN=12_34",
        "actions": ["Decline", "Approve", "Send back"],
        "dataFields": {"Amount": 7, "File Id": "x"},
    }


def test_a_server_event_is_shown_alike() -> None:
    """An event has no actions; its fields and its step are shown."""
    event = ServerEvent.model_validate(
        {
            "serialNumber": "12_35",
            "eventName": "Wait",
            "eventInstance": {"priority": 2},
            "workflowInstanceDataFieldsString": '{"Amount": 7}',
        }
    )
    data = MirrorForm.of_server_event(event).to_wire()

    assert data == {
        "serialNumber": "12_35",
        "kind": "SERVER_EVENT",
        "event": "Wait",
        "priority": 2,
        "actions": [],
        "dataFields": {"Amount": 7},
    }


@pytest.mark.parametrize("chosen", ["Send back", "send BACK", " Send back "])
def test_an_action_is_found_whatever_its_case(chosen: str) -> None:
    """K2 does not mind the case of an action, so people need not; it is sent as the task spells it."""
    answer = answer_in({"action": chosen, "changes": {"Note": "no"}}, form("Approve", "Send back"))

    assert (answer.action, answer.changes) == ("Send back", {"Note": "no"})


def test_the_only_action_need_not_be_chosen() -> None:
    """Completing the item of a task with one action takes that action."""
    assert answer_in({"action": ""}, form("Acknowledge")).action == "Acknowledge"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "an action has to be chosen: Approve, Decline"),
        ({"action": "Delete"}, "the task has no action 'Delete'; it has: Approve, Decline"),
        ({"action": 7}, "`action` has to be a text and `changes` an object with data fields by name"),
        ({"action": "Approve", "changes": ["Note"]}, "`action` has to be a text"),
    ],
)
def test_a_wrong_answer_says_what_is_wanted(data: dict[str, Any], said: str) -> None:
    """What cannot be sent to K2 is refused in words for the person who filled it in."""
    with pytest.raises(WrongAnswerError) as caught:
        answer_in(data, form("Approve", "Decline"))

    assert said in str(caught.value)


def test_a_server_event_needs_no_action() -> None:
    """Finishing an event takes data fields alone."""
    answer = answer_in({"changes": {"Paid": True}}, form(kind=Kind.SERVER_EVENT))

    assert (answer.action, answer.changes) == (None, {"Paid": True})


@pytest.mark.parametrize(
    ("details", "gone"),
    [(({"seen": "gone"},), True), (({"seen": "gone, no mark"},), True), (({"seen": "there"},), False), ((), False)],
)
def test_an_unknown_outcome_tells_whether_the_task_is_gone(details: tuple[Any, ...], gone: bool) -> None:
    """The failure's detail says what was seen; without it nothing is assumed."""
    error = ActivityError(
        "failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type="K2_actOnTask",
        activity_id="1",
        retry_state=RetryState.NON_RETRYABLE_FAILURE,
    )
    error.__cause__ = ApplicationError("lost", *details, type=UNKNOWN_OUTCOME)

    assert failure_type(error) == UNKNOWN_OUTCOME
    assert saw_it_gone(error) is gone
