"""What KuFlow and workflows say to each other, as JSON."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import BaseModel

from kurun_clients.kuflow.models import JsonValueError, ProcessItem
from kurun_workflows import (
    CarryOver,
    InvalidData,
    OpenItem,
    SignalProcessItem,
    SignalProcessItemType,
    SignalUserAction,
    WorkflowRequest,
    WorkflowResponse,
    WorkflowUserActionRequest,
)
from kurun_workflows.values import completed, json_value

ID = "5f0c9d52-5b35-4b3f-8f14-0d5f7b4f1f10"
NOON = datetime(2025, 11, 3, 12, tzinfo=UTC)


def test_a_workflow_request_goes_and_comes_as_kuflow_writes_it() -> None:
    """A request that is sent on keeps every field, also those that nobody here knows."""
    wire = {
        "processId": ID,
        "requestTime": "2025-11-03T12:00:00Z",
        "requestTimeZone": "Europe/Madrid",
        "extras": {"a": 1},
        "newInKuFlow": [1, 2],
    }
    request = WorkflowRequest.model_validate(wire)

    assert request.process_id == UUID(ID)
    assert request.request_time == NOON
    assert json.loads(request.to_wire_json()) == wire


def test_a_workflow_request_needs_only_its_process() -> None:
    """What KuFlow leaves out reads as ``None``."""
    request = WorkflowRequest.model_validate({"processId": ID})

    assert (request.request_time, request.request_time_zone, request.extras) == (None, None, None)
    assert WorkflowResponse(message="done").to_wire() == {"message": "done"}


@pytest.mark.parametrize(("text", "kind"), [("TASK", SignalProcessItemType.TASK), ("ROBOT", "ROBOT")])
def test_a_signal_of_a_type_that_is_new_is_still_a_signal(text: str, kind: str) -> None:
    """Known types become members, others stay texts."""
    signal = SignalProcessItem.model_validate({"id": ID, "type": text, "payload": {"other": 1}})

    assert signal.type == kind
    assert isinstance(signal.type, SignalProcessItemType) == (text == "TASK")


@pytest.mark.parametrize("field", ["requestInstant", "requestTime"])
def test_both_spellings_of_a_user_action_signal_are_read(field: str) -> None:
    """One SDK writes ``requestInstant``, the others ``requestTime``; the latter is written."""
    signal = SignalUserAction.model_validate({"userActionDefinitionCode": "RETRY", field: "2025-11-03T12:00:00Z"})

    assert signal.request_time == NOON
    assert signal.to_wire() == {"userActionDefinitionCode": "RETRY", "requestTime": "2025-11-03T12:00:00Z"}


def test_a_user_action_request_is_read() -> None:
    """The ids and the type of the action."""
    request = WorkflowUserActionRequest.model_validate(
        {"processId": ID, "userActionDefinitionType": "DOWNLOADABLE", "userActionId": ID}
    )

    assert request.user_action_definition_type == "DOWNLOADABLE"
    assert request.user_action_id == UUID(ID)


def test_what_is_carried_over_survives_json() -> None:
    """The state for the next run is plain JSON."""
    carried = CarryOver(open_items=(OpenItem(id=UUID(ID), code="FORM", signalled=True),))

    assert CarryOver.model_validate_json(carried.to_wire_json()) == carried


class Form(BaseModel):
    """A model with an alias that has to be kept."""

    name: str
    years: int | None = None


def task(value: dict[str, object], *, valid: bool | None = True) -> ProcessItem:
    """A completed task as KuFlow answers it."""
    return ProcessItem.model_validate(
        {
            "id": ID,
            "type": "TASK",
            "processId": ID,
            "task": {
                "state": "COMPLETED",
                "data": {"value": value, "valid": valid, "errors": [{"propertyPath": "/name", "type": "REQUIRED"}]},
            },
        }
    )


def test_data_is_read_into_a_model_or_a_dictionary() -> None:
    """The workflow chooses what it works with."""
    assert completed(task({"name": "Ada"}), Form).data == Form(name="Ada")
    assert completed(task({"name": "Ada"}), dict).data == {"name": "Ada"}


def test_data_that_kuflow_flags_is_not_passed_on() -> None:
    """``valid: false`` raises with KuFlow's own errors."""
    with pytest.raises(InvalidData) as caught:
        completed(task({}, valid=False), dict)

    assert caught.value.errors == (JsonValueError(property_path="/name", type="REQUIRED"),)
    assert caught.value.item_id == UUID(ID)


def test_data_that_does_not_fit_is_told_by_place() -> None:
    """The error has JSON pointers and rules, and no values."""
    with pytest.raises(InvalidData) as caught:
        completed(task({"name": "Ada", "years": "secret"}), Form)

    assert [error.property_path for error in caught.value.errors] == ["/years"]
    assert "secret" not in str(caught.value)


def test_models_are_saved_without_what_is_absent() -> None:
    """A ``None`` in a model is not a ``null`` in KuFlow."""
    assert json_value(Form(name="Ada")).value == {"name": "Ada"}
    assert json_value({"name": None}).value == {"name": None}
