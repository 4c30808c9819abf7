"""The group Process."""

from kurun_clients.kuflow import BytesContent
from kurun_clients.kuflow.models import (
    DeletedQueryParam,
    ProcessActionCreateParams,
    ProcessActionCreateParamsCreateProcessItemMessage,
    ProcessChangeInitiatorParams,
    ProcessCreateParams,
    ProcessState,
)
from tests.kuflow_calls.samples import DOCUMENT, EMPTY_PAGE, FILE, ONE, PATCH, PROCESS, PROCESS_ACTION, TWO, VALUE, Call

CALLS: dict[str, Call] = {
    "find processes": (lambda k: k.processes.find(), EMPTY_PAGE, "GET", "/processes", None),
    "find processes by everything": (
        lambda k: k.processes.find(
            size=1000,
            page=3,
            sort=["createdAt,desc", "id"],
            tenant_id=[ONE],
            process_definition_id=str(TWO),
            process_definition_code=["A B"],
            state=[ProcessState.RUNNING, ProcessState.COMPLETED],
            initiator_id=ONE,
            initiator_email="a+b@example.com",
            metadata="CODE eq x%20y",
            deleted=DeletedQueryParam.ONLY,
        ),
        EMPTY_PAGE,
        "GET",
        (
            f"/processes?size=1000&page=3&sort=createdAt%2Cdesc&sort=id&tenantId={ONE}&processDefinitionId={TWO}"
            "&processDefinitionCode=A%20B&state=RUNNING&state=COMPLETED"
            f"&initiatorId={ONE}&initiatorEmail=a%2Bb%40example.com&metadata=CODE%20eq%20x%2520y&deleted=ONLY"
        ),
        None,
    ),
    "create process": (
        lambda k: k.processes.create(ProcessCreateParams(process_definition_id=TWO, metadata=VALUE)),
        PROCESS,
        "POST",
        "/processes",
        {"processDefinitionId": str(TWO), "metadata": {"value": {"a": 1}}},
    ),
    "create process by code": (
        lambda k: k.processes.create(ProcessCreateParams(tenant_id=ONE, process_definition_code="LOAN")),
        PROCESS,
        "POST",
        "/processes",
        {"tenantId": str(ONE), "processDefinitionCode": "LOAN"},
    ),
    "retrieve process": (lambda k: k.processes.retrieve(ONE), PROCESS, "GET", f"/processes/{ONE}", None),
    "complete process": (
        lambda k: k.processes.complete(str(ONE).upper()),
        PROCESS,
        "POST",
        f"/processes/{ONE}/~actions/complete",
        None,
    ),
    "cancel process": (
        lambda k: k.processes.cancel(ONE),
        PROCESS,
        "POST",
        f"/processes/{ONE}/~actions/cancel",
        None,
    ),
    "change initiator": (
        lambda k: k.processes.change_initiator(ONE, ProcessChangeInitiatorParams(initiator_id=TWO)),
        PROCESS,
        "POST",
        f"/processes/{ONE}/~actions/change-initiator",
        {"initiatorId": str(TWO)},
    ),
    "update metadata": (
        lambda k: k.processes.update_metadata(ONE, VALUE),
        PROCESS,
        "PUT",
        f"/processes/{ONE}/metadata",
        {"metadata": {"value": {"a": 1}}},
    ),
    "patch metadata": (
        lambda k: k.processes.patch_metadata(ONE, PATCH),
        PROCESS,
        "PATCH",
        f"/processes/{ONE}/metadata",
        [{"op": "add", "path": "/a", "value": None}],
    ),
    "update entity": (
        lambda k: k.processes.update_entity(ONE, VALUE),
        PROCESS,
        "PUT",
        f"/processes/{ONE}/entity",
        {"entity": {"value": {"a": 1}}},
    ),
    "patch entity": (
        lambda k: k.processes.patch_entity(ONE, PATCH),
        PROCESS,
        "PATCH",
        f"/processes/{ONE}/entity",
        [{"op": "add", "path": "/a", "value": None}],
    ),
    "upload document": (
        lambda k: k.processes.upload_document(ONE, BytesContent(b"[1]"), **FILE),
        DOCUMENT,
        "POST",
        f"/processes/{ONE}/~actions/upload-document?fileContentType=application%2Fpdf&fileName=a%20b.pdf",
        [1],
    ),
    "upload user action document": (
        lambda k: k.processes.upload_user_action_document(ONE, BytesContent(b"[1]"), user_action_value_id=TWO, **FILE),
        PROCESS,
        "POST",
        (
            f"/processes/{ONE}/~actions/upload-user-action-document"
            f"?fileContentType=application%2Fpdf&fileName=a%20b.pdf&userActionValueId={TWO}"
        ),
        [1],
    ),
    "delete process": (lambda k: k.processes.delete(ONE), None, "DELETE", f"/processes/{ONE}", None),
    "cancel process items": (
        lambda k: k.processes.cancel_process_items(ONE, process_item_id=[ONE, TWO]),
        PROCESS,
        "POST",
        f"/processes/{ONE}/~actions/cancel-process-items?processItemId={ONE}&processItemId={TWO}",
        None,
    ),
    "cancel all process items": (
        lambda k: k.processes.cancel_process_items(ONE),
        PROCESS,
        "POST",
        f"/processes/{ONE}/~actions/cancel-process-items",
        None,
    ),
    "create process action": (
        lambda k: k.processes.create_action(
            ONE,
            ProcessActionCreateParams(
                process_action_definition_code="TELL",
                create_process_item_message=ProcessActionCreateParamsCreateProcessItemMessage(text="*hi*"),
            ),
        ),
        PROCESS_ACTION,
        "POST",
        f"/processes/{ONE}/actions",
        {"processActionDefinitionCode": "TELL", "createProcessItemMessage": {"text": "*hi*"}},
    ),
    "retrieve process action": (
        lambda k: k.processes.retrieve_action(ONE, TWO),
        PROCESS_ACTION,
        "GET",
        f"/processes/{ONE}/actions/{TWO}",
        None,
    ),
    "cancel process action": (
        lambda k: k.processes.cancel_action(ONE, TWO),
        PROCESS_ACTION,
        "POST",
        f"/processes/{ONE}/actions/{TWO}/~actions/cancel",
        None,
    ),
}
