"""Tasks, messages and threads of the twin's API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from kurun_clients.kuflow import models
from tests.unit.twins import Json, Twin, json_value, new_process, new_task, open_twin, reason

PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    """A twin on a new folder."""
    with open_twin(tmp_path) as opened:
        yield opened


@pytest.fixture
def worker(twin: Twin) -> httpx2.AsyncClient:
    """The application's client."""
    return twin.client()


@pytest.fixture
async def process(twin: Twin, worker: httpx2.AsyncClient) -> Json:
    """A running process."""
    return await new_process(worker, twin)


async def act(client: httpx2.AsyncClient, task: Json, action: str, body: Json | None = None) -> httpx2.Response:
    """Carry out one of a task's actions."""
    return await client.post(f"/process-items/{task['id']}/task/~actions/{action}", json=body)


async def test_a_task_is_created_ready(worker: httpx2.AsyncClient, process: Json) -> None:
    """Without an owner a task is READY; its data is judged, its definition named."""
    item = models.ProcessItem.model_validate(await new_task(worker, process, task={"data": json_value(amount=0)}))

    assert item.task is not None
    assert item.task.data is not None
    assert item.task.state == models.ProcessItemTaskState.READY
    assert item.owner_id is None
    assert item.process_item_definition_ref is not None
    assert item.process_item_definition_ref.code == "FORM"
    assert item.task.data.errors is not None
    assert [(each.property_path, each.type) for each in item.task.data.errors] == [("/amount", "MINIMUM")]
    assert f"ku:process-item/{item.id}" == item.uri


async def test_a_task_with_an_owner_is_claimed(twin: Twin, worker: httpx2.AsyncClient, process: Json) -> None:
    """By id or address."""
    by_email = await new_task(worker, process, ownerEmail="ada@example.com")
    by_id = await new_task(worker, process, ownerId=twin.bob.id)

    assert [("CLAIMED", twin.ada.id), ("CLAIMED", twin.bob.id)] == [
        (each["task"]["state"], each["ownerId"]) for each in (by_email, by_id)
    ]


async def test_the_same_id_creates_nothing_new(worker: httpx2.AsyncClient, process: Json) -> None:
    """A repeated create answers 200 with the first item, as it is by now."""
    wanted = {"id": str(uuid4()), "type": "TASK", "processId": process["id"], "processItemDefinitionCode": "FREE"}
    first = await worker.post("/process-items", json=wanted)
    claimed = await act(worker, first.json(), "claim")
    second = await worker.post("/process-items", json=wanted)

    assert (first.status_code, second.status_code) == (201, 200)
    assert claimed.json() == second.json()


@pytest.mark.parametrize(
    "fields",
    [{"taskDefinitionCode": "FORM"}, {"task": {"taskDefinitionCode": "FORM"}}, {"processItemDefinitionCode": "FORM"}],
)
async def test_both_shapes_are_read(worker: httpx2.AsyncClient, process: Json, fields: Json) -> None:
    """The definition's code is found where the older shape and where the current one put it."""
    answer = await worker.post("/process-items", json={"type": "TASK", "processId": process["id"], **fields})

    assert answer.json()["processItemDefinitionRef"]["code"] == "FORM"


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        (
            {"processItemDefinitionCode": "NONE"},
            400,
            "LOAN has no process item definition NONE; it has: FORM, FREE, NOTE",
        ),
        ({"processItemDefinitionCode": "NOTE"}, 400, "NOTE defines a MESSAGE, no TASK"),
        ({}, 400, "a TASK needs a processItemDefinitionCode"),
        ({"processItemDefinitionCode": "FORM", "ownerEmail": "x@y"}, 400, "no user has the e-mail address x@y"),
        ({"processItemDefinitionCode": "FORM", "processId": "497f6eca-6276-4993-bfeb-53cbbbba6f08"}, 404, "no process"),
        ({"type": "MESSAGE"}, 400, "a MESSAGE needs a text or data"),
        ({"type": "OTHER"}, 400, "type: Input should be 'TASK', 'MESSAGE' or 'THREAD'"),
    ],
)
async def test_what_cannot_be_created_is_refused(
    worker: httpx2.AsyncClient, process: Json, fields: Json, status: int, message: str
) -> None:
    """The refusal says what is wrong."""
    refused = reason(await worker.post("/process-items", json={"type": "TASK", "processId": process["id"], **fields}))

    assert status == refused["status"]
    assert message in refused["message"]


async def test_a_process_without_item_definitions_takes_any_code(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """The same code has the same definition id each time."""
    process = await new_process(worker, twin, "OPEN")
    first, second = [await new_task(worker, process, "ANY") for _ in range(2)]

    assert first["processItemDefinitionRef"] == second["processItemDefinitionRef"]


async def test_a_completed_task_signals_its_workflow(twin: Twin, process: Json) -> None:
    """The signal is a ``SignalProcessItem`` to the workflow with the process's id."""
    ada = twin.client(twin.ada)
    task = await new_task(ada, process, "FREE")
    await act(ada, task, "claim")
    completed = await act(ada, task, "complete")
    command = twin.commands()[-1]

    assert completed.json()["task"]["state"] == "COMPLETED"
    assert ("signal_workflow", process["id"], "KuFlow_Engine_Signal_Process_Item") == (
        command.kind,
        command.workflow_id,
        command.signal_name,
    )
    assert command.payload is not None
    assert command.payload["payload"] == {"processItemDefinitionCode": "FREE"}
    assert (task["id"], "TASK") == (command.payload["id"], command.payload["type"])
    assert {"id", "type", "payload", "requestTime", "requestTimeZone"} == command.payload.keys()


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["ada claim"], [200]),
        (["ada claim", "ada claim"], [200, 200]),
        (["ada claim", "bob claim"], [200, 409]),
        (["ada complete"], [409]),
        (["ada claim", "bob complete"], [200, 403]),
        (["ada claim", "ada complete", "ada complete"], [200, 200, 409]),
        (["ada claim", "ada complete", "bob complete"], [200, 200, 403]),
        (["ada claim", "ada complete", "ada claim"], [200, 200, 409]),
        (["ada assign bob", "bob complete"], [200, 200]),
        (["ada claim", "bob assign bob", "ada complete", "bob complete"], [200, 200, 403, 200]),
        (["ada claim", "ada complete", "ada assign bob"], [200, 200, 409]),
    ],
)
async def test_the_table_of_states(twin: Twin, process: Json, steps: list[str], expected: list[int]) -> None:
    """Who may do what in which state."""
    clients = {"ada": twin.client(twin.ada), "bob": twin.client(twin.bob)}
    task = await new_task(twin.client(), process, "FREE")
    statuses = []
    for step in steps:
        who, action, *whom = step.split()
        body = {"ownerEmail": f"{whom[0]}@example.com"} if whom else None
        statuses.append((await act(clients[who], task, action, body)).status_code)

    assert expected == statuses


async def test_a_message_is_no_task(worker: httpx2.AsyncClient, process: Json) -> None:
    """The actions of tasks are refused on messages."""
    message = {"type": "MESSAGE", "processId": process["id"], "message": {"text": "*hi*"}}
    item = (await worker.post("/process-items", json=message)).json()

    assert (await act(worker, item, "claim")).status_code == 409


async def test_messages_of_users_signal(twin: Twin, worker: httpx2.AsyncClient, process: Json) -> None:
    """What a person writes reaches the workflow; what the worker writes does not come back to it."""
    message = {
        "type": "MESSAGE",
        "processId": process["id"],
        "message": {"text": "*hi*", "data": json_value(a=1), "dataStructureDataDefinitionCode": "INFO"},
    }
    await worker.post("/process-items", json=message)
    written = (await twin.client(twin.ada).post("/process-items", json=message)).json()
    signals = [each.payload for each in twin.commands() if each.kind == "signal_workflow"]

    assert {"text": "*hi*", "dataStructureDataDefinitionCode": "INFO"}.items() <= written["message"].items()
    assert [(written["id"], "MESSAGE", {"dataStructureDataDefinitionCode": "INFO"})] == [
        (each["id"], each["type"], each["payload"]) for each in signals if each
    ]


async def test_items_can_belong_to_a_thread(worker: httpx2.AsyncClient, process: Json) -> None:
    """A thread holds messages of its own process only."""
    thread = (await worker.post("/process-items", json={"type": "THREAD", "processId": process["id"]})).json()
    message = {"type": "MESSAGE", "processId": process["id"], "message": {"text": "x"}}
    inside = await worker.post("/process-items", json={**message, "processItemThreadId": thread["id"]})
    wrong = await worker.post("/process-items", json={**message, "processItemThreadId": inside.json()["id"]})

    assert thread["id"] == inside.json()["processItemThreadId"]
    assert wrong.status_code == 409


async def test_data_is_replaced_and_patched(worker: httpx2.AsyncClient, process: Json) -> None:
    """PUT and PATCH judge the data anew; context data is apart."""
    task = await new_task(worker, process)
    path = f"/process-items/{task['id']}/task"
    put = await worker.put(f"{path}/data", json={"data": json_value(amount=5, when="tomorrow")})
    patched = await worker.patch(f"{path}/data", json=[{"op": "remove", "path": "/when"}], headers=PATCH)
    context = await worker.put(f"{path}/context-data", json={"data": json_value(hint="x")})

    assert put.json()["task"]["data"]["errors"] == [{"propertyPath": "/when", "type": "FORMAT"}]
    assert patched.json()["task"]["data"] == {"valid": True, "value": {"amount": 5}}
    assert context.json()["task"]["contextData"] == {"valid": True, "value": {"hint": "x"}}
    assert context.json()["task"]["data"]["value"] == {"amount": 5}


@pytest.mark.parametrize(("options", "status"), [({}, 409), ({"complete_needs_valid_data": False}, 200)])
async def test_completing_needs_valid_data(tmp_path: Path, options: dict[str, Any], status: int) -> None:
    """Unless the options say otherwise; the refusal lists what is wrong with the data."""
    with open_twin(tmp_path, **options) as twin:
        worker = twin.client()
        task = await new_task(worker, await new_process(worker, twin), task={"data": json_value(amount=0)})
        await act(worker, task, "claim")
        answer = await act(worker, task, "complete")

    assert status == answer.status_code
    if status == 409:
        assert [(each["code"], each["location"]) for each in reason(answer)["errors"]] == [("MINIMUM", "/amount")]


@pytest.mark.parametrize(("options", "status"), [({}, 409), ({"completed_tasks_are_fixed": False}, 200)])
async def test_data_of_a_completed_task_is_fixed(tmp_path: Path, options: dict[str, Any], status: int) -> None:
    """Unless the options say otherwise; log lines may still be added."""
    with open_twin(tmp_path, **options) as twin:
        worker = twin.client()
        task = await new_task(worker, await new_process(worker, twin), "FREE")
        await act(worker, task, "claim")
        await act(worker, task, "complete")
        saved = await worker.put(f"/process-items/{task['id']}/task/data", json={"data": json_value(a=1)})
        logged = await act(worker, task, "append-log", {"message": "after", "level": "INFO"})

    assert (status, 200) == (saved.status_code, logged.status_code)


async def test_the_log_drops_its_oldest_line(tmp_path: Path) -> None:
    """At the cap a new line takes the place of the oldest; other tasks are not touched."""
    with open_twin(tmp_path, log_cap=3) as twin:
        worker = twin.client()
        process = await new_process(worker, twin)
        task, other = await new_task(worker, process), await new_task(worker, process)
        await act(worker, other, "append-log", {"message": "other", "level": "WARN"})
        for number in range(5):
            await act(worker, task, "append-log", {"message": str(number), "level": "ERROR"})
        own = (await worker.get(f"/process-items/{task['id']}")).json()
        others = (await worker.get(f"/process-items/{other['id']}")).json()

    assert [each["message"] for each in own["task"]["logs"]] == ["2", "3", "4"]
    assert [each["message"] for each in others["task"]["logs"]] == ["other"]


async def test_forms_are_not_rendered(worker: httpx2.AsyncClient, process: Json) -> None:
    """KuFlow renders forms only for tenants that asked for it: 403, after the parameter was checked."""
    task = await new_task(worker, process)
    path = f"/process-items/{task['id']}/task/data/~actions/download-webforms-as-document"

    assert (await worker.get(path)).status_code == 400
    assert (await worker.get(path, params={"propertyPath": "/form"})).status_code == 403
