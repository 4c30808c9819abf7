"""Every operation of the KuFlow API on the wire."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import pytest

from kurun_clients.http import ConnectionLost
from kurun_clients.kuflow import BasicAuth, BytesContent, DocumentDownload, KuFlowClient, KuFlowFile, field
from kurun_clients.kuflow.models import (
    AuthenticationType,
    BusinessArtifactActionCreateArtifactPrepareParams,
    BusinessArtifactActionCreateParams,
    BusinessArtifactActionCreateParamsCreateArtifact,
    BusinessArtifactActionStartProcessPrepareParams,
    BusinessArtifactCreateParams,
    DeletedQueryParam,
    JsonPatchOperation,
    JsonPatchOperationType,
    JsonValue,
    PrincipalType,
    ProcessActionCreateParams,
    ProcessActionCreateParamsCreateProcessItemMessage,
    ProcessChangeInitiatorParams,
    ProcessCreateParams,
    ProcessItemAiAssistanceGenerateParams,
    ProcessItemCreateParams,
    ProcessItemTaskAppendLogParams,
    ProcessItemTaskAssignParams,
    ProcessItemTaskState,
    ProcessItemType,
    ProcessState,
    RobotAssetArchitecture,
    RobotAssetPlatform,
    RobotAssetType,
    RobotFilterContext,
    WorkerCreateParams,
)
from tests.unit.loopback import Script, answering, hang_up, serving, status

ONE = UUID("11111111-1111-4111-8111-111111111111")
TWO = UUID("22222222-2222-4222-8222-222222222222")
AUTH = BasicAuth("robot", "hunter2")

PROCESS = {"id": str(ONE), "state": "RUNNING"}
ITEM = {"id": str(ONE), "type": "TASK", "processId": str(TWO), "task": {"state": "READY"}}
PROCESS_ACTION = {"id": str(TWO), "type": "DOWNLOADABLE", "status": "REQUESTED", "processActionDefinitionRef": {}}
ASSISTANCE = {"requestId": str(TWO), "state": "PENDING", "startedAt": "2024-06-14T10:00:00Z"}
DEFINITION = {"id": str(TWO), "code": "CUSTOMER"}
ARTIFACT = {"id": str(ONE), "tenantId": str(TWO), "businessArtifactDefinitionRef": DEFINITION}
ARTIFACT_ACTION = {
    "id": str(TWO),
    "type": "START_PROCESS",
    "status": "COMPLETED",
    "businessArtifactActionDefinitionRef": {"id": str(TWO), "code": "COPY"},
}
EMPTY_PAGE = {"metadata": {"size": 25, "page": 0, "totalElements": 0, "totalPages": 0}, "content": []}
DOCUMENT = {"documentUri": "ku:process/1/document/2"}
WORKER = {"identity": "w", "taskQueue": "q", "hostname": "h", "ip": "127.0.0.1"}
TOKEN = {"type": "ENGINE_TOKEN", "engineToken": {"token": "t", "expiredAt": "2024-06-14T10:00:00Z"}}

PATCH = [JsonPatchOperation(op=JsonPatchOperationType.ADD, path="/a", value=None)]
VALUE = JsonValue.of({"a": 1})
FILE = {"file_name": "a b.pdf", "content_type": "application/pdf"}

Operation = Callable[[KuFlowClient], Awaitable[object]]

# operation, what KuFlow answers, method, target, body
OPERATIONS: dict[str, tuple[Operation, dict[str, Any] | None, str, str, Any]] = {
    "create authentication": (
        lambda k: k.authentications.create(AuthenticationType.ENGINE_TOKEN),
        TOKEN,
        "POST",
        "/authentications",
        {"type": "ENGINE_TOKEN"},
    ),
    "create authentication for a tenant": (
        lambda k: k.authentications.create(AuthenticationType.ENGINE_CERTIFICATE, tenant_id=TWO),
        TOKEN,
        "POST",
        "/authentications",
        {"type": "ENGINE_CERTIFICATE", "tenantId": str(TWO)},
    ),
    "create worker": (
        lambda k: k.workers.create(WorkerCreateParams(identity="w", task_queue="q", hostname="h", ip="127.0.0.1")),
        WORKER,
        "POST",
        "/workers",
        WORKER,
    ),
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
        lambda k: k.processes.create(ProcessCreateParams(process_definition_code="LOAN", metadata=VALUE)),
        PROCESS,
        "POST",
        "/processes",
        {"processDefinitionCode": "LOAN", "metadata": {"value": {"a": 1}}},
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
    "find process items": (lambda k: k.process_items.find(size=0), EMPTY_PAGE, "GET", "/process-items?size=0", None),
    "find process items by everything": (
        lambda k: k.process_items.find(
            process_id=[ONE, TWO],
            type=ProcessItemType.TASK,
            task_state=[ProcessItemTaskState.READY],
            process_item_definition_code="FORM",
            process_definition_id=ONE,
            process_definition_code="LOAN",
            tenant_id=TWO,
            deleted=DeletedQueryParam.EXCLUDE,
        ),
        EMPTY_PAGE,
        "GET",
        (
            f"/process-items?processId={ONE}&processId={TWO}&type=TASK&taskState=READY&processItemDefinitionCode=FORM"
            f"&processDefinitionId={ONE}&processDefinitionCode=LOAN&tenantId={TWO}&deleted=EXCLUDE"
        ),
        None,
    ),
    "create process item": (
        lambda k: k.process_items.create(
            ProcessItemCreateParams(
                id=ONE, type=ProcessItemType.TASK, process_id=TWO, process_item_definition_code="FORM"
            )
        ),
        ITEM,
        "POST",
        "/process-items",
        {"id": str(ONE), "type": "TASK", "processId": str(TWO), "processItemDefinitionCode": "FORM"},
    ),
    "retrieve process item": (lambda k: k.process_items.retrieve(ONE), ITEM, "GET", f"/process-items/{ONE}", None),
    "claim": (
        lambda k: k.process_items.claim(ONE),
        ITEM,
        "POST",
        f"/process-items/{ONE}/task/~actions/claim",
        None,
    ),
    "assign": (
        lambda k: k.process_items.assign(ONE, ProcessItemTaskAssignParams(owner_email="a@example.com")),
        ITEM,
        "POST",
        f"/process-items/{ONE}/task/~actions/assign",
        {"ownerEmail": "a@example.com"},
    ),
    "complete": (
        lambda k: k.process_items.complete(ONE),
        ITEM,
        "POST",
        f"/process-items/{ONE}/task/~actions/complete",
        None,
    ),
    "append log": (
        lambda k: k.process_items.append_log(ONE, ProcessItemTaskAppendLogParams(message="hello")),
        ITEM,
        "POST",
        f"/process-items/{ONE}/task/~actions/append-log",
        {"message": "hello", "level": "INFO"},
    ),
    "update data": (
        lambda k: k.process_items.update_data(ONE, VALUE),
        ITEM,
        "PUT",
        f"/process-items/{ONE}/task/data",
        {"data": {"value": {"a": 1}}},
    ),
    "patch data": (
        lambda k: k.process_items.patch_data(ONE, PATCH),
        ITEM,
        "PATCH",
        f"/process-items/{ONE}/task/data",
        [{"op": "add", "path": "/a", "value": None}],
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
    "update context data": (
        lambda k: k.process_items.update_context_data(ONE, VALUE),
        ITEM,
        "PUT",
        f"/process-items/{ONE}/task/context-data",
        {"data": {"value": {"a": 1}}},
    ),
    "retrieve AI assistance": (
        lambda k: k.process_items.retrieve_ai_assistance(ONE),
        ASSISTANCE,
        "GET",
        f"/process-items/{ONE}/~actions/ai-assistance",
        None,
    ),
    "generate AI assistance": (
        lambda k: k.process_items.generate_ai_assistance(ONE, ProcessItemAiAssistanceGenerateParams(request_id=TWO)),
        ASSISTANCE,
        "POST",
        f"/process-items/{ONE}/~actions/ai-assistance",
        {"requestId": str(TWO)},
    ),
    "find business artifacts": (
        lambda k: k.business_artifacts.find(
            tenant_id=ONE,
            business_artifact_definition_id=TWO,
            business_artifact_definition_code="CUSTOMER",
            value=[field("AMOUNT").between(10, 20), "NAME eq Ada%20B"],
            deleted=DeletedQueryParam.INCLUDE,
        ),
        EMPTY_PAGE,
        "GET",
        (
            f"/business-artifacts?tenantId={ONE}&businessArtifactDefinitionId={TWO}"
            "&businessArtifactDefinitionCode=CUSTOMER&value=AMOUNT%20between%2010%2020&value=NAME%20eq%20Ada%2520B"
            "&deleted=INCLUDE"
        ),
        None,
    ),
    "create business artifact": (
        lambda k: k.business_artifacts.create(
            BusinessArtifactCreateParams(id=ONE, business_artifact_definition_code="CUSTOMER", data=VALUE)
        ),
        ARTIFACT,
        "POST",
        "/business-artifacts",
        {"id": str(ONE), "businessArtifactDefinitionCode": "CUSTOMER", "data": {"value": {"a": 1}}},
    ),
    "retrieve business artifact": (
        lambda k: k.business_artifacts.retrieve(ONE),
        ARTIFACT,
        "GET",
        f"/business-artifacts/{ONE}",
        None,
    ),
    "delete business artifact": (
        lambda k: k.business_artifacts.delete(ONE),
        None,
        "DELETE",
        f"/business-artifacts/{ONE}",
        None,
    ),
    "restore business artifact": (
        lambda k: k.business_artifacts.restore(ONE),
        ARTIFACT,
        "POST",
        f"/business-artifacts/{ONE}/~actions/restore",
        None,
    ),
    "update business artifact": (
        lambda k: k.business_artifacts.update_data(ONE, VALUE),
        ARTIFACT,
        "PUT",
        f"/business-artifacts/{ONE}/data",
        {"data": {"value": {"a": 1}}},
    ),
    "patch business artifact": (
        lambda k: k.business_artifacts.patch_data(ONE, PATCH),
        ARTIFACT,
        "PATCH",
        f"/business-artifacts/{ONE}/data",
        [{"op": "add", "path": "/a", "value": None}],
    ),
    "create business artifact action": (
        lambda k: k.business_artifacts.create_action(
            ONE,
            BusinessArtifactActionCreateParams(
                id=TWO,
                business_artifact_action_definition_code="COPY",
                create_artifact=BusinessArtifactActionCreateParamsCreateArtifact(value={"a": None}),
            ),
        ),
        ARTIFACT_ACTION,
        "POST",
        f"/business-artifacts/{ONE}/actions",
        {"id": str(TWO), "businessArtifactActionDefinitionCode": "COPY", "createArtifact": {"value": {"a": None}}},
    ),
    "retrieve business artifact action": (
        lambda k: k.business_artifacts.retrieve_action(ONE, TWO),
        ARTIFACT_ACTION,
        "GET",
        f"/business-artifacts/{ONE}/actions/{TWO}",
        None,
    ),
    "cancel business artifact action": (
        lambda k: k.business_artifacts.cancel_action(ONE, TWO),
        ARTIFACT_ACTION,
        "POST",
        f"/business-artifacts/{ONE}/actions/{TWO}/~actions/cancel",
        None,
    ),
    "prepare an artifact": (
        lambda k: k.business_artifacts.prepare_action_create_artifact(
            ONE, BusinessArtifactActionCreateArtifactPrepareParams(business_artifact_action_definition_code="COPY")
        ),
        {"businessArtifactDefinitionRef": {"id": str(ONE), "code": "CUSTOMER"}, "value": {}},
        "POST",
        f"/business-artifacts/{ONE}/~actions/prepare-create-artifact",
        {"businessArtifactActionDefinitionCode": "COPY"},
    ),
    "prepare a process": (
        lambda k: k.business_artifacts.prepare_action_start_process(
            ONE, BusinessArtifactActionStartProcessPrepareParams(business_artifact_action_definition_code="LEND")
        ),
        {"processDefinitionId": str(ONE)},
        "POST",
        f"/business-artifacts/{ONE}/~actions/prepare-start-process",
        {"businessArtifactActionDefinitionCode": "LEND"},
    ),
    "upload to an artifact": (
        lambda k: k.business_artifacts.upload_document(ONE, BytesContent(b"[1]"), **FILE),
        DOCUMENT,
        "POST",
        f"/business-artifacts/{ONE}/~actions/upload-document?fileContentType=application%2Fpdf&fileName=a%20b.pdf",
        [1],
    ),
    "upload by uri": (
        lambda k: k.documents.upload(f"ku:process/{ONE}", BytesContent(b"[1]"), **FILE),
        DOCUMENT,
        "POST",
        (
            "/documents/~actions/upload?fileContentType=application%2Fpdf&fileName=a%20b.pdf"
            f"&targetUri=ku%3Aprocess%2F{ONE}"
        ),
        [1],
    ),
    "find groups": (
        lambda k: k.groups.find(
            tenant_id=[ONE], principal_id=TWO, group_id=ONE, group_code=["A", "B"], sort="name,desc"
        ),
        EMPTY_PAGE,
        "GET",
        f"/groups?sort=name%2Cdesc&tenantId={ONE}&principalId={TWO}&groupId={ONE}&groupCode=A&groupCode=B",
        None,
    ),
    "find principals": (
        lambda k: k.principals.find(type=PrincipalType.USER, group_id=ONE, group_code="A", tenant_id=TWO),
        EMPTY_PAGE,
        "GET",
        f"/principals?type=USER&groupId={ONE}&groupCode=A&tenantId={TWO}",
        None,
    ),
    "retrieve principal": (lambda k: k.principals.retrieve(ONE), {}, "GET", f"/principals/{ONE}", None),
    "find tenants": (lambda k: k.tenants.find(tenant_id=ONE), EMPTY_PAGE, "GET", f"/tenants?tenantId={ONE}", None),
    "retrieve tenant": (
        lambda k: k.tenants.retrieve(ONE),
        {"id": str(ONE), "name": "Acme", "plan": "FREE"},
        "GET",
        f"/tenants/{ONE}",
        None,
    ),
    "find tenant users": (
        lambda k: k.tenant_users.find(group_id=ONE, group_code="A", email="a+b@example.com", tenant_id=TWO),
        EMPTY_PAGE,
        "GET",
        f"/tenant-users?groupId={ONE}&groupCode=A&email=a%2Bb%40example.com&tenantId={TWO}",
        None,
    ),
    "retrieve tenant user": (
        lambda k: k.tenant_users.retrieve(ONE),
        {"id": str(ONE), "principal": {}},
        "GET",
        f"/tenant-users/{ONE}",
        None,
    ),
    "find robots": (
        lambda k: k.robots.find(tenant_id=ONE, filter_context=RobotFilterContext.READY),
        EMPTY_PAGE,
        "GET",
        f"/robots?tenantId={ONE}&filterContext=READY",
        None,
    ),
    "retrieve robot": (
        lambda k: k.robots.retrieve(ONE),
        {"id": str(ONE), "code": "R", "name": "Robot"},
        "GET",
        f"/robots/{ONE}",
        None,
    ),
    "retrieve key": (
        lambda k: k.kms.retrieve_key("a/b c"),
        {"id": "a/b c", "value": "AAEC"},
        "GET",
        "/kms/keys/a%2Fb%20c",
        None,
    ),
}


def reply(answer: dict[str, Any] | None) -> Script:
    """What KuFlow answers: JSON, or 204 without any."""
    return status(204, b"") if answer is None else status(200, json.dumps(answer).encode())


CONTENT_TYPES = {"PATCH": "application/json-patch+json", "upload": "application/octet-stream"}


@pytest.mark.parametrize("name", OPERATIONS)
async def test_operations_on_the_wire(name: str) -> None:
    """Each operation makes the request that KuFlow's API defines, with the right content type, or none."""
    operation, answer, method, target, body = OPERATIONS[name]

    async with (
        serving(answering(reply(answer))) as server,
        KuFlowClient(server.url + "/v2024-06-14/", auth=AUTH) as kuflow,
    ):
        await operation(kuflow)

    (request,) = server.received
    kind = "upload" if "upload" in name else method
    expected_type = None if body is None else CONTENT_TYPES.get(kind, "application/json")
    assert (request.method, request.target) == (method, "/v2024-06-14" + target)
    assert (json.loads(request.body) if request.body else None) == body
    assert request.headers.get("content-type") == expected_type
    assert request.headers["authorization"] == "Basic cm9ib3Q6aHVudGVyMg=="
    assert request.headers["user-agent"].startswith("kurun")
    assert request.headers.get("content-length", "0") == str(len(request.body))


NOT_REPEATABLE = {
    "create process",
    "change initiator",
    "update metadata",
    "patch metadata",
    "update entity",
    "patch entity",
    "upload document",
    "upload user action document",
    "claim",
    "assign",
    "complete",
    "append log",
    "update data",
    "patch data",
    "cancel all process items",
    "create process action",
    "update context data",
    "update business artifact",
    "patch business artifact",
    "upload to an artifact",
    "upload by uri",
}


@pytest.mark.parametrize("name", OPERATIONS)
async def test_only_what_may_reach_kuflow_twice_is_repeated(name: str) -> None:
    """A lost answer is asked for again where KuFlow makes the call idempotent, and nowhere else."""
    operation, answer, *_ = OPERATIONS[name]
    script = answering(hang_up, reply(answer))

    async with serving(script) as server, KuFlowClient(server.url, auth=AUTH) as kuflow:
        if name in NOT_REPEATABLE:
            with pytest.raises(ConnectionLost):
                await operation(kuflow)
        else:
            await operation(kuflow)

    assert len(server.received) == (1 if name in NOT_REPEATABLE else 2)


Download = Callable[[KuFlowClient], AbstractAsyncContextManager[DocumentDownload]]

DOWNLOADS: dict[str, tuple[Download, str]] = {
    "of a process": (
        lambda k: k.processes.download_document(ONE, "ku:process/1/document/2"),
        f"/processes/{ONE}/~actions/download-document?documentUri=ku%3Aprocess%2F1%2Fdocument%2F2",
    ),
    "of an artifact": (
        lambda k: k.business_artifacts.download_document(ONE, "ku:1"),
        f"/business-artifacts/{ONE}/~actions/download-document?documentUri=ku%3A1",
    ),
    "by uri": (lambda k: k.documents.download("ku:1"), "/documents/~actions/download?documentUri=ku%3A1"),
    "by reference": (
        lambda k: k.documents.download(KuFlowFile("ku:1", "a/b", 1, "n")),
        "/documents/~actions/download?documentUri=ku%3A1",
    ),
    "by a reference's text": (
        lambda k: k.documents.download("kuflow-file:uri=ku:1;type=a/b;size=1;name=n;"),
        ("/documents/~actions/download?documentUri=kuflow-file%3Auri%3Dku%3A1%3Btype%3Da%2Fb%3Bsize%3D1%3Bname%3Dn%3B"),
    ),
    "of web forms": (
        lambda k: k.process_items.download_webforms_as_document(ONE, "/form/0"),
        f"/process-items/{ONE}/task/data/~actions/download-webforms-as-document?propertyPath=%2Fform%2F0",
    ),
    "of a robot's program": (
        lambda k: k.robots.download_source_code(ONE),
        f"/robots/{ONE}/~actions/download-source-code",
    ),
    "of a robot's tool": (
        lambda k: k.robots.download_asset(
            ONE,
            type=RobotAssetType.PYTHON,
            version="3.11.4",
            platform=RobotAssetPlatform.LINUX,
            architecture=RobotAssetArchitecture.X86_64,
        ),
        f"/robots/{ONE}/~actions/download-asset?type=PYTHON&version=3.11.4&platform=LINUX&architecture=X86_64",
    ),
}


@pytest.mark.parametrize("name", DOWNLOADS)
async def test_downloads_on_the_wire(name: str) -> None:
    """Each download asks for its document, and passes on what comes."""
    download, target = DOWNLOADS[name]

    async with (
        serving(answering(status(200, b"content"))) as server,
        KuFlowClient(server.url, auth=AUTH) as kuflow,
        download(kuflow) as document,
    ):
        content = b"".join([chunk async for chunk in document.chunks])

    (request,) = server.received
    assert (request.method, request.target, content) == ("GET", target, b"content")


ELEMENTS: dict[str, tuple[Callable[[KuFlowClient], AsyncIterator[Any]], dict[str, Any], str]] = {
    "processes": (
        lambda k: k.processes.iterate(state=iter([ProcessState.RUNNING])),
        PROCESS,
        "createdAt&sort=id&state=RUNNING",
    ),
    "process items": (
        lambda k: k.process_items.iterate(type=iter([ProcessItemType.TASK])),
        ITEM,
        "createdAt&sort=id&type=TASK",
    ),
    "business artifacts": (lambda k: k.business_artifacts.iterate(), ARTIFACT, "createdAt&sort=id"),
    "groups": (lambda k: k.groups.iterate(), {"id": str(ONE), "name": "G", "code": "G"}, "id"),
    "principals": (lambda k: k.principals.iterate(), {"name": "nameless"}, "id"),
    "tenants": (lambda k: k.tenants.iterate(), {"id": str(ONE), "name": "T"}, "id"),
    "tenant users": (
        lambda k: k.tenant_users.iterate(),
        {"id": str(ONE), "principalId": str(TWO)},
        "createdAt&sort=id",
    ),
    "robots": (lambda k: k.robots.iterate(), {"id": str(ONE), "code": "R", "name": "R"}, "createdAt"),
}


@pytest.mark.parametrize("name", ELEMENTS)
async def test_every_list_is_walked(name: str) -> None:
    """Page by page in a stable order, each page with the same filters, even if these can be looked at only once."""
    walk, element, query = ELEMENTS[name]
    pages = [
        {"metadata": {"size": 1, "page": n, "totalElements": 1, "totalPages": 1}, "content": content}
        for n, content in enumerate([[element], []])
    ]

    async with (
        serving(answering(*(reply(page) for page in pages))) as server,
        KuFlowClient(server.url, auth=AUTH) as kuflow,
    ):
        found = [one.to_wire() async for one in walk(kuflow)]

    assert found == [element]
    assert [request.target.partition("?")[2] for request in server.received] == [
        f"size=100&page={n}&sort={query}" for n in range(2)
    ]


CONTRACT = """
POST /authentications
GET POST /business-artifacts
GET DELETE /business-artifacts/{id}
POST /business-artifacts/{id}/~actions/restore
PUT PATCH /business-artifacts/{id}/data
POST /business-artifacts/{id}/actions
GET /business-artifacts/{id}/actions/{id}
POST /business-artifacts/{id}/actions/{id}/~actions/cancel
POST /business-artifacts/{id}/~actions/prepare-create-artifact
POST /business-artifacts/{id}/~actions/prepare-start-process
POST /business-artifacts/{id}/~actions/upload-document
GET /business-artifacts/{id}/~actions/download-document
POST /documents/~actions/upload
GET /documents/~actions/download
GET /groups
GET /kms/keys/{id}
GET /principals
GET /principals/{id}
GET POST /process-items
GET /process-items/{id}
GET POST /process-items/{id}/~actions/ai-assistance
POST /process-items/{id}/task/~actions/claim
POST /process-items/{id}/task/~actions/assign
POST /process-items/{id}/task/~actions/complete
POST /process-items/{id}/task/~actions/append-log
PUT PATCH /process-items/{id}/task/data
PUT /process-items/{id}/task/context-data
GET /process-items/{id}/task/data/~actions/download-webforms-as-document
GET POST /processes
GET DELETE /processes/{id}
POST /processes/{id}/actions
GET /processes/{id}/actions/{id}
POST /processes/{id}/actions/{id}/~actions/cancel
POST /processes/{id}/~actions/complete
POST /processes/{id}/~actions/cancel
POST /processes/{id}/~actions/cancel-process-items
POST /processes/{id}/~actions/change-initiator
PUT PATCH /processes/{id}/metadata
PUT PATCH /processes/{id}/entity
POST /processes/{id}/~actions/upload-document
POST /processes/{id}/~actions/upload-user-action-document
GET /processes/{id}/~actions/download-document
GET /robots
GET /robots/{id}
GET /robots/{id}/~actions/download-source-code
GET /robots/{id}/~actions/download-asset
GET /tenants
GET /tenants/{id}
GET /tenant-users
GET /tenant-users/{id}
POST /workers
"""


def test_no_operation_is_left_out() -> None:
    """The operations above are all that KuFlow publishes, and the one that its last contract no longer names."""
    published = {
        (method, words[-1]) for line in CONTRACT.split("\n") for words in [line.split()] for method in words[:-1]
    }
    made = [(method, target) for _, _, method, target, _ in OPERATIONS.values()]
    made += [("GET", target) for _, target in DOWNLOADS.values()]

    shown = {
        (method, re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|a%2Fb%20c", "{id}", target.partition("?")[0]))
        for method, target in made
    }

    assert shown == published
    assert len(published) == 61
