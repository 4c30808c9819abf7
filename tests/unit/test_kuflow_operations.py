"""Every operation of the KuFlow API on the wire."""

import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from kurun_clients.http import ConnectionLost
from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import ProcessItemType, ProcessState
from tests.kuflow_calls import DOWNLOADS, OPERATIONS
from tests.kuflow_calls.samples import ARTIFACT, AUTH, ITEM, ONE, PROCESS, TWO
from tests.kuflow_calls.wire import reply
from tests.unit.loopback import answering, hang_up, serving, status

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
    "create process by code",
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
