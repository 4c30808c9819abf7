"""Business artifacts of the twin, and their actions."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from kurun_twin.outbox import CommandKind
from tests.unit.twins import Json, Twin, json_value, new_artifact, new_process, open_twin, reason

PATCH = {"Content-Type": "application/json-patch+json"}
OCTETS = {"Content-Type": "application/octet-stream"}
FILE = {"fileName": "a.pdf", "fileContentType": "application/pdf"}


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    """A twin with the definitions CUSTOMER, which has a schema and actions, and NOTE."""
    with open_twin(tmp_path) as opened:
        yield opened


@pytest.fixture
def worker(twin: Twin) -> httpx2.AsyncClient:
    """The application's client."""
    return twin.client()


@pytest.fixture
async def customer(twin: Twin, worker: httpx2.AsyncClient) -> Json:
    """A customer."""
    return await new_artifact(worker, twin, data=json_value(name="Ada", age=30))


async def upload(client: httpx2.AsyncClient, artifact: Json) -> str:
    """Upload a document; the answer is its reference."""
    path = f"/business-artifacts/{artifact['id']}/~actions/upload-document"
    return str((await client.post(path, params=FILE, headers=OCTETS, content=b"bytes")).json()["documentUri"])


async def invoke(client: httpx2.AsyncClient, artifact: Json, code: str, **fields: object) -> httpx2.Response:
    """Invoke an action."""
    wanted = {"businessArtifactActionDefinitionCode": code, **fields}
    return await client.post(f"/business-artifacts/{artifact['id']}/actions", json=wanted)


async def prepare(client: httpx2.AsyncClient, artifact: Json, operation: str, code: str) -> httpx2.Response:
    """Prepare an action."""
    path = f"/business-artifacts/{artifact['id']}/~actions/prepare-{operation}"
    return await client.post(path, json={"businessArtifactActionDefinitionCode": code})


async def test_a_repeated_id_creates_nothing_again(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """It answers with the first one, whatever else the second request says."""
    definition = twin.platform.definitions.artifact_by_code("CUSTOMER")
    assert definition is not None
    wanted = {"id": str(uuid4()), "businessArtifactDefinitionId": str(definition.id), "data": json_value(name="Ada")}
    first = await worker.post("/business-artifacts", json=wanted)
    second = await worker.post("/business-artifacts", json={**wanted, "data": json_value(name="Bob")})

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json() == (await worker.get(f"/business-artifacts/{wanted['id']}")).json()
    assert first.json()["businessArtifactDefinitionRef"] == {"id": str(definition.id), "code": "CUSTOMER"}
    assert first.json()["uri"] == f"ku:business-artifact/{wanted['id']}"


async def test_data_is_judged(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """Invalid data is kept and flagged, from the start, when replaced and when patched."""
    empty = await new_artifact(worker, twin)
    path = f"/business-artifacts/{empty['id']}/data"
    valid = (await worker.put(path, json={"data": json_value(name="Ada")})).json()
    operations = [{"op": "add", "path": "/age", "value": "old"}]
    broken = (await worker.patch(path, json=operations, headers=PATCH)).json()
    free = await new_artifact(worker, twin, "NOTE")

    missing = {"propertyPath": "/name", "type": "REQUIRED"}
    assert empty["data"] == {"valid": False, "value": {}, "errors": [missing]}
    assert valid["data"] == {"valid": True, "value": {"name": "Ada"}}
    assert broken["data"]["errors"] == [{"propertyPath": "/age", "type": "TYPE"}]
    assert "data" not in free


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 400),
        ({"businessArtifactDefinitionCode": "CUSTOMER"}, 400),
        ({"businessArtifactDefinitionCode": "CUSTOMER", "tenantId": str(uuid4())}, 403),
        ({"businessArtifactDefinitionId": str(uuid4())}, 404),
        ({"businessArtifactDefinitionCode": "CUSTOMER", "tenantId": "ours", "data": {}}, 400),
        ({"businessArtifactDefinitionCode": "OTHER", "tenantId": "ours"}, 404),
    ],
)
async def test_a_definition_has_to_be_named(twin: Twin, worker: httpx2.AsyncClient, fields: Json, status: int) -> None:
    """By id, or by code together with the tenant."""
    wanted = fields | ({"tenantId": twin.tenant_id} if fields.get("tenantId") == "ours" else {})

    assert status == reason(await worker.post("/business-artifacts", json=wanted))["status"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["ada", "bob", "note"]),
        ({"businessArtifactDefinitionCode": "CUSTOMER"}, ["ada", "bob"]),
        ({"businessArtifactDefinitionCode": ["NOTE", "OTHER"]}, ["note"]),
        ({"businessArtifactDefinitionId": str(uuid4())}, []),
        ({"tenantId": str(uuid4())}, []),
        ({"value": "name eq Ada%20L"}, ["ada"]),
        ({"value": "name contains A"}, ["ada"]),
        ({"value": "name in Bob Carl"}, ["bob"]),
        ({"value": "age eq 30"}, ["ada"]),
        ({"value": "age eq 30.0"}, ["ada"]),
        ({"value": "age ge 40"}, ["bob"]),
        ({"value": "age between 10 35"}, ["ada"]),
        ({"value": ["age ge 10", "name le Az"]}, ["ada"]),
        ({"value": "vip eq true"}, ["bob"]),
        ({"value": 'na"me\\ eq x'}, []),
        ({"sort": "createdAt,desc"}, ["note", "bob", "ada"]),
    ],
)
async def test_they_are_found(twin: Twin, worker: httpx2.AsyncClient, query: Json, found: list[str]) -> None:
    """By definition, tenant and what their data says; entries of a page carry no data."""
    ada = await new_artifact(worker, twin, data=json_value(name="Ada L", age=30))
    bob = await new_artifact(worker, twin, data=json_value(name="Bob", age=50, vip=True))
    note = await new_artifact(worker, twin, "NOTE")
    names = {ada["id"]: "ada", bob["id"]: "bob", note["id"]: "note"}
    page = (await worker.get("/business-artifacts", params=query)).json()

    assert found == [names[each["id"]] for each in page["content"]]
    assert not any("data" in each for each in page["content"])


@pytest.mark.parametrize("value", ["age", "age eq", "age like 5", "age between 1", "age  eq 1", ""])
async def test_filters_that_make_no_sense_are_refused(worker: httpx2.AsyncClient, value: str) -> None:
    """The refusal names the parameter."""
    refused = reason(await worker.get("/business-artifacts", params={"value": value}))

    assert refused["errors"][0]["location"] == "value"


async def test_deleting_and_restoring(twin: Twin, worker: httpx2.AsyncClient, customer: Json) -> None:
    """A deleted one cannot be read or changed; lists have it when asked for, and restoring brings all of it back."""
    path = f"/business-artifacts/{customer['id']}"
    deleted = await worker.delete(path)
    refused = [
        await worker.get(path),
        await worker.delete(path),
        await worker.put(f"{path}/data", json={"data": json_value(name="Bob")}),
        await invoke(worker, customer, "COPY"),
    ]
    query = {"businessArtifactDefinitionCode": "CUSTOMER", "tenantId": twin.tenant_id, "deleted": "ONLY"}
    listed = (await worker.get("/business-artifacts", params=query)).json()["content"]
    default = (await worker.get("/business-artifacts")).json()["content"]
    restored, again = [(await worker.post(f"{path}/~actions/restore")).json() for _ in range(2)]

    assert deleted.status_code == 204
    assert [reason(each)["status"] for each in refused] == [404, 404, 404, 404]
    assert [(each["id"], each["deletedBy"]) for each in listed] == [(customer["id"], twin.worker.id)]
    assert default == []
    assert restored == again == (await worker.get(path)).json()
    assert restored["data"] == customer["data"]
    assert "deletedAt" not in restored


async def test_a_deleted_one_can_be_left_readable(tmp_path: Path) -> None:
    """An option answers with it, as KuFlow does for processes."""
    with open_twin(tmp_path, deleted_artifacts_are_readable=True) as twin:
        artifact = await new_artifact(twin.client(), twin)
        await twin.client().delete(f"/business-artifacts/{artifact['id']}")
        body = (await twin.client().get(f"/business-artifacts/{artifact['id']}")).json()

    assert body["deletedBy"] == twin.worker.id


async def test_documents(twin: Twin, worker: httpx2.AsyncClient, customer: Json) -> None:
    """They belong to the artifact: another one does not give them out, the group Document does."""
    uri = await upload(worker, customer)
    own = f"/business-artifacts/{customer['id']}/~actions/download-document"
    other = await new_artifact(worker, twin)
    foreign = f"/business-artifacts/{other['id']}/~actions/download-document"
    process = await new_process(worker, twin)

    assert uri.startswith(f"kuflow-file:uri=ku:business-artifact/{customer['id']}/document/")
    for path in (own, "/documents/~actions/download"):
        assert (await worker.get(path, params={"documentUri": uri})).content == b"bytes"
    for path in (foreign, f"/processes/{process['id']}/~actions/download-document"):
        assert reason(await worker.get(path, params={"documentUri": uri}))["status"] == 403


async def test_a_workflow_is_started_with_the_action(twin: Twin, worker: httpx2.AsyncClient, customer: Json) -> None:
    """It gets the action's id and KuFlow's request; the input is kept with the action, where the workflow reads it."""
    answer = await invoke(worker, customer, "CHECK", startWorkflow={"input": {"days": 3}})
    action, command = answer.json(), twin.commands()[-1]
    payload = dict(command.payload or {})

    assert (answer.status_code, action["status"]) == (201, "REQUESTED")
    assert action["startWorkflow"]["input"] == {"valid": True, "value": {"days": 3}}
    assert (command.kind, command.workflow_id) == (CommandKind.START_WORKFLOW, action["id"])
    assert (command.workflow_type, command.task_queue) == ("CheckWorkflow", "extra")
    assert payload.pop("requestTime")
    assert payload.pop("requestTimeZone")
    assert payload == {
        "businessArtifactId": customer["id"],
        "businessArtifactActionDefinitionType": "START_WORKFLOW",
        "businessArtifactActionDefinitionCode": "CHECK",
        "businessArtifactActionValueId": action["id"],
        "requestorPrincipalId": twin.worker.id,
    }


@pytest.mark.parametrize("answers", ["its document", "an unknown document", "no document", "nothing"])
async def test_a_download_ends_with_the_document_of_its_workflow(
    twin: Twin, worker: httpx2.AsyncClient, customer: Json, answers: str
) -> None:
    """The workflow's answer names it; the document is kept from then on. Any other answer is an error."""
    uri = await upload(worker, customer)
    action = (await invoke(worker, customer, "REPORT")).json()
    named = {"its document": uri, "an unknown document": uri.replace("/document/", "/document/0000")}.get(answers)

    async def result(_: str) -> object:
        return None if answers == "nothing" else {"message": "", "downloadable": {"documentUri": named}}

    twin.platform.read_result = result
    await twin.platform.process_finished(action["id"], "completed")
    twin.execute("UPDATE documents SET created_at = 0")
    await twin.platform.sweep()
    done = (await worker.get(f"/business-artifacts/{customer['id']}/actions/{action['id']}")).json()

    if answers == "its document":
        assert done["downloadable"] == {"documentUri": uri, "documentExpired": False}
    else:
        assert done["downloadable"] == {}
    assert done["status"] == ("COMPLETED" if answers == "its document" else "ERROR")


async def test_cancelling_cancels_the_workflow(twin: Twin, worker: httpx2.AsyncClient, customer: Json) -> None:
    """Once; an action that is over stays as it is."""
    action = (await invoke(worker, customer, "REPORT")).json()
    path = f"/business-artifacts/{customer['id']}/actions/{action['id']}"
    cancelled = [(await worker.post(f"{path}/~actions/cancel")).json() for _ in range(2)]
    await twin.platform.process_finished(action["id"], "completed")

    assert [each.kind for each in twin.commands()] == [CommandKind.START_WORKFLOW, CommandKind.CANCEL_WORKFLOW]
    assert cancelled == [(await worker.get(path)).json()] * 2
    assert cancelled[0]["status"] == "CANCELED"


async def test_a_process_is_started(twin: Twin, worker: httpx2.AsyncClient, customer: Json) -> None:
    """With the metadata that were prepared from the artifact's data, or with others that were given."""
    prepared = (await prepare(worker, customer, "start-process", "LEND")).json()
    default = (await invoke(worker, customer, "LEND")).json()
    given = (await invoke(worker, customer, "LEND", startProcess={"metadata": {"amount": 7}})).json()
    started = [
        (await worker.get(f"/processes/{each['startProcess']['processId']}")).json() for each in (default, given)
    ]

    expected = {"name": "Ada", "amount": 5, "of": []}
    assert prepared == {"processDefinitionId": twin.definition_id(), "metadata": expected}
    assert [each["metadata"]["value"] for each in started] == [expected, {"amount": 7}]
    assert (default["status"], default["startProcess"]["processDefinitionId"]) == ("COMPLETED", twin.definition_id())
    assert [each.workflow_id for each in twin.commands()] == [each["id"] for each in started]


async def test_an_artifact_is_created(worker: httpx2.AsyncClient, customer: Json) -> None:
    """With the data that were prepared, or with others that were given; preparing keeps nothing."""
    prepared = (await prepare(worker, customer, "create-artifact", "COPY")).json()
    before = (await worker.get("/business-artifacts")).json()["metadata"]["totalElements"]
    default = (await invoke(worker, customer, "COPY")).json()
    given = (await invoke(worker, customer, "COPY", createArtifact={"value": {"title": "B"}})).json()
    made = [
        (await worker.get(f"/business-artifacts/{each['createArtifact']['businessArtifactId']}")).json()
        for each in (default, given)
    ]

    assert before == 1
    assert (prepared["value"], prepared["businessArtifactDefinitionRef"]["code"]) == ({"title": "Ada"}, "NOTE")
    assert [each["data"]["value"] for each in made] == [{"title": "Ada"}, {"title": "B"}]
    assert default["createArtifact"]["value"] == {"title": "Ada"}
    assert default["status"] == "COMPLETED"


async def test_a_repeated_id_invokes_nothing_again(twin: Twin, worker: httpx2.AsyncClient, customer: Json) -> None:
    """It answers with the first action; another artifact cannot have it, nor the id of a process."""
    first, second = [await invoke(worker, customer, "LEND", id="0" * 8 + str(uuid4())[8:]) for _ in range(2)]
    wanted = {"id": first.json()["id"]}
    repeated = await invoke(worker, customer, "COPY", **wanted)
    other = await new_artifact(worker, twin)
    process_id = first.json()["startProcess"]["processId"]

    assert (first.status_code, second.status_code, repeated.status_code) == (201, 201, 200)
    assert repeated.json() == first.json()
    assert reason(await invoke(worker, other, "LEND", **wanted))["status"] == 409
    assert reason(await invoke(worker, customer, "LEND", id=process_id))["status"] == 409
    assert reason(await worker.get(f"/business-artifacts/{other['id']}/actions/{wanted['id']}"))["status"] == 404


@pytest.mark.parametrize(
    ("code", "fields", "location"),
    [
        ("UNKNOWN", {}, "businessArtifactActionDefinitionCode"),
        ("CHECK", {"startWorkflow": {"input": {}}}, "/days"),
        ("CHECK", {"downloadable": {}}, "downloadable"),
        ("COPY", {"startProcess": {}}, "startProcess"),
        ("COPY", {"createArtifact": {"value": 7}}, "createArtifact.value"),
    ],
)
async def test_what_does_not_belong_to_the_type_is_refused(
    twin: Twin, customer: Json, code: str, fields: Json, location: str
) -> None:
    """As is input that breaks its schema; no workflow starts."""
    refused = reason(await invoke(twin.client(), customer, code, **fields))

    assert (refused["status"], refused["errors"][0]["location"]) == (400, location)
    assert twin.commands() == []


@pytest.mark.parametrize(("operation", "code"), [("create-artifact", "LEND"), ("start-process", "COPY")])
async def test_only_its_own_type_can_be_prepared(
    worker: httpx2.AsyncClient, customer: Json, operation: str, code: str
) -> None:
    """The refusal says what it is instead."""
    assert f"{code} is a " in reason(await prepare(worker, customer, operation, code))["message"]
