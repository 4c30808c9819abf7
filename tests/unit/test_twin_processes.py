"""The group Process of the twin's API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from kurun_clients.kuflow import models
from kurun_twin.outbox import CommandKind
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


async def test_a_new_process_starts_its_workflow(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """The process runs, its creator is the initiator, and the engine is told with a ``WorkflowRequest``."""
    answer = await worker.post("/processes", json={"processDefinitionId": twin.definition_id()})
    process = models.Process.model_validate(answer.json())
    (command,) = twin.commands()

    assert answer.status_code == 201
    assert process.state == models.ProcessState.RUNNING
    assert twin.worker.id == str(process.initiator_id) == str(process.created_by)
    assert twin.tenant_id == str(process.tenant_id)
    assert f"ku:process/{process.id}" == process.uri
    assert process.process_definition_ref is not None
    assert process.process_definition_ref.code == "LOAN"
    assert (CommandKind.START_WORKFLOW, str(process.id), "LoanWorkflow", "loans") == (
        command.kind,
        command.workflow_id,
        command.workflow_type,
        command.task_queue,
    )
    assert command.payload is not None
    assert {"processId", "requestTime", "requestTimeZone"} == command.payload.keys()


async def test_the_same_id_creates_nothing_new(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """A repeated create answers 200 with the first process, whatever else it says, and starts no second workflow."""
    wanted = {"id": str(uuid4()), "processDefinitionId": twin.definition_id(), "metadata": json_value(amount=1)}
    first = await worker.post("/processes", json=wanted)
    second = await worker.post("/processes", json={**wanted, "metadata": json_value(amount=2)})

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert len(twin.commands()) == 1


async def test_a_definition_is_found_by_code_with_the_tenant(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """A code needs the tenant beside it, as the specification says."""
    by_code = {"processDefinitionCode": "LOAN"}
    with_tenant = await worker.post("/processes", json={**by_code, "tenantId": twin.tenant_id})
    without = await worker.post("/processes", json=by_code)
    other_tenant = await worker.post("/processes", json={**by_code, "tenantId": str(uuid4())})

    assert (with_tenant.status_code, without.status_code, other_tenant.status_code) == (201, 400, 403)


@pytest.mark.parametrize(
    ("fields", "status", "location"),
    [
        ({}, 400, "processDefinitionId"),
        ({"processDefinitionId": str(uuid4())}, 404, "processDefinitionId"),
        ({"initiatorEmail": "nobody@example.com"}, 400, "initiatorEmail"),
        ({"initiatorId": str(uuid4())}, 400, "initiatorId"),
        ({"metadata": {"valid": True}}, 400, "metadata.value"),
        ({"metadata": json_value(), "id": "7"}, 400, "id"),
    ],
)
async def test_what_cannot_be_started_is_refused(
    twin: Twin, worker: httpx2.AsyncClient, fields: Json, status: int, location: str
) -> None:
    """The refusal says which field is to blame, and no workflow starts."""
    wanted = fields if location == "processDefinitionId" else {"processDefinitionId": twin.definition_id(), **fields}
    refused = reason(await worker.post("/processes", json=wanted))

    assert (status, location) == (refused["status"], refused["errors"][0]["location"])
    assert twin.commands() == []


async def test_invalid_metadata_is_stored_and_flagged(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """Data that breaks the schema is kept, with the verdict; what the sender claims about it counts nothing."""
    metadata = {"value": {"amount": "much"}, "valid": True}
    process = await new_process(worker, twin, metadata=metadata)

    assert process["metadata"] == {
        "valid": False,
        "value": {"amount": "much"},
        "errors": [{"propertyPath": "/amount", "type": "TYPE"}],
    }


@pytest.mark.parametrize("part", ["metadata", "entity"])
async def test_data_is_replaced_and_patched(twin: Twin, worker: httpx2.AsyncClient, part: str) -> None:
    """PUT replaces, PATCH changes; both answer with the whole process."""
    process = await new_process(worker, twin)
    path = f"/processes/{process['id']}/{part}"
    put = await worker.put(path, json={part: json_value(amount=1, name="x")})
    patched = await worker.patch(path, json=[{"op": "remove", "path": "/name"}], headers=PATCH)
    refused = await worker.patch(path, json=[{"op": "test", "path": "/amount", "value": 2}], headers=PATCH)

    assert put.json()[part]["value"] == {"amount": 1, "name": "x"}
    assert patched.json()[part]["value"] == {"amount": 1}
    assert refused.status_code == 400
    assert reason(refused)["message"] == "the test of '/amount' fails"


async def test_a_patch_of_absent_data_starts_empty(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """A process without an entity can be patched into one."""
    process = await new_process(worker, twin)
    operation = {"op": "add", "path": "/a", "value": None}
    answer = await worker.patch(f"/processes/{process['id']}/entity", json=[operation], headers=PATCH)

    assert answer.json()["entity"] == {"valid": True, "value": {"a": None}}


@pytest.mark.parametrize(
    ("actions", "statuses", "state"),
    [
        (["complete", "complete"], [200, 200], "COMPLETED"),
        (["cancel", "cancel"], [200, 200], "CANCELLED"),
        (["complete", "cancel"], [200, 409], "COMPLETED"),
        (["cancel", "complete"], [200, 409], "CANCELLED"),
    ],
)
async def test_ends_are_final(
    twin: Twin, worker: httpx2.AsyncClient, actions: list[str], statuses: list[int], state: str
) -> None:
    """Ending a process again in the same way does nothing; in the other way it is refused."""
    process = await new_process(worker, twin)
    path = f"/processes/{process['id']}"
    answers = [await worker.post(f"{path}/~actions/{action}") for action in actions]

    assert statuses == [answer.status_code for answer in answers]
    assert state == (await worker.get(path)).json()["state"]


async def test_cancelling_ends_items_and_workflow(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """Open tasks are cancelled with the process, completed ones stay, and the workflow is cancelled once."""
    process = await new_process(worker, twin)
    ready, claimed, done = [await new_task(worker, process, "FREE") for _ in range(3)]
    for task in (claimed, done):
        await worker.post(f"/process-items/{task['id']}/task/~actions/claim")
    await worker.post(f"/process-items/{done['id']}/task/~actions/complete")
    for _ in range(2):
        await worker.post(f"/processes/{process['id']}/~actions/cancel")

    states = [
        (await worker.get(f"/process-items/{each['id']}")).json()["task"]["state"] for each in (ready, claimed, done)
    ]
    assert states == ["CANCELLED", "CANCELLED", "COMPLETED"]
    assert [each.kind for each in twin.commands()] == ["start_workflow", "signal_workflow", "cancel_workflow"]


async def test_single_items_can_be_cancelled(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """Those named, or all that are open; the process runs on."""
    process = await new_process(worker, twin)
    first, second, third = [await new_task(worker, process) for _ in range(3)]
    path = f"/processes/{process['id']}/~actions/cancel-process-items"

    async def states() -> list[str]:
        answers = [await worker.get(f"/process-items/{each['id']}") for each in (first, second, third)]
        return [answer.json()["task"]["state"] for answer in answers]

    some = await worker.post(path, params={"processItemId": [first["id"], second["id"]]})
    after_some = await states()
    await worker.post(path)

    assert after_some == ["CANCELLED", "CANCELLED", "READY"]
    assert await states() == ["CANCELLED"] * 3
    assert some.json()["state"] == "RUNNING"


@pytest.mark.parametrize(("status", "expected"), [(409, 409), (403, 403)])
async def test_a_closed_process_cannot_change(tmp_path: Path, status: int, expected: int) -> None:
    """Neither its data nor its items; the status that KuFlow leaves open is an option."""
    with open_twin(tmp_path, closed_process_status=status) as twin:
        worker = twin.client()
        process = await new_process(worker, twin)
        task = await new_task(worker, process)
        path = f"/processes/{process['id']}"
        await worker.post(f"{path}/~actions/complete")
        refused = [
            await worker.put(f"{path}/metadata", json={"metadata": json_value()}),
            await worker.patch(f"{path}/entity", json=[{"op": "add", "path": "/a", "value": 1}], headers=PATCH),
            await worker.post(f"{path}/~actions/change-initiator", json={"initiatorEmail": "ada@example.com"}),
            await worker.post(f"{path}/~actions/cancel-process-items"),
            await worker.post(
                f"{path}/~actions/upload-document",
                params={"fileName": "a", "fileContentType": "a/b"},
                headers={"Content-Type": "application/octet-stream"},
            ),
            await worker.post(
                "/process-items", json={"type": "MESSAGE", "processId": process["id"], "message": {"text": "x"}}
            ),
            await worker.post(f"/process-items/{task['id']}/task/~actions/claim"),
            await worker.put(f"/process-items/{task['id']}/task/data", json={"data": json_value()}),
        ]

    assert {expected} == {answer.status_code for answer in refused}


async def test_the_initiator_can_change(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """By id or address; naming nobody or two is refused."""
    process = await new_process(worker, twin, initiatorEmail="ada@example.com")
    path = f"/processes/{process['id']}/~actions/change-initiator"
    by_email = await worker.post(path, json={"initiatorEmail": "BOB@example.com"})
    by_id = await worker.post(path, json={"initiatorId": twin.worker.id})
    nobody = await worker.post(path, json={})
    two = await worker.post(path, json={"initiatorId": twin.ada.id, "initiatorEmail": "bob@example.com"})

    assert [twin.ada.id, twin.bob.id, twin.worker.id] == [
        process["initiatorId"],
        by_email.json()["initiatorId"],
        by_id.json()["initiatorId"],
    ]
    assert (nobody.status_code, two.status_code) == (400, 400)


async def test_related_processes_know_each_other(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """The new process points to the other one, which sees where it is pointed at from."""
    first = await new_process(worker, twin)
    second = await new_process(worker, twin, relatedProcessId=first["id"])
    first_again = (await worker.get(f"/processes/{first['id']}")).json()

    assert {"incoming": [], "outcoming": [first["id"]]} == second["processRelated"]
    assert {"incoming": [second["id"]], "outcoming": []} == first_again["processRelated"]


@pytest.mark.parametrize(
    ("outcome", "options", "state"),
    [
        ("completed", {}, "COMPLETED"),
        ("cancelled", {}, "CANCELLED"),
        ("failed", {}, "RUNNING"),
        ("failed", {"failed_workflow_cancels_process": True}, "CANCELLED"),
    ],
)
async def test_a_process_follows_its_workflow(
    tmp_path: Path, outcome: str, options: dict[str, Any], state: str
) -> None:
    """When the workflow ends the process does; being told twice, or of another workflow, does nothing."""
    with open_twin(tmp_path, **options) as twin:
        worker = twin.client()
        process = await new_process(worker, twin)
        task = await new_task(worker, process)
        for _ in range(2):
            await twin.platform.process_finished(process["id"], outcome)
        await twin.platform.process_finished(uuid4(), outcome)
        after = (await worker.get(f"/processes/{process['id']}")).json()
        task_state = (await worker.get(f"/process-items/{task['id']}")).json()["task"]["state"]

    assert state == after["state"]
    assert ("CANCELLED" if state == "CANCELLED" else "READY") == task_state
    if state != "RUNNING":
        assert after["lastModifiedBy"] == twin.platform.principals.system_id


async def test_everything_survives_a_restart(tmp_path: Path) -> None:
    """Process, task, credentials and unsent commands are there after the twin was closed and opened again."""
    with open_twin(tmp_path) as twin:
        process = await new_process(twin.client(), twin, metadata=json_value(amount=1))
        task = await new_task(twin.client(), process)
        commands = twin.commands()
        credentials = twin.worker.credentials
    with open_twin(tmp_path) as again:
        worker = again.client()

        assert process == (await worker.get(f"/processes/{process['id']}")).json()
        assert task == (await worker.get(f"/process-items/{task['id']}")).json()
        assert commands == again.commands()
        assert credentials == again.worker.credentials
