"""AI assistance of the twin."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from tests.unit.twins import Json, Twin, new_process, new_task, open_twin, reason


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    """A twin."""
    with open_twin(tmp_path) as opened:
        yield opened


@pytest.fixture
def worker(twin: Twin) -> httpx2.AsyncClient:
    """The application's client."""
    return twin.client()


@pytest.fixture
async def task(twin: Twin, worker: httpx2.AsyncClient) -> Json:
    """A task."""
    return await new_task(worker, await new_process(worker, twin), "FREE")


def path(task: Json) -> str:
    """Where the assistance of a task lies."""
    return f"/process-items/{task['id']}/~actions/ai-assistance"


async def generate(client: httpx2.AsyncClient, task: Json, request_id: str) -> httpx2.Response:
    """Ask for assistance."""
    return await client.post(path(task), json={"requestId": request_id})


def pass_time(twin: Twin) -> None:
    """Let every attempt come to its end."""
    twin.execute("UPDATE ai_runs SET started_at = started_at - 9000000, ends_at = ends_at - 9000000")


async def test_an_attempt_is_pending_first(worker: httpx2.AsyncClient, task: Json) -> None:
    """It says when to ask again; asking with its id, or reading, starts nothing."""
    request_id = str(uuid4())
    started, again = [await generate(worker, task, request_id) for _ in range(2)]
    body = (await worker.get(path(task))).json()

    assert (started.status_code, again.status_code) == (202, 200)
    assert started.json() == again.json() == body
    assert body["state"] == "PENDING"
    assert body["requestId"] == request_id
    assert body["retryAfterSeconds"] == 1
    assert not {"finishedAt", "model", "errorCode"} & body.keys()


async def test_it_completes_after_a_while(twin: Twin, worker: httpx2.AsyncClient, task: Json) -> None:
    """Then it has a model and an end, and nothing of a pending one."""
    request_id = str(uuid4())
    await generate(worker, task, request_id)
    pass_time(twin)
    answer = await generate(worker, task, request_id)
    body = answer.json()

    assert answer.status_code == 200
    assert (body["state"], body["model"], body["finishReason"]) == ("COMPLETED", "twin", "stop")
    assert body["startedAt"] < body["finishedAt"]
    assert "retryAfterSeconds" not in body


async def test_it_can_fail(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """When the item's definition says so."""
    stuck = await new_task(worker, await new_process(worker, twin), "STUCK")
    await generate(worker, stuck, str(uuid4()))
    pass_time(twin)
    body = (await worker.get(path(stuck))).json()

    assert (body["state"], body["errorMessage"]) == ("FAILED", "no model")
    assert {"errorCode", "finishedAt"} < body.keys()
    assert "model" not in body


async def test_one_attempt_at_a_time(twin: Twin, worker: httpx2.AsyncClient, task: Json) -> None:
    """Another one is refused while it is pending, and takes its place afterwards."""
    first, second = str(uuid4()), str(uuid4())
    await generate(worker, task, first)
    refused = await generate(worker, task, second)
    pass_time(twin)
    replaced = await generate(worker, task, second)

    assert reason(refused)["status"] == 409
    assert (replaced.status_code, replaced.json()["state"]) == (202, "PENDING")
    assert (await worker.get(path(task))).json()["requestId"] == second


async def test_refusals(worker: httpx2.AsyncClient, task: Json) -> None:
    """Without an attempt, an item, a good id, or in a closed process."""
    none, unknown = await worker.get(path(task)), {"id": str(uuid4())}
    nobody = [await worker.get(path(unknown)), await generate(worker, unknown, str(uuid4()))]
    wrong = await generate(worker, task, "7")
    await worker.post(f"/processes/{task['processId']}/~actions/cancel")
    closed = await generate(worker, task, str(uuid4()))

    assert [reason(each)["status"] for each in (none, *nobody, wrong, closed)] == [404, 404, 404, 400, 409]
