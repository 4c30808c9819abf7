"""The twin's API as a whole: credentials, refusals, pages, workers, engine credentials."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from kurun_clients.kuflow import models
from kurun_config import ConfigurationError
from tests.unit.twins import NOBODY, Json, Twin, json_value, new_process, new_task, open_twin, reason

PATCH = "application/json-patch+json"
WORKER = {"identity": "w@1", "taskQueue": "loans", "hostname": "h", "ip": "127.0.0.1"}


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    """A twin that takes bodies of up to 10 KB."""
    with open_twin(tmp_path, max_body=10_000, delay_window=timedelta(seconds=1.5)) as opened:
        yield opened


@pytest.fixture
def worker(twin: Twin) -> httpx2.AsyncClient:
    """The application's client."""
    return twin.client()


def _as_it_is(request: httpx2.Request) -> httpx2.Request:
    """No authentication beyond the headers that a test sets."""
    return request


def headers_for(twin: Twin) -> dict[str, str]:
    """Every form of good credentials."""
    credentials = twin.worker.credentials
    pair = base64.b64encode(f"{credentials.client_id}:{credentials.client_secret}".encode()).decode()
    return {
        "basic": f"Basic {pair}",
        "any case": f"BASIC {pair}",
        "base64 bearer": f"Bearer {pair}",
        "access token": f"Bearer {credentials.access_token}",
    }


@pytest.mark.parametrize("form", ["basic", "any case", "base64 bearer", "access token"])
async def test_every_form_of_credentials_opens(twin: Twin, worker: httpx2.AsyncClient, form: str) -> None:
    """As the documentation says, as KuFlow's libraries send, and as OAuth 2 gives."""
    answer = await worker.get("/processes", headers={"Authorization": headers_for(twin)[form]}, auth=_as_it_is)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic /w==",
        "Basic " + base64.b64encode(b"nobody:nothing").decode(),
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Bearer ",
        "Bearer x",
        "Digest x",
        "Basic \xff",
    ],
)
async def test_everything_else_is_401(twin: Twin, header: str | None) -> None:
    """With a ``DefaultError`` and the way to do better, on unknown routes too."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=twin.app), base_url="http://twin") as stranger:
        headers = {} if header is None else {b"Authorization": header.encode("latin-1")}
        for path in ("/v2024-06-14/processes", "/nowhere", "/_twin/figures"):
            answer = await stranger.get(path, headers=headers)

            assert reason(answer)["status"] == 401
            assert answer.headers["www-authenticate"] == 'Basic realm="KuFlow"'


async def test_a_wrong_secret_does_not_open(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """Someone else's secret, a part of one or an empty one."""
    mine, other = twin.worker.credentials, twin.ada.credentials
    for secret in (other.client_secret, mine.client_secret[:-1], ""):
        assert (await worker.get("/processes", auth=(mine.client_id, secret))).status_code == 401


async def test_credentials_are_kept_in_a_private_file(tmp_path: Path) -> None:
    """Only the owner can read it; a new principal gets credentials, the others keep theirs."""
    with open_twin(tmp_path) as twin:
        before = twin.worker.credentials
        assert before.client_secret not in repr(twin.worker)
    more = "principals: {applications: [{name: worker}, {name: other}]}\ntenant: {name: Acme}\n"
    with open_twin(tmp_path, more) as again:
        assert before == again.worker.credentials
        assert before.client_secret != again.platform.principals.applications[1].credentials.client_secret

    assert (tmp_path / "credentials.json").stat().st_mode & 0o777 == 0o600


def test_a_broken_credentials_file_is_named(tmp_path: Path) -> None:
    """It is not overwritten: someone may still need it."""
    (tmp_path / "credentials.json").write_text("{")

    with pytest.raises(ConfigurationError, match=r"credentials\.json: holds no credentials"), open_twin(tmp_path):
        pass


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/processes/", 404),
        ("DELETE", "/processes", 405),
        ("PUT", "/workers", 405),
        ("GET", "/processes/7", 400),
        ("GET", f"/processes/{NOBODY}", 404),
        ("GET", f"/process-items/{NOBODY}", 404),
        ("POST", f"/process-items/{NOBODY}/task/~actions/claim", 404),
        ("POST", f"/processes/{NOBODY}/~actions/complete", 404),
        ("GET", "/processes?size=1001", 400),
        ("GET", "/processes?size=-1", 400),
        ("GET", "/processes?size=x", 400),
        ("GET", "/processes?page=99999999999999999999", 400),
        ("GET", "/processes?sort=secret", 400),
        ("GET", "/processes?sort=id,sideways", 400),
        ("GET", "/processes?state=OTHER", 400),
        ("GET", "/processes?tenantId=7", 400),
        ("GET", "/process-items?taskState=OTHER", 400),
        ("GET", "/processes?metadata=a+eq+1", 400),
    ],
)
async def test_refusals_are_default_errors(worker: httpx2.AsyncClient, method: str, path: str, status: int) -> None:
    """Whatever is wrong with a request, the answer has KuFlow's shape and the right status."""
    assert status == reason(await worker.request(method, path))["status"]


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"{}", PATCH, 415),
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"processDefinitionId": NaN}', "application/json", 400),
        (b'{"metadata": {"value": {"a": 1e999}}}', "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b"{}" + b" " * 10_000, "application/json", 413),
        (b"{}", "application/json; charset=utf-8", 400),
    ],
)
async def test_bodies_are_checked(worker: httpx2.AsyncClient, content: bytes, content_type: str, status: int) -> None:
    """Type, size, JSON, shape."""
    answer = await worker.post("/processes", content=content, headers={"Content-Type": content_type})

    assert status == reason(answer)["status"]


async def test_patches_need_their_own_type(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """``application/json-patch+json``, else 415; what is no patch is 400."""
    process = await new_process(worker, twin)
    path = f"/processes/{process['id']}/metadata"
    operation = [{"op": "add", "path": "/amount", "value": 1}]

    assert (await worker.patch(path, json=operation)).status_code == 415
    assert (await worker.patch(path, json=operation, headers={"Content-Type": PATCH})).status_code == 200
    assert (await worker.patch(path, json=[], headers={"Content-Type": PATCH})).status_code == 400
    assert (await worker.patch(path, json=[{"op": "x"}], headers={"Content-Type": PATCH})).status_code == 400


async def test_unknown_fields_are_left_aside(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """A field that a later client sends does no harm."""
    assert (await new_process(worker, twin, later={"x": 1}))["state"] == "RUNNING"


async def test_deep_data_is_refused(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """Data that JSON allows but that nobody can handle is 400, not a crash."""
    process = await new_process(worker, twin)
    body = '{"metadata": {"value": ' + '{"a":' * 150 + "1" + "}" * 152
    answer = await worker.put(
        f"/processes/{process['id']}/metadata", content=body, headers={"Content-Type": "application/json"}
    )

    assert "nested more than 100 deep" in reason(answer)["message"]


async def test_pages_cover_everything_once(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """Pages count from 0; all together are the whole list; the page after the last is empty."""
    created = [(await new_process(worker, twin))["id"] for _ in range(7)]
    pages = [
        models.ProcessPage.model_validate((await worker.get("/processes", params={"size": 3, "page": n})).json())
        for n in range(4)
    ]

    assert created == [str(each.id) for page in pages for each in page.content]
    assert [(3, number, 7, 3) for number in range(4)] == [
        (each.metadata.size, each.metadata.page, each.metadata.total_elements, each.metadata.total_pages)
        for each in pages
    ]


async def test_the_page_is_25_by_default(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """And may be 0, which only counts."""
    for _ in range(26):
        await new_process(worker, twin)
    default, none = (await worker.get("/processes")).json(), (await worker.get("/processes?size=0")).json()

    assert (
        len(default["content"]),
        default["metadata"],
    ) == (25, {"size": 25, "page": 0, "totalElements": 26, "totalPages": 2})
    assert (none["content"], none["metadata"]["totalElements"]) == ([], 26)


async def test_lists_are_sorted(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """By several criteria, in both directions; entries of a page carry no data."""
    process = await new_process(worker, twin)
    first, _ = [await new_task(worker, process, "FREE") for _ in range(2)]
    await worker.post(f"/process-items/{first['id']}/task/~actions/claim")

    async def order(*criteria: str) -> list[str]:
        answer = await worker.get("/process-items", params={"sort": list(criteria)})
        return ["first" if each["id"] == first["id"] else "second" for each in answer.json()["content"]]

    assert await order("createdAt,desc") == ["second", "first"]
    assert await order("createdAt") == ["first", "second"]
    assert await order("claimedAt,desc", "createdAt,desc") == ["first", "second"]
    assert await order("lastModifiedAt,ASC") == ["second", "first"]
    listed = (await worker.get("/process-items")).json()["content"][0]
    assert listed["task"].keys() == {"state", "taskDefinition"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"first", "second"}),
        ({"state": "COMPLETED"}, {"second"}),
        ({"state": ["COMPLETED", "RUNNING"]}, {"first", "second"}),
        ({"processDefinitionCode": "LOAN"}, {"first"}),
        ({"processDefinitionCode": "NONE"}, set()),
        ({"initiatorEmail": "ada@example.com"}, {"first"}),
        ({"initiatorEmail": "nobody@example.com"}, set()),
        ({"tenantId": NOBODY}, set()),
        ({"processDefinitionCode": "LOAN", "metadata": "amount ge 5"}, {"first"}),
        ({"processDefinitionCode": "LOAN", "metadata": "amount le 4"}, set()),
        ({"processDefinitionCode": "LOAN", "metadata": "amount between 4 6"}, {"first"}),
        ({"processDefinitionCode": "LOAN", "metadata": "name eq Ada%20L"}, {"first"}),
        ({"processDefinitionCode": "LOAN", "metadata": "name contains ada"}, {"first"}),
        ({"processDefinitionCode": "LOAN", "metadata": "amount in 1 5"}, {"first"}),
        ({"processDefinitionCode": "LOAN", "metadata": ["amount eq 5", "name eq Bob"]}, set()),
        ({"processDefinitionCode": "LOAN", "metadata": "absent eq 5"}, set()),
    ],
)
async def test_processes_are_filtered(twin: Twin, worker: httpx2.AsyncClient, query: Json, found: set[str]) -> None:
    """Values of one filter are alternatives, filters add up."""
    metadata = json_value(amount=5, name="Ada L")
    first = await new_process(worker, twin, initiatorEmail="ada@example.com", metadata=metadata)
    second = await new_process(worker, twin, "OPEN")
    await worker.post(f"/processes/{second['id']}/~actions/complete")
    names = {first["id"]: "first", second["id"]: "second"}
    answer = (await worker.get("/processes", params=query)).json()

    assert found == {names[each["id"]] for each in answer["content"]}
    assert len(found) == answer["metadata"]["totalElements"]


@pytest.mark.parametrize("expression", ["amount", "amount eq", "amount like 5", "amount between 1", "a  eq 1", ""])
async def test_filters_that_make_no_sense_are_refused(worker: httpx2.AsyncClient, expression: str) -> None:
    """The refusal says how to write one."""
    answer = await worker.get("/processes", params={"processDefinitionCode": "LOAN", "metadata": expression})

    assert "write 'code operation value'" in reason(answer)["message"]


async def test_items_are_filtered(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """By process, type, state and codes, the older name of the code's filter included."""
    process, other = await new_process(worker, twin), await new_process(worker, twin, "OPEN")
    task = await new_task(worker, process, "FREE")
    other_task = await new_task(worker, other, "FORM")
    message = {"type": "MESSAGE", "processId": process["id"], "message": {"text": "x"}}
    message_id = (await worker.post("/process-items", json=message)).json()["id"]

    async def found(**query: str) -> set[str]:
        return {each["id"] for each in (await worker.get("/process-items", params=query)).json()["content"]}

    assert {task["id"], message_id} == await found(processId=process["id"])
    assert {message_id} == await found(type="MESSAGE")
    assert {task["id"], other_task["id"]} == await found(taskState="READY")
    assert {task["id"]} == await found(processItemDefinitionCode="FREE")
    assert {other_task["id"]} == await found(taskDefinitionCode="FORM")
    assert {other_task["id"]} == await found(processDefinitionCode="OPEN")
    assert {task["id"], message_id} == await found(processDefinitionId=twin.definition_id())


async def test_a_worker_is_created_then_updated(worker: httpx2.AsyncClient) -> None:
    """201 the first time, 200 after, by identity; the header says when to come again, in whole seconds."""
    first = await worker.post("/workers", json={**WORKER, "workflowTypes": ["A"]})
    second = await worker.post("/workers", json={**WORKER, "workflowTypes": ["B"]})

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert models.Worker.model_validate(second.json()).workflow_types == ["B"]
    assert second.headers["x-kf-delay-window"] == "2"


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"taskQueue": "other"}, 400, "unknown task queue other; known: extra, loans, open"),
        ({"identity": ""}, 400, "identity: String should have at least 1 character"),
        ({"identity": "x" * 256}, 400, "identity: String should have at most 255 characters"),
        ({"ip": "1.1.1"}, 400, "ip: String should have at least 7 characters"),
        ({"workflowTypes": [""]}, 400, "workflowTypes.0: String should have at least 1 character"),
        ({"tenantId": NOBODY}, 403, "tenant"),
    ],
)
async def test_workers_are_checked(worker: httpx2.AsyncClient, fields: Json, status: int, message: str) -> None:
    """KuFlow's limits, and the task queues of the definitions file."""
    refused = reason(await worker.post("/workers", json={**WORKER, **fields}))

    assert status == refused["status"]
    assert message in refused["message"]


async def test_without_definitions_any_queue_may_register(tmp_path: Path) -> None:
    """No file, no list of queues."""
    with open_twin(tmp_path, None) as twin:
        answer = await twin.client().post("/workers", json={**WORKER, "taskQueue": "whatever"})

    assert answer.status_code == 201


async def test_engine_credentials_are_handed_out(worker: httpx2.AsyncClient) -> None:
    """A token with its end, a certificate with its namespace; nobody on the way may keep them."""
    token = await worker.post("/authentications", json={"type": "ENGINE_TOKEN"})
    certificate = await worker.post("/authentications", json={"type": "ENGINE_CERTIFICATE"})
    first = models.Authentication.model_validate(token.json())
    second = models.Authentication.model_validate(certificate.json())

    assert first.engine_token is not None
    assert first.engine_token.expired_at is not None
    assert first.engine_token.expired_at > datetime.now(UTC)
    assert second.engine_certificate is not None
    assert second.engine_certificate.tls.client_private_key == "key"
    assert token.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("form", "tenant", "status"),
    [("basic", None, 200), ("access token", None, 400), ("access token", "own", 200), ("basic", "other", 403)],
)
async def test_the_tenant_is_needed_with_an_access_token(
    twin: Twin, worker: httpx2.AsyncClient, form: str, tenant: str | None, status: int
) -> None:
    """As KuFlow says of OAuth 2; a foreign tenant is refused in any case."""
    body: dict[str, Any] = {"type": "ENGINE_TOKEN"}
    if tenant:
        body["tenantId"] = twin.tenant_id if tenant == "own" else str(uuid4())
    headers = {"Authorization": headers_for(twin)[form]}
    answer = await worker.post("/authentications", json=body, headers=headers, auth=_as_it_is)

    assert status == answer.status_code


async def test_a_mistake_of_the_twin_is_a_500(twin: Twin) -> None:
    """Even then the body is a ``DefaultError``, and the mistake is raised for the log."""
    twin.execute("DROP TABLE task_logs")
    process = await new_process(twin.client(), twin)
    transport = httpx2.ASGITransport(app=twin.app, raise_app_exceptions=False)
    credentials = twin.worker.credentials
    async with httpx2.AsyncClient(
        transport=transport, auth=(credentials.client_id, credentials.client_secret)
    ) as client:
        wanted = {"type": "TASK", "processId": process["id"], "processItemDefinitionCode": "FREE"}
        answer = await client.post(
            "http://twin/v2024-06-14/process-items",
            content=json.dumps(wanted),
            headers={"Content-Type": "application/json"},
        )

    assert reason(answer)["status"] == 500
    assert "task_logs" not in answer.text
