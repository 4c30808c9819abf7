"""Requests and responses of activities: KuFlow's own JSON, and what is refused."""

import json
import subprocess
import sys
from uuid import UUID

import pytest
from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

from kurun_activities import models
from kurun_activities.failure_types import INVALID_DATA

ID = UUID("00000000-0000-4000-8000-000000000001")
OTHER = UUID("00000000-0000-4000-8000-000000000002")
STAMP = "2026-01-02T03:04:05Z"


def test_a_request_of_another_sdk_is_read() -> None:
    """Absent values may come as null, and fields of a newer SDK are ignored."""
    sent = {
        "id": str(ID),
        "type": "TASK",
        "processId": str(OTHER),
        "processItemDefinitionCode": "FORM",
        "ownerEmail": None,
        "task": {"data": {"value": {"amount": None}}},
        "message": None,
        "newInNextYear": 1,
    }

    request = models.ProcessItemCreateRequest.model_validate_json(json.dumps(sent))

    kept = {name: sent[name] for name in ("id", "type", "processId", "processItemDefinitionCode", "task")}
    assert kept == request.to_wire()


def test_the_older_name_of_the_definition_is_read() -> None:
    """A workflow that still says ``taskDefinitionCode`` is understood, and answered in the current shape."""
    sent = {"type": "TASK", "processId": str(ID), "taskDefinitionCode": "FORM"}

    request = models.ProcessItemCreateRequest.model_validate(sent)

    assert {"type": "TASK", "processId": str(ID), "processItemDefinitionCode": "FORM"} == request.to_wire()


def test_a_patch_keeps_an_explicit_null() -> None:
    """``value: null`` means null; a missing value stays missing."""
    sent = {"processItemId": str(ID), "jsonPatch": [{"op": "add", "path": "/a", "value": None}]}
    sent["jsonPatch"].append({"op": "move", "path": "/b", "from": "/a"})  # type: ignore[attr-defined]

    request = models.ProcessItemTaskDataPatchRequest.model_validate_json(json.dumps(sent))

    operations = [{"op": "add", "path": "/a", "value": None}, {"op": "move", "path": "/b", "from": "/a"}]
    assert operations == request.to_wire()["jsonPatch"]


@pytest.mark.parametrize(
    ("model", "sent", "complaint"),
    [
        (models.ProcessItemRetrieveRequest, {}, "processItemId"),
        (models.ProcessItemRetrieveRequest, {"processItemId": "42"}, "processItemId"),
        (models.ProcessItemTaskAssignRequest, {"processItemId": str(ID)}, "ownerId or ownerEmail"),
        (models.ProcessInitiatorChangeRequest, {"processId": str(ID)}, "initiatorId or initiatorEmail"),
        (models.ProcessCreateRequest, {}, "processDefinitionId or processDefinitionCode"),
        (models.ProcessItemTaskDataPatchRequest, {"processItemId": str(ID), "jsonPatch": []}, "jsonPatch"),
        (models.ProcessItemCreateRequest, {"type": "TASK", "processId": str(ID)}, "processItemDefinitionCode"),
        (models.ProcessItemCreateRequest, {"type": "MESSAGE", "processId": str(ID)}, "message.text or message.data"),
        (models.BusinessArtifactCreateRequest, {}, "businessArtifactDefinitionId or businessArtifactDefinitionCode"),
        (models.ProcessActionCreateRequest, {"processId": str(ID), "processActionDefinitionCode": ""}, "processAction"),
        (models.ProcessItemsCancelRequest, {"processId": str(ID), "processItemIds": []}, "processItemIds"),
        (models.ProcessItemAiAssistanceGenerateRequest, {"processItemId": str(ID)}, "requestId"),
        (models.ProcessFindRequest, {"deleted": "SOMETIMES"}, "deleted"),
        (models.DocumentSource, {}, "exactly one of path, url and inline"),
        (models.DocumentSource, {"path": "a", "url": "b"}, "exactly one of path, url and inline"),
        (models.DocumentSource, {"inline": "#"}, "inline: Value error, is not base64"),
    ],
)
def test_a_wrong_request_is_described(model: type[models.ActivityRequest], sent: object, complaint: str) -> None:
    """What the payload converter hands over instead of a wrong request names the field and the rule."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate_json(json.dumps(sent))

    described = models.InvalidActivityRequest.of(model, caught.value).describe()

    assert described.startswith(f"{model.__name__} is invalid: ")
    assert complaint in described


def test_a_wrong_request_does_not_show_its_values() -> None:
    """Neither the description of a wrong request nor the error itself quotes what may be confidential."""
    with pytest.raises(ValidationError) as caught:
        models.ProcessItemRetrieveRequest.model_validate_json('{"processItemId": "hunter2"}')

    described = models.InvalidActivityRequest.of(models.ProcessItemRetrieveRequest, caught.value).describe()

    assert "hunter2" not in described + str(caught.value)


def test_inline_bytes_are_base64_on_the_wire() -> None:
    """A document inside a request is base64 in JSON and bytes in Python, and never in a representation."""
    source = models.DocumentSource(inline=b"\xff\x00pdf")

    written = source.to_wire_json()

    assert written == b'{"inline":"/wBwZGY="}'
    assert source == models.DocumentSource.model_validate_json(written)
    assert "pdf" not in repr(source)


def item(data: object = None, **task: object) -> dict[str, object]:
    """A task as KuFlow sends it."""
    return {
        "id": str(ID),
        "type": "TASK",
        "processId": str(OTHER),
        "task": {"state": "READY", **({"data": data} if data else {}), **task},
        "createdAt": STAMP,
    }


def process(**values: object) -> dict[str, object]:
    """A process as KuFlow sends it."""
    return {"id": str(ID), "state": "RUNNING", **values}


def artifact(**values: object) -> dict[str, object]:
    """A business artifact as KuFlow sends it."""
    return {"id": str(ID), "businessArtifactDefinitionRef": {"id": str(OTHER), "code": "CUSTOMER"}, **values}


INVALID = {"value": {}, "valid": False, "errors": [{"propertyPath": "/amount", "type": "REQUIRED"}]}
VALID = {"value": {}, "valid": True}


@pytest.mark.parametrize(
    ("response", "valid"),
    [
        (models.ProcessItemTaskDataUpdateResponse.model_validate({"processItem": item(VALID)}), True),
        (models.ProcessItemTaskDataUpdateResponse.model_validate({"processItem": item(INVALID)}), False),
        (models.ProcessItemRetrieveResponse.model_validate({"processItem": item()}), True),
        (models.ProcessRetrieveResponse.model_validate({"process": process(entity=INVALID)}), False),
        (models.ProcessMetadataUpdateResponse.model_validate({"process": process(metadata=INVALID)}), False),
        (models.ProcessMetadataUpdateResponse.model_validate({"process": process(entity=INVALID)}), True),
        (models.ProcessEntityUpdateResponse.model_validate({"process": process(metadata=INVALID)}), True),
        (models.ProcessItemsCancelResponse.model_validate({"process": process(metadata=INVALID)}), True),
        (models.ProcessItemTaskContextDataUpdateResponse.model_validate({"processItem": item(INVALID)}), True),
        (
            models.ProcessItemTaskContextDataUpdateResponse.model_validate({"processItem": item(contextData=INVALID)}),
            False,
        ),
        (models.BusinessArtifactUpdateResponse.model_validate({"businessArtifact": artifact(data=INVALID)}), False),
        (models.BusinessArtifactPatchResponse.model_validate({"businessArtifact": artifact(data=VALID)}), True),
    ],
)
def test_a_response_says_whether_what_was_saved_is_valid(response: models.SavedDataResponse, valid: bool) -> None:
    """``valid`` speaks of the values that the activity saved; without a verdict there is nothing wrong."""
    assert valid == response.valid


def test_invalid_data_can_be_made_a_failure() -> None:
    """A workflow that insists on valid data gets a failure with KuFlow's errors as details."""
    response = models.ProcessItemTaskDataUpdateResponse.model_validate({"processItem": item(INVALID)})

    with pytest.raises(ApplicationError, match="/amount: REQUIRED") as caught:
        response.raise_for_invalid_data()

    assert (caught.value.type, caught.value.non_retryable) == (INVALID_DATA, True)
    assert list(caught.value.details) == [{"propertyPath": "/amount", "type": "REQUIRED"}]


def test_valid_data_passes() -> None:
    """Insisting on valid data does nothing when it is valid."""
    models.ProcessItemTaskDataUpdateResponse.model_validate({"processItem": item(VALID)}).raise_for_invalid_data()


def test_a_response_is_written_as_kuflow_sends_the_item() -> None:
    """A workflow of another SDK gets the item with its verdict, its log and fields that are unknown here."""
    log = {"id": str(OTHER), "timestamp": STAMP, "message": "hello", "level": "INFO"}
    sent = {"processItem": item(INVALID, logs=[log], newInNextYear=1)}

    response = models.ProcessItemTaskLogAppendResponse.model_validate(sent)

    assert sent == response.to_wire()


def test_workflows_import_no_activity_code() -> None:
    """Models, names and failure types bring none of the code that does I/O into a workflow's sandbox."""
    code = "import sys, kurun_activities.models, kurun_activities.names, kurun_activities.failure_types"
    show = "print(*sorted({name.split('.')[1] for name in sys.modules if name.startswith('kurun_activities.')}))"
    shown = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", f"{code}; {show}"], capture_output=True, text=True, check=True
    )

    assert shown.stdout == "failure_types models names\n"


@pytest.mark.parametrize(
    "written", ["businessArtifactActionCreateArtifactPrepare", "businessArtifactCreateArtifactPrepare"]
)
@pytest.mark.parametrize(
    ("model", "field"),
    [
        (models.BusinessArtifactActionCreateArtifactPrepareResponse, "businessArtifactActionCreateArtifactPrepare"),
        (models.BusinessArtifactCreateArtifactPrepareResponse, "businessArtifactCreateArtifactPrepare"),
    ],
)
def test_both_names_of_a_prepared_artifact_are_read(
    written: str, model: type[models.ActivityResponse], field: str
) -> None:
    """KuFlow renamed a field together with its activity: either is read, and each activity writes its own."""
    prepared = {"businessArtifactDefinitionRef": {"id": str(ID), "code": "CUSTOMER"}, "value": {"name": None}}

    response = model.model_validate({written: prepared})

    assert response.to_wire() == {field: prepared}


def test_a_response_in_the_older_shape_is_read() -> None:
    """What a worker of an older SDK answers, with summaries in place of references, comes out in the current shape."""
    older = {**item(), "taskDefinition": None}
    older["task"] = {"state": "READY", "taskDefinition": {"id": str(OTHER), "version": "1", "name": "Form"}}

    response = models.ProcessItemRetrieveResponse.model_validate({"processItem": older})

    reference = {"id": str(OTHER), "version": "1", "name": "Form"}
    assert response.to_wire()["processItem"]["processItemDefinitionRef"] == reference
