"""Requests that cannot be right are refused unsent, and each is written in the shape that is asked for."""

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr, ValidationError

from kurun_clients.http import BadRequest, InvalidRequest, InvalidResponse
from kurun_clients.kuflow import BasicAuth, BytesContent, KuFlowClient
from kurun_clients.kuflow.models import (
    BusinessArtifactCreateParams,
    DeletedQueryParam,
    JsonPatchOperation,
    JsonValue,
    PrincipalType,
    ProcessCreateParams,
    ProcessItemCreateParams,
    ProcessItemMessageCreateParams,
    ProcessItemTaskCreateParams,
    ProcessItemType,
    ProcessState,
    WorkerCreateParams,
)
from kurun_clients.kuflow.models import JsonPatchOperationType as T
from kurun_config import KuFlowApiShape, KuFlowSettings
from tests.unit.loopback import answering, serving, status

ONE = UUID("11111111-1111-4111-8111-111111111111")
TWO = UUID("22222222-2222-4222-8222-222222222222")
AUTH = BasicAuth("robot", "hunter2")

PROCESS = {"id": str(ONE), "state": "RUNNING"}
ITEM = {"id": str(ONE), "type": "TASK", "processId": str(TWO), "task": {"state": "READY"}}
EMPTY_PAGE = {"metadata": {"size": 25, "page": 0, "totalElements": 0, "totalPages": 0}, "content": []}

Operation = Callable[[KuFlowClient], Awaitable[object]]


async def begun(download: AbstractAsyncContextManager[object]) -> None:
    """Begin a download."""
    async with download:
        pass


def operation(op: T, path: str, **fields: object) -> JsonPatchOperation:
    """One operation of a patch."""
    return JsonPatchOperation.model_validate({"op": op, "path": path, **fields})


@pytest.mark.parametrize(
    "call",
    [
        lambda k: k.processes.retrieve("../workers"),
        lambda k: k.process_items.retrieve(""),
        lambda k: k.process_items.claim("11111111-1111-4111-8111-11111111111/"),
        lambda k: k.processes.find(size=1001),
        lambda k: k.processes.find(size=-1),
        lambda k: k.process_items.find(page=-1),
        lambda k: k.process_items.find(process_id=["x"]),
        lambda k: k.process_items.find(process_id=[ONE] * 1000),
        lambda k: k.process_items.iterate(process_id=["x"]),
        lambda k: k.groups.find(size=1001),
        lambda k: k.principals.find(size=1001),
        lambda k: k.tenants.find(size=1001),
        lambda k: k.tenant_users.find(size=1001),
        lambda k: k.robots.find(size=1001),
        lambda k: k.business_artifacts.find(size=1001),
        lambda k: k.processes.find(sort="createdAt desc"),
        lambda k: k.processes.find(sort=["id", "createdAt,down"]),
        lambda k: k.processes.find(state="SLEEPING"),
        lambda k: k.processes.find(deleted="MAYBE"),
        lambda k: k.processes.find(metadata="CODE"),
        lambda k: k.processes.find(metadata=["CODE eq x", "CODE  eq"]),
        lambda k: k.process_items.find(task_state=["READY", "LATE"]),
        lambda k: k.business_artifacts.find(value="AMOUNT about 10"),
        lambda k: k.business_artifacts.find(value="AMOUNT eq %ff"),
        lambda k: k.process_items.patch_data(ONE, []),
        lambda k: k.process_items.patch_data(ONE, [operation(T.ADD, "/a")]),
        lambda k: k.process_items.patch_data(ONE, [operation(T.REPLACE, "/a")]),
        lambda k: k.process_items.patch_data(ONE, [operation(T.TEST, "/a")]),
        lambda k: k.process_items.patch_data(ONE, [operation(T.ADD, "a", value=1)]),
        lambda k: k.process_items.patch_data(ONE, [operation(T.ADD, "/a~2", value=1)]),
        lambda k: k.process_items.patch_data(ONE, [operation(T.ADD, "/a", value=object())]),
        lambda k: k.process_items.patch_data(ONE, [operation(T.ADD, "/a", value=[{"b": float("nan")}])]),
        lambda k: k.processes.patch_entity(ONE, [operation(T.MOVE, "/a")]),
        lambda k: k.processes.patch_metadata(ONE, [operation(T.REMOVE, "/a"), operation(T.COPY, "/a", from_="b")]),
        lambda k: k.processes.update_entity(ONE, JsonValue.of({"a": {"b": float("inf")}})),
        lambda k: k.processes.update_metadata(ONE, JsonValue.of({"a": object()})),
        lambda k: k.kms.retrieve_key(""),
        lambda k: k.kms.retrieve_key(".."),
        lambda k: k.kms.retrieve_key("k" * 256),
        lambda k: k.kms.retrieve_key("a\nb"),
        lambda k: k.processes.retrieve_action(ONE, "x"),
        lambda k: k.business_artifacts.cancel_action("x", ONE),
        lambda k: k.documents.upload("ku:process", BytesContent(b""), file_name="a", content_type="a/b"),
        lambda k: k.documents.upload("process/1", BytesContent(b""), file_name="a", content_type="a/b"),
        lambda k: k.documents.upload("ku:process/1/../2", BytesContent(b""), file_name="a", content_type="a/b"),
        lambda k: k.documents.upload(f"ku:process/{ONE}", BytesContent(b""), file_name="a" * 256, content_type="a/b"),
        lambda k: begun(k.documents.download("")),
        lambda k: begun(k.documents.download("a b")),
        lambda k: begun(k.documents.download("kuflow-file:uri=ku:1;type=a/b;size=many;name=n;")),
        lambda k: begun(k.processes.download_document(ONE, "kuflow-file:")),
        lambda k: begun(k.business_artifacts.download_document(ONE, "u" * 3000)),
        lambda k: begun(k.process_items.download_webforms_as_document(ONE, "form/0")),
        lambda k: begun(
            k.robots.download_asset(ONE, type="RUBY", version="3", platform="LINUX", architecture="X86_64")
        ),
        lambda k: begun(
            k.robots.download_asset(ONE, type="PYTHON", version="", platform="LINUX", architecture="X86_64")
        ),
        lambda k: k.processes.upload_document(ONE, BytesContent(b""), file_name="", content_type="a/b"),
        lambda k: k.processes.upload_document(ONE, BytesContent(b""), file_name="x" * 256, content_type="a/b"),
        lambda k: k.processes.upload_document(ONE, BytesContent(b""), file_name="a\nb", content_type="a/b"),
        lambda k: k.processes.upload_document(ONE, BytesContent(b""), file_name="a", content_type="pdf"),
        lambda k: k.processes.upload_document(ONE, BytesContent(b""), file_name="a", content_type="a/b\r\nx: y"),
    ],
)
async def test_what_kuflow_would_refuse_is_not_sent(call: Operation) -> None:
    """InvalidRequest, before any connection is made."""
    async with serving(answering(status(200))) as server, KuFlowClient(server.url, auth=AUTH) as kuflow:
        with pytest.raises(InvalidRequest):
            await call(kuflow)

    assert server.connections == 0


async def test_a_filter_that_does_not_exist_is_a_mistake() -> None:
    """TypeError, as for any argument that there is not."""
    async with KuFlowClient("http://127.0.0.1:9", auth=AUTH) as kuflow:
        with pytest.raises(TypeError, match="no filter colour"):
            await kuflow.processes.find(colour="blue")  # type: ignore[call-arg] # the mistake


@pytest.mark.parametrize(
    "fields",
    [
        {"identity": "w" * 256},
        {"identity": ""},
        {"task_queue": "q" * 256},
        {"hostname": "h" * 256},
        {"ip": "::1"},
        {"ip": "1" * 41},
        {"workflow_types": ["W" * 256]},
        {"robot_ids": ["robot"]},
    ],
)
def test_oversized_names_do_not_even_make_a_request(fields: dict[str, Any]) -> None:
    """The limits that KuFlow publishes hold where the request is made."""
    sound = {"identity": "w", "task_queue": "q", "hostname": "h", "ip": "127.0.0.1"}

    with pytest.raises(ValidationError):
        WorkerCreateParams.model_validate({**sound, **fields})


async def test_kuflows_own_refusal_keeps_its_fields() -> None:
    """What only KuFlow can know to be wrong comes as its error, whole."""
    body = {
        "timestamp": "2024-06-14T10:00:00Z",
        "status": 400,
        "message": "Invalid data",
        "errors": [{"code": "UNKNOWN", "message": "no such definition", "location": "code", "locationType": "body"}],
    }
    script = answering(status(400, json.dumps(body).encode()))

    async with serving(script) as server, KuFlowClient(server.url, auth=AUTH) as kuflow:
        with pytest.raises(BadRequest, match="no such definition") as caught:
            await kuflow.business_artifacts.create(BusinessArtifactCreateParams(business_artifact_definition_code="X"))

    assert caught.value.error is not None
    assert caught.value.error.to_wire() == body


@pytest.mark.parametrize("body", [b'{"id": "k", "value": "hunter2!"}', b'{"id": "k", "value": 7}', b"hunter2"])
async def test_a_broken_key_is_not_shown(body: bytes) -> None:
    """An answer that is no key is InvalidResponse, which does not repeat it."""
    async with serving(answering(status(200, body))) as server, KuFlowClient(server.url, auth=AUTH) as kuflow:
        with pytest.raises(InvalidResponse) as caught:
            await kuflow.kms.retrieve_key("k")

    assert "hunter2" not in str(caught.value)


def item(type: ProcessItemType = ProcessItemType.TASK, **fields: Any) -> ProcessItemCreateParams:  # noqa: A002
    """An item to create."""
    return ProcessItemCreateParams(type=type, process_id=TWO, **fields)


SEED: dict[str, tuple[Operation, dict[str, Any], str, Any]] = {
    "a task": (
        lambda k: k.process_items.create(
            item(
                id=ONE,
                process_item_definition_code="FORM",
                task=ProcessItemTaskCreateParams(data=JsonValue.of({"a": None})),
            )
        ),
        ITEM,
        "/process-items",
        {
            "id": str(ONE),
            "type": "TASK",
            "processId": str(TWO),
            "task": {"taskDefinitionCode": "FORM", "data": {"value": {"a": None}}},
        },
    ),
    "a task without data": (
        lambda k: k.process_items.create(item(process_item_definition_code="FORM", owner_email="a@example.com")),
        ITEM,
        "/process-items",
        {
            "type": "TASK",
            "processId": str(TWO),
            "ownerEmail": "a@example.com",
            "task": {"taskDefinitionCode": "FORM"},
        },
    ),
    "a message": (
        lambda k: k.process_items.create(
            item(ProcessItemType.MESSAGE, message=ProcessItemMessageCreateParams(text="hi"))
        ),
        ITEM,
        "/process-items",
        {"type": "MESSAGE", "processId": str(TWO), "message": {"text": "hi"}},
    ),
    "a process": (
        lambda k: k.processes.create(ProcessCreateParams(process_definition_id=TWO, initiator_id=ONE)),
        PROCESS,
        "/processes",
        {"processDefinitionId": str(TWO), "initiatorId": str(ONE)},
    ),
    "items by definition": (
        lambda k: k.process_items.find(process_item_definition_code=["FORM", "CHECK"], tenant_id=ONE),
        EMPTY_PAGE,
        f"/process-items?taskDefinitionCode=FORM&taskDefinitionCode=CHECK&tenantId={ONE}",
        None,
    ),
    "processes by tenant": (
        lambda k: k.processes.find(tenant_id=ONE, state=(), deleted=None),
        EMPTY_PAGE,
        f"/processes?tenantId={ONE}",
        None,
    ),
    "principals": (
        lambda k: k.principals.find(type=PrincipalType.APPLICATION),
        EMPTY_PAGE,
        "/principals?type=APPLICATION",
        None,
    ),
}


@pytest.mark.parametrize("name", SEED)
async def test_the_older_shape_is_written_when_it_is_asked_for(name: str) -> None:
    """``shape="seed"`` writes as KuFlow understood it before November 2024."""
    call, answer, target, body = SEED[name]

    async with (
        serving(answering(status(200, json.dumps(answer).encode()))) as server,
        KuFlowClient(server.url, auth=AUTH, shape="seed") as kuflow,
    ):
        await call(kuflow)

    (request,) = server.received
    assert request.target == target
    assert (json.loads(request.body) if request.body else None) == body


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda k: k.process_items.create(item()), "process_item_definition_code"),
        (lambda k: k.process_items.create(item(ProcessItemType.THREAD)), "tasks and messages"),
        (
            lambda k: k.process_items.create(item(ProcessItemType.MESSAGE, process_item_definition_code="NOTE")),
            "only tasks by a definition",
        ),
        (lambda k: k.process_items.create(item(process_item_thread_id=ONE)), "no process_item_thread_id"),
        (
            lambda k: k.process_items.create(
                item(
                    process_item_definition_code="FORM",
                    task=ProcessItemTaskCreateParams(context_data=JsonValue.of({})),
                )
            ),
            "no context_data",
        ),
        (lambda k: k.processes.create(ProcessCreateParams()), "process_definition_id only"),
        (
            lambda k: k.processes.create(ProcessCreateParams(process_definition_code="LOAN", tenant_id=ONE)),
            "no process_definition_code, tenant_id",
        ),
        (lambda k: k.processes.find(state=ProcessState.RUNNING), "no filter state"),
        (lambda k: k.process_items.iterate(deleted=DeletedQueryParam.ONLY), "no filter deleted"),
        (lambda k: k.tenant_users.find(group_code="A"), "no filter groupCode"),
    ],
)
async def test_what_the_older_shape_cannot_say_is_refused(call: Operation, said: str) -> None:
    """Left out, it would change what is meant: a filter that KuFlow does not know filters nothing."""
    async with KuFlowClient("http://127.0.0.1:9", auth=AUTH, shape="seed") as kuflow:
        with pytest.raises(InvalidRequest, match=said):
            await call(kuflow)


async def test_a_setting_chooses_the_shape() -> None:
    """``kuflow.api_shape`` does what the argument does; the current shape is the default."""
    targets = []
    for shape in (None, KuFlowApiShape.SEED):
        async with serving(answering(status(200, json.dumps(EMPTY_PAGE).encode()))) as server:
            chosen = {} if shape is None else {"api_shape": shape}
            settings = KuFlowSettings(endpoint=server.url, client_id="i", client_secret=SecretStr("s"), **chosen)
            async with KuFlowClient.from_settings(settings) as kuflow:
                await kuflow.process_items.find(process_item_definition_code="FORM")
            targets.append(server.received[0].target)

    assert targets == [
        "/process-items?processItemDefinitionCode=FORM",
        "/process-items?taskDefinitionCode=FORM",
    ]
