"""Actions of the twin's processes."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from kurun_twin.outbox import CommandKind, EngineCommand
from tests.unit.twins import Json, Twin, new_process, new_task, open_twin, reason

OCTETS = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    """A twin whose process LOAN has actions of every type."""
    with open_twin(tmp_path) as opened:
        yield opened


@pytest.fixture
def ada(twin: Twin) -> httpx2.AsyncClient:
    """A person's client."""
    return twin.client(twin.ada)


@pytest.fixture
async def process(twin: Twin, ada: httpx2.AsyncClient) -> Json:
    """A running process."""
    return await new_process(ada, twin)


async def invoke(client: httpx2.AsyncClient, process: Json, code: str, **fields: object) -> httpx2.Response:
    """Invoke an action."""
    wanted = {"processActionDefinitionCode": code, **fields}
    return await client.post(f"/processes/{process['id']}/actions", json=wanted)


async def item(client: httpx2.AsyncClient, action: Json, field: str) -> Json:
    """The item that an action created."""
    body: Json = (await client.get(f"/process-items/{action[field]['processItemId']}")).json()
    return body


async def upload(client: httpx2.AsyncClient, process: Json, value_id: str) -> httpx2.Response:
    """Save a document in a user action."""
    query = {"fileName": "a.pdf", "fileContentType": "application/pdf", "userActionValueId": value_id}
    path = f"/processes/{process['id']}/~actions/upload-user-action-document"
    return await client.post(path, params=query, headers=OCTETS, content=b"bytes")


async def status(client: httpx2.AsyncClient, process: Json, action: Json) -> str:
    """Where an action stands."""
    return str((await client.get(f"/processes/{process['id']}/actions/{action['id']}")).json()["status"])


def last(twin: Twin) -> EngineCommand:
    """What the engine is told last."""
    return twin.commands()[-1]


async def test_a_workflow_is_started_with_the_action(twin: Twin, ada: httpx2.AsyncClient, process: Json) -> None:
    """It gets the action's id, KuFlow's request, and the queue of the action or else of the process."""
    answer = await invoke(ada, process, "RECALCULATE")
    action, command = answer.json(), last(twin)
    payload = dict(command.payload or {})

    assert (answer.status_code, action["status"]) == (201, "REQUESTED")
    assert (command.kind, command.workflow_id) == (CommandKind.START_WORKFLOW, action["id"])
    assert (command.workflow_type, command.task_queue) == ("RecalculateWorkflow", "extra")
    assert payload.pop("requestTime")
    assert payload.pop("requestTimeZone")
    assert payload == {
        "processId": process["id"],
        "userActionDefinitionType": "START_WORKFLOW",
        "userActionDefinitionCode": "RECALCULATE",
        "userActionId": action["id"],
        "requestorPrincipalId": twin.ada.id,
    }
    await invoke(ada, process, "EXPORT")
    assert last(twin).task_queue == "loans"


@pytest.mark.parametrize(
    ("outcome", "ends"), [("completed", "COMPLETED"), ("failed", "ERROR"), ("cancelled", "CANCELED")]
)
async def test_the_action_follows_its_workflow(
    twin: Twin, ada: httpx2.AsyncClient, process: Json, outcome: str, ends: str
) -> None:
    """However it ends, once; the process goes on."""
    action = (await invoke(ada, process, "RECALCULATE")).json()
    await twin.platform.process_finished(action["id"], outcome)
    await twin.platform.process_finished(action["id"], "completed")

    assert ends == await status(ada, process, action)
    assert (await ada.get(f"/processes/{process['id']}")).json()["state"] == "RUNNING"


async def test_cancelling_cancels_the_workflow(twin: Twin, ada: httpx2.AsyncClient, process: Json) -> None:
    """Once; an action that is over stays as it is."""
    action = (await invoke(ada, process, "RECALCULATE")).json()
    path = f"/processes/{process['id']}/actions/{action['id']}/~actions/cancel"
    cancelled = (await ada.post(path)).json()
    told = len(twin.commands())
    again = (await ada.post(path)).json()
    await twin.platform.process_finished(action["id"], "completed")

    assert (last(twin).kind, last(twin).workflow_id) == (CommandKind.CANCEL_WORKFLOW, action["id"])
    assert cancelled == again
    assert told == len(twin.commands())
    assert await status(ada, process, action) == "CANCELED"


async def test_a_document_completes_a_download(twin: Twin, ada: httpx2.AsyncClient, process: Json) -> None:
    """The action then names it; a second document is left aside, and the workflow's end changes nothing."""
    action = (await invoke(ada, process, "EXPORT")).json()
    saved = await upload(twin.client(), process, action["id"])
    again = await upload(twin.client(), process, action["id"])
    await twin.platform.process_finished(action["id"], "completed")
    done = (await ada.get(f"/processes/{process['id']}/actions/{action['id']}")).json()
    uri = done["downloadable"]["documentUri"]
    content = await ada.get("/documents/~actions/download", params={"documentUri": uri})

    assert action["downloadable"] == {}
    assert (saved.status_code, again.status_code) == (200, 304)
    assert (done["status"], done["downloadable"]["documentExpired"]) == ("COMPLETED", False)
    assert content.content == b"bytes"


async def test_a_download_without_a_document_is_an_error(twin: Twin, ada: httpx2.AsyncClient, process: Json) -> None:
    """Its workflow completed and left none."""
    action = (await invoke(ada, process, "EXPORT")).json()
    await twin.platform.process_finished(action["id"], "completed")

    assert await status(ada, process, action) == "ERROR"
    assert reason(await upload(ada, process, action["id"]))["status"] == 409


async def test_documents_go_to_downloads_of_their_process(twin: Twin, ada: httpx2.AsyncClient, process: Json) -> None:
    """Not to other types, nor to another process's; an id that no action has is one of KuFlow's own."""
    other = await new_process(ada, twin)
    recalculation = (await invoke(ada, process, "RECALCULATE")).json()
    export = (await invoke(ada, other, "EXPORT")).json()

    assert reason(await upload(ada, process, recalculation["id"]))["status"] == 409
    assert reason(await upload(ada, process, export["id"]))["status"] == 409
    assert (await upload(ada, process, str(uuid4()))).status_code == 200


async def test_a_related_process_is_started(twin: Twin, ada: httpx2.AsyncClient, process: Json) -> None:
    """With its metadata; data for an entity that it does not have is left aside."""
    given = {"metadata": {"a": 1}, "entity": {"b": 2}}
    action = (await invoke(ada, process, "FOLLOW_UP", startRelatedProcess=given)).json()
    started = (await ada.get(f"/processes/{action['startRelatedProcess']['processId']}")).json()

    assert (action["status"], action["startRelatedProcess"]["processDefinitionId"]) == (
        "COMPLETED",
        twin.definition_id("OPEN"),
    )
    assert started["processRelated"] == {"incoming": [], "outcoming": [process["id"]]}
    assert (started["metadata"]["value"], started["initiatorId"]) == ({"a": 1}, twin.ada.id)
    assert "entity" not in started
    assert last(twin).workflow_id == started["id"]


async def test_items_are_created(ada: httpx2.AsyncClient, process: Json) -> None:
    """A thread, a task inside it and a message, which every process can write."""
    thread = await item(ada, (await invoke(ada, process, "DISCUSS")).json(), "createProcessItemThread")
    inside = {"processItemThreadId": thread["id"]}
    task = await item(ada, (await invoke(ada, process, "ASK", createTask=inside)).json(), "createTask")
    written = await invoke(ada, process, "__KF_MESSAGE__", createProcessItemMessage={"text": "Hello", **inside})
    message = await item(ada, written.json(), "createProcessItemMessage")

    assert (thread["type"], task["type"], message["type"]) == ("THREAD", "TASK", "MESSAGE")
    assert task["processItemDefinitionRef"]["code"] == "FREE"
    assert (task["processItemThreadId"], message["processItemThreadId"]) == (thread["id"], thread["id"])
    assert message["message"] == {"text": "Hello"}
    assert written.json()["processActionDefinitionRef"]["code"] == "__KF_MESSAGE__"


async def test_a_signal_is_sent(twin: Twin, ada: httpx2.AsyncClient, process: Json) -> None:
    """To the process's workflow, with the input and the time in both spellings; the input is kept."""
    action = (await invoke(ada, process, "POSTPONE", sendWorkflowSignal={"input": {"days": 3}})).json()
    command, payload = last(twin), dict(last(twin).payload or {})

    assert (command.kind, command.workflow_id) == (CommandKind.SIGNAL_WORKFLOW, process["id"])
    assert command.signal_name == "Postpone"
    assert payload["requestInstant"] == payload["requestTime"]
    assert (payload["userActionDefinitionCode"], payload["input"]) == ("POSTPONE", {"days": 3})
    assert action["status"] == "COMPLETED"
    assert action["sendWorkflowSignal"] == {"signalName": "Postpone", "input": {"valid": True, "value": {"days": 3}}}


async def test_a_signal_may_take_no_input(twin: Twin, ada: httpx2.AsyncClient, process: Json) -> None:
    """Then none is sent, and one that is given is refused."""
    action = (await invoke(ada, process, "HURRY")).json()
    refused = await invoke(ada, process, "HURRY", sendWorkflowSignal={"input": {}})

    assert action["sendWorkflowSignal"] == {"signalName": "Hurry"}
    assert "input" not in (last(twin).payload or {})
    assert reason(refused)["errors"][0]["location"] == "sendWorkflowSignal.input"


async def test_input_must_be_valid(twin: Twin, ada: httpx2.AsyncClient, process: Json) -> None:
    """The refusal names every place; nothing was sent, and nothing is kept."""
    told = len(twin.commands())
    refused = reason(await invoke(ada, process, "POSTPONE", sendWorkflowSignal={"input": {}}))

    assert (refused["status"], refused["errors"][0]["location"]) == (400, "/days")
    assert told == len(twin.commands())


async def test_invalid_input_can_be_flagged_instead(tmp_path: Path) -> None:
    """An option lets it pass."""
    with open_twin(tmp_path, actions_need_valid_input=False) as twin:
        process = await new_process(twin.client(), twin)
        action = (await invoke(twin.client(), process, "POSTPONE", sendWorkflowSignal={"input": {}})).json()

    assert action["sendWorkflowSignal"]["input"]["valid"] is False


async def test_input_of_a_signal_is_limited(ada: httpx2.AsyncClient, process: Json) -> None:
    """To 200 KB."""
    refused = await invoke(ada, process, "POSTPONE", sendWorkflowSignal={"input": {"days": "x" * 205_000}})

    assert "204800 bytes" in reason(refused)["message"]


async def test_a_repeated_id_invokes_nothing_again(twin: Twin, ada: httpx2.AsyncClient, process: Json) -> None:
    """It answers with the first action, whatever else the second request says."""
    wanted = {"id": str(uuid4()), "sendWorkflowSignal": {"input": {"days": 3}}}
    first = await invoke(ada, process, "POSTPONE", **wanted)
    told = len(twin.commands())
    second = await invoke(ada, process, "POSTPONE", **{**wanted, "sendWorkflowSignal": {"input": {"days": 4}}})

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert told == len(twin.commands())


async def test_ids_of_workflows_are_told_apart(twin: Twin, ada: httpx2.AsyncClient, process: Json) -> None:
    """An action cannot have the id of a process, a process not that of an action, nor two processes one action."""
    action = (await invoke(ada, process, "RECALCULATE")).json()
    other = await new_process(ada, twin)
    start = {"id": action["id"], "processDefinitionId": twin.definition_id()}

    assert reason(await invoke(ada, process, "RECALCULATE", id=other["id"]))["status"] == 409
    assert reason(await invoke(ada, other, "RECALCULATE", id=action["id"]))["status"] == 409
    assert reason(await ada.post("/processes", json=start))["status"] == 409
    assert reason(await ada.get(f"/processes/{other['id']}/actions/{action['id']}"))["status"] == 404
    assert reason(await ada.post(f"/processes/{other['id']}/actions/{action['id']}/~actions/cancel"))["status"] == 404


@pytest.mark.parametrize(
    ("code", "fields", "location"),
    [
        ("UNKNOWN", {}, "processActionDefinitionCode"),
        ("ASK", {"sendWorkflowSignal": {}}, "sendWorkflowSignal"),
        ("EXPORT", {"createTask": {}}, "createTask"),
        ("__KF_MESSAGE__", {}, "createProcessItemMessage"),
        ("__KF_MESSAGE__", {"createProcessItemMessage": {}}, "createProcessItemMessage.text"),
        ("ASK", {"id": "7"}, "id"),
    ],
)
async def test_what_does_not_belong_to_the_type_is_refused(
    ada: httpx2.AsyncClient, process: Json, code: str, fields: Json, location: str
) -> None:
    """As is a code that the definition does not have."""
    refused = reason(await invoke(ada, process, code, **fields))

    assert (refused["status"], refused["errors"][0]["location"]) == (400, location)


async def test_a_thread_of_another_process_is_refused(twin: Twin, ada: httpx2.AsyncClient, process: Json) -> None:
    """Nothing is created."""
    other = await new_process(ada, twin)
    thread = await item(ada, (await invoke(ada, other, "DISCUSS")).json(), "createProcessItemThread")
    refused = await invoke(ada, process, "ASK", createTask={"processItemThreadId": thread["id"]})

    assert reason(refused)["status"] == 409
    found = (await ada.get("/process-items", params={"processId": process["id"]})).json()
    assert found["content"] == []


async def test_a_closed_process_has_no_actions(ada: httpx2.AsyncClient, process: Json) -> None:
    """They are refused; those it had can be read."""
    action = (await invoke(ada, process, "RECALCULATE")).json()
    await ada.post(f"/processes/{process['id']}/~actions/complete")

    assert reason(await invoke(ada, process, "ASK"))["status"] == 409
    assert await status(ada, process, action) == "REQUESTED"


@pytest.mark.parametrize("still_open", ["the process", "a task", "an action"])
async def test_nothing_open_is_deleted(ada: httpx2.AsyncClient, process: Json, still_open: str) -> None:
    """Neither a running process, nor one with a task to be done or an action whose workflow runs."""
    if still_open == "a task":
        await new_task(ada, process, "FREE")
    if still_open == "an action":
        await invoke(ada, process, "RECALCULATE")
    if still_open != "the process":
        await ada.post(f"/processes/{process['id']}/~actions/complete")

    assert reason(await ada.delete(f"/processes/{process['id']}"))["status"] == 409
    assert "deletedAt" not in (await ada.get(f"/processes/{process['id']}")).json()


async def test_deleting_a_process(twin: Twin, ada: httpx2.AsyncClient, process: Json) -> None:
    """Once, with its items; all of it can still be read."""
    task = await new_task(ada, process, "FREE")
    action = (await invoke(ada, process, "RECALCULATE")).json()
    path = f"/processes/{process['id']}"
    await twin.platform.process_finished(action["id"], "completed")
    await ada.post(f"{path}/~actions/cancel")
    deleted = await ada.delete(path)
    whole, inside = (await ada.get(path)).json(), (await ada.get(f"/process-items/{task['id']}")).json()
    again = await ada.delete(path)

    assert (deleted.status_code, again.status_code) == (204, 204)
    assert (whole["deletedBy"], inside["deletedBy"]) == (twin.ada.id, twin.ada.id)
    assert whole["deletedAt"] == inside["deletedAt"]
    assert whole == (await ada.get(path)).json()
    assert reason(await ada.delete(f"/processes/{uuid4()}"))["status"] == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["kept"]),
        ({"deleted": "EXCLUDE"}, ["kept"]),
        ({"deleted": "INCLUDE"}, ["kept"]),
        ({"deleted": "ONLY"}, []),
        ({"processDefinitionCode": "LOAN", "deleted": "ONLY"}, []),
        ({"processDefinitionCode": "LOAN", "tenantId": "ours", "deleted": "ONLY"}, ["deleted"]),
        ({"processDefinitionCode": "LOAN", "tenantId": "ours", "deleted": "INCLUDE"}, ["deleted", "kept"]),
        ({"processDefinitionId": "LOAN", "deleted": "ONLY"}, ["deleted"]),
        ({"processDefinitionId": "LOAN"}, ["kept"]),
    ],
)
async def test_deleted_ones_are_listed_by_definition(
    twin: Twin, ada: httpx2.AsyncClient, query: Json, found: list[str]
) -> None:
    """Only when the request names exactly one; the same holds for their items."""
    names = {}
    for name in ("deleted", "kept"):
        process = await new_process(ada, twin)
        names[process["id"]] = name
        names[(await new_task(ada, process, "FREE"))["id"]] = name
        await ada.post(f"/processes/{process['id']}/~actions/cancel")
    await ada.delete(f"/processes/{next(iter(names))}")
    ids = {"tenantId": twin.tenant_id, "processDefinitionId": twin.definition_id()}
    wanted = {name: ids.get(name, value) for name, value in query.items()}
    for path in ("/processes", "/process-items"):
        content = (await ada.get(path, params=wanted)).json()["content"]

        assert found == sorted(names[each["id"]] for each in content)
        assert all(("deletedAt" in each) == (names[each["id"]] == "deleted") for each in content)
