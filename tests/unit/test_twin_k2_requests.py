"""What holds for every request of K2's Workflow REST API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from kurun_twin.api.misbehaviour import ConnectionDropped
from kurun_twin.scenario import Rule
from tests.unit.k2_twins import K2Twin, message, open_k2_twin


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[K2Twin]:
    """A twin with K2."""
    with open_k2_twin(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !", "Basic Qm9i", "Basic Qm9iOng=", "Bearer ", "Bearer nobody", "Negotiate abc", "NTLM abc"],
)
async def test_without_valid_credentials_there_is_a_challenge(twin: K2Twin, header: str) -> None:
    """401 with a Basic challenge, even where nothing lies; NTLM and Negotiate are unknown to this API."""
    async with twin.client(None) as client:
        answers = [await client.get(path, headers={"Authorization": header}) for path in ("/tasks", "/nowhere")]

    assert [(401, 'Basic realm="K2"')] * 2 == [(each.status_code, each.headers["www-authenticate"]) for each in answers]
    assert message(answers[0])


@pytest.mark.parametrize("path", ["/Api/Workflow/V1/Tasks", "/api/workflow/v1/tasks/", "/api/workflow/Preview/tasks"])
async def test_the_case_of_paths_does_not_matter(twin: K2Twin, path: str) -> None:
    """Nor does a slash at the end; ``preview`` is another name of the version."""
    async with twin.client("Bob", path="") as client:
        answer = await client.get(path)

    assert {"itemCount": 0, "tasks": []} == answer.json()


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/task", 404, None),
        ("GET", "/tasks/1_1/x", 404, None),
        ("POST", "/tasks", 405, "GET"),
        ("PUT", "/tasks/1_1", 405, "GET"),
        ("GET", "/tasks/1_1/actions/redirect", 405, "POST"),
        ("DELETE", "/workflows/7", 405, "GET, POST"),
        ("GET", "/serverEvents/1_1/finish", 405, "POST"),
    ],
)
async def test_what_the_api_has_not(twin: K2Twin, method: str, path: str, status: int, allowed: str | None) -> None:
    """404 for unknown paths, 405 for other methods, both in K2's form."""
    async with twin.client() as client:
        answer = await client.request(method, path)

    assert (status, allowed) == (answer.status_code, answer.headers.get("allow"))
    assert message(answer)


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"{}", "application/xml", 415),
        (b"{", "application/json", 400),
        (b"\xff{}", "application/json", 400),
        (b'{"folio": "\\ud800"}', "application/json", 400),
        (b'{"dataFields": {"Amount": 1e999}}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'"' + b"x" * 2000 + b'"', "application/json", 413),
    ],
)
async def test_bodies_that_cannot_be_read(tmp_path: Path, content: bytes, content_type: str, status: int) -> None:
    """Another type is 415, broken JSON 400, too many bytes 413; nothing is started."""
    with open_k2_twin(tmp_path, max_body=1000 if status == 413 else 1_000_000) as twin:
        async with twin.client() as client:
            answer = await client.post("/workflows/7", content=content, headers={"Content-Type": content_type})

        assert (status, []) == (answer.status_code, twin.happened())
        assert message(answer)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (200, b"{}")),
        ({"k2_action_body": False}, (200, b"")),
        ({"k2_action_status": 204}, (204, b"")),
    ],
)
async def test_the_answer_of_an_action_can_be_another(
    tmp_path: Path, options: dict[str, Any], expected: tuple[int, bytes]
) -> None:
    """Which success statuses K2 has lies on a page that nobody can read."""
    with open_k2_twin(tmp_path, **options) as twin:
        twin.start()
        async with twin.client("Bob") as client:
            answers = [
                await client.post(f"/tasks/{twin.serial('Bob')}/actions/{action}") for action in ("assign", "approve")
            ]

    assert [expected] * 2 == [(each.status_code, each.content) for each in answers]


async def test_the_statuses_of_refusals_can_be_others(tmp_path: Path) -> None:
    """Their texts stay."""
    with open_k2_twin(tmp_path, k2_denied_status=403, k2_engine_error_status=400, k2_not_permitted_status=401) as twin:
        twin.start()
        async with twin.client("Eve") as client:
            answers = [
                await client.get("/tasks/9_9"),
                await client.post(f"/tasks/{twin.serial('Eve')}/actions/wake"),
                await client.post("/workflows/7", json={}),
            ]

    assert [403, 400, 401] == [each.status_code for each in answers]
    assert message(answers[0]) == "Task could not be retrieved. Either access denied or not found."


async def test_an_action_name_may_hold_anything(tmp_path: Path) -> None:
    """Names are decoded after the path is taken apart, so that even a slash can be in one."""
    definitions = r"""
k2:
  users: [{name: 'ACME\Bob', password: x}]
  workflows:
    - {id: 1, name: W, steps: [{task: T, destinations: ['ACME\Bob'], actions: [{name: 'Yes / No: 50 %'}]}]}
"""
    with open_k2_twin(tmp_path, definitions) as twin:
        twin.start(1, "Bob")
        async with twin.client("Bob") as client:
            answer = await client.post(f"/tasks/{twin.serial('Bob')}/actions/yes%20%2F%20no%3A%2050%20%25")

        assert (200, ["started", "acted", "completed"]) == (answer.status_code, twin.happened())


async def test_the_scenario_spoils_k2_too(twin: K2Twin) -> None:
    """A status comes instead of acting; a drop after acting leaves the work done and the caller without an answer."""
    twin.start()
    path = f"/tasks/{twin.serial('Bob')}/actions/Approve"
    twin.scenario.replace(
        [
            Rule(path="/actions/", status=503, retry_after=1, times=1),
            Rule(method="POST", path="(?i)/API/workflow/", drop="after", times=1),
        ]
    )
    async with twin.client("Bob") as client:
        busy = await client.post(path)
        before = twin.happened()
        with pytest.raises(ConnectionDropped):
            await client.post(path)
        again = await client.post(path)

    assert (503, "1", ["started"]) == (busy.status_code, busy.headers["retry-after"], before)
    assert (404, ["started", "acted"]) == (again.status_code, twin.happened())


async def test_requests_are_counted_by_operation(twin: K2Twin) -> None:
    """Under the ids of K2's own document, beside KuFlow's operations."""
    twin.start()
    serial = twin.serial("Bob")
    async with twin.client("Bob") as client, twin.steering() as steering:
        for method, path in (
            ("GET", "/Tasks/"),
            ("GET", "/tasks/1_999"),
            ("POST", f"/tasks/{serial}/actions/assign"),
            ("POST", f"/tasks/{serial}/actions/Approve"),
        ):
            await client.request(method, path)
        counted = (await steering.get("/figures")).json()["requests"]["by_operation"]

    assert {
        "Tasks_Get": {"200": 1},
        "Tasks_GetTask": {"404": 1},
        "Tasks_PostAssignAction": {"200": 1},
        "Tasks_TaskCustomAction": {"200": 1},
    } == {name: each["by_status"] for name, each in counted.items()}


async def test_the_history_is_read_in_pages(twin: K2Twin) -> None:
    """``next`` leads from page to page; filters narrow it; only applications may read it."""
    for number in range(5):
        twin.start(folio=str(number))
    async with twin.steering() as client:
        page = (await client.get("/k2/history?size=2")).json()
        rows = page["rows"]
        while page["next"] is not None:
            page = (await client.get(f"/k2/history?size=2&after={page['next']}")).json()
            rows += page["rows"]
        one = (await client.get("/k2/history?instance=3&what=started")).json()["rows"]
        wrong = await client.get("/k2/history?size=x")
    outsider = twin.platform.principals.users[0].credentials
    transport = httpx2.ASGITransport(app=twin.app)
    async with httpx2.AsyncClient(transport=transport, auth=(outsider.client_id, outsider.client_secret)) as client:
        refused = await client.get("http://twin/_twin/k2/history")

    assert ["0", "1", "2", "3", "4"] == [each["detail"]["folio"] for each in rows]
    assert [(3, "ACME\\svc")] == [(each["instance_id"], each["who"]) for each in one]
    assert (400, 403) == (wrong.status_code, refused.status_code)


async def test_waiting_server_events_can_be_asked_for(twin: K2Twin) -> None:
    """The twin's own operation: a real workflow sends the serial number to whoever has to know it."""
    twin.start(9)
    async with twin.steering() as client:
        events = (await client.get("/k2/server-events")).json()["serverEvents"]

    assert [twin.event_serial()] == [each["serialNumber"] for each in events]
