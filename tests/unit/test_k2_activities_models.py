"""Requests and responses of K2 activities as JSON."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from kurun_activities.k2 import models
from kurun_activities.models import ActivityRequest
from kurun_clients.k2.fields import XmlField
from kurun_clients.k2.services.models import DataField, ProcessInstance
from kurun_clients.k2.workflow_api.models import Task
from kurun_worker.converter import kuflow_data_converter

CONVERTER = kuflow_data_converter.payload_converter


@pytest.mark.parametrize(
    ("model", "sent", "complaint"),
    [
        (models.K2TaskRetrieveRequest, {}, "serialNumber"),
        (models.K2TaskRetrieveRequest, {"serialNumber": "12"}, "serialNumber"),
        (models.K2TaskRetrieveRequest, {"serialNumber": "12_34/../1"}, "serialNumber"),
        (models.K2TaskSleepRequest, {"serialNumber": "1_2"}, "exactly one of until and seconds"),
        (models.K2TaskSleepRequest, {"serialNumber": "1_2", "seconds": 0}, "seconds"),
        (models.K2TaskSleepRequest, {"serialNumber": "1_2", "until": "2026-01-01T00:00:00"}, "until"),
        (models.K2TaskActRequest, {"serialNumber": "1_2"}, "action"),
        (
            models.K2TaskActRequest,
            {"serialNumber": "1_2", "action": "a", "markerField": "M", "dataFields": {"M": 1}},
            "markerField",
        ),
        (models.K2WorkflowStartRequest, {"workflowId": 0}, "workflowId"),
        (models.K2WorkflowStartRequest, {"workflowId": 7, "businessKey": "a b"}, "businessKey"),
        (models.K2ServicesActionExecuteRequest, {"serialNumber": "1_2"}, "exactly one of action"),
        (
            models.K2ServicesTaskUpdateRequest,
            {"serialNumber": "1_2", "action": "a", "wake": True},
            "exactly one of action",
        ),
        (models.K2ServicesTasksUpdateRequest, {"updates": []}, "updates"),
        (models.K2ServicesWorklistFilterRequest, {"criteria": {"where": {"value": 1}}}, "exactly one of field"),
        (models.K2ServicesInstancesStartRequest, {"instances": []}, "instances"),
    ],
)
def test_a_wrong_request_is_refused(model: type[ActivityRequest], sent: object, complaint: str) -> None:
    """The complaint names the field or the rule, in the words of the JSON."""
    with pytest.raises(ValidationError, match=complaint):
        model.model_validate_json(json.dumps(sent))


def test_null_means_nothing_to_write() -> None:
    """Other languages write absent values as null; unknown fields are passed over."""
    sent = {"serialNumber": "SN=1_2", "action": "a", "dataFields": None, "xmlFields": None, "newNextYear": 1}

    request = models.K2TaskActRequest.model_validate(sent)

    changes = request.changes()
    assert ({}, (), {}) == (changes.data_fields, changes.xml_fields, changes.item_references)


def test_a_null_to_write_is_kept() -> None:
    """Emptying a data field is not the same as leaving it out, on both sides of the history."""
    request = models.K2TaskActRequest(
        serial_number="1_2",
        action="Approve",
        data_fields={"File Id": None, "Amount": 5},
        xml_fields=(XmlField(name="X", value="<x/>"),),
    )

    [payload] = CONVERTER.to_payloads([request])

    assert json.loads(payload.data)["dataFields"] == {"File Id": None, "Amount": 5}
    assert request == CONVERTER.from_payload(payload, models.K2TaskActRequest)


@pytest.mark.parametrize(
    ("response", "written"),
    [
        (
            models.K2TaskRetrieveResponse(
                task=Task.model_validate(
                    {"serialNumber": "1_2", "workflowInstanceID": 1, "formURL": "http://x", "newNextYear": [1]}
                )
            ),
            {"task": {"serialNumber": "1_2", "workflowInstanceID": 1, "formURL": "http://x", "newNextYear": [1]}},
        ),
        (models.K2TaskRetrieveResponse(), {}),
        (
            models.K2ServicesInstanceRetrieveResponse(
                process_instance=ProcessInstance(
                    id=7,
                    status="Completed",
                    start_date=datetime(2026, 1, 2, tzinfo=UTC),
                    data_fields=(DataField(name="Amount", value="5"),),
                )
            ),
            {
                "processInstance": {
                    "ID": 7,
                    "Status": "Completed",
                    "StartDate": "2026-01-02T00:00:00Z",
                    "DataFields": [{"Name": "Amount", "Value": "5"}],
                }
            },
        ),
    ],
)
def test_answers_keep_k2s_own_names(response: Any, written: dict[str, Any]) -> None:
    """A workflow of any SDK finds in the history what K2's documents describe, and reads it back."""
    [payload] = CONVERTER.to_payloads([response])

    found = json.loads(payload.data)
    part = next(iter(written), None)
    assert (part is None and found == {}) or (part is not None and written[part].items() <= found[part].items())
    assert response == CONVERTER.from_payload(payload, type(response))
