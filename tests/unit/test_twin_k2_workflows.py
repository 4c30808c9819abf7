"""Workflows and server events over K2's Workflow REST API."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kurun_twin.k2.platform import Changes, InstanceUpdate, K2Refusal, RefusalKind
from tests.unit.k2_twins import K2Twin, message, open_k2_twin

DENIED = "Task could not be retrieved. Either access denied or not found."


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[K2Twin]:
    """A twin with K2."""
    with open_k2_twin(tmp_path) as opened:
        yield opened


async def _get(twin: K2Twin, path: str, user: str = "svc") -> Any:
    async with twin.client(user) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_workflows_are_listed_by_the_right_to_start_them(twin: K2Twin) -> None:
    """Without ``type`` all of them are there; ``Startable``, in any case, leaves those the caller may start."""
    everything = await _get(twin, "/workflows", "Eve")
    startable = [await _get(twin, f"/workflows?type={spelling}", "Eve") for spelling in ("Startable", "startable")]

    assert [7, 8, 9, 10] == [each["id"] for each in everything["workflows"]]
    assert {
        "id": 7,
        "defaultVersionId": 71,
        "name": "Approval",
        "folder": "Loans",
        "systemName": "Loans\\Approval",
    } == everything["workflows"][0]
    assert [(3, [8, 9, 10])] * 2 == [
        (each["itemCount"], [one["id"] for one in each["workflows"]]) for each in startable
    ]


async def test_a_workflow_comes_with_the_schema_of_its_start(twin: K2Twin) -> None:
    """As an object by itself, and as text in the workflow; it tells right input from wrong."""
    schema, workflow = await _get(twin, "/workflows/7/schema"), await _get(twin, "/workflows/7")
    validator = jsonschema.Draft202012Validator(schema)
    judged = [
        validator.is_valid(each)
        for each in (
            {},
            {"folio": "F", "dataFields": {"Amount": 1, "File Id": "x"}},
            {"dataFields": {"Amount": "1"}},
            {"dataFields": {"Nope": 1}},
            {"priority": "high"},
        )
    ]

    assert [True, True, False, False, False] == judged
    assert schema == json.loads(workflow["workflowSchema"])
    assert ("Approval", "Loans") == (workflow["workflowInfo"]["name"], workflow["workflowInfo"]["folder"])


async def test_a_start_answers_with_the_bare_id(twin: K2Twin) -> None:
    """The first task carries what the workflow was started with, and defaults where nothing was given."""
    body = {"folio": "L-1", "Priority": 2, "expectedDuration": 60, "dataFields": {"Amount": 5}}
    async with twin.client("Bob") as client:
        answer = await client.post("/workflows/7", json=body)
    task = await _get(twin, f"/tasks/{twin.serial('Bob')}", "Bob")

    assert (200, 1) == (answer.status_code, answer.json())
    assert (1, "L-1", 2, 7) == tuple(
        task[each] for each in ("workflowInstanceID", "workflowInstanceFolio", "priority", "workflowID")
    )
    assert {"Amount": 5, "Decision": None, "File Id": "none"} == task["workflowInstanceDataFields"]
    assert task["workflowInstanceDataFields"] == json.loads(task["workflowInstanceDataFieldsString"])
    assert ("Loans\\Approval", "Approval", "Loans") == tuple(
        task[each] for each in ("workflowName", "workflowDisplayName", "workflowCategory")
    )
    assert {
        "username": "ACME\\Bob",
        "fqn": "K2:ACME\\Bob",
        "email": "bob@example.com",
        "manager": "K2:ACME\\Eve",
        "displayName": "Bob Boss",
    } == task["originator"]
    assert task["formURL"].startswith("http://twin/")
    assert task["viewFlowURL"].startswith("http://twin/")


@pytest.mark.parametrize(
    ("options", "status", "answer"),
    [({"k2_start_status": 201}, 201, 1), ({"k2_start_answers_object": True}, 200, {"id": 1})],
)
async def test_the_answer_of_a_start_can_be_another(
    tmp_path: Path, options: dict[str, Any], status: int, answer: object
) -> None:
    """Published clients saw 200 and 201, a number and an object."""
    with open_k2_twin(tmp_path, **options) as twin:
        async with twin.client() as client:
            given = await client.post("/workflows/7", json={})

    assert (status, answer) == (given.status_code, given.json())


@pytest.mark.parametrize(
    ("user", "path", "body", "status"),
    [
        ("Eve", "7", {}, 403),
        ("svc", "77", {}, 404),
        ("svc", "seven", {}, 400),
        ("svc", "7", None, 400),
        ("svc", "7", {"dataFields": {"Nope": 1}}, 400),
        ("svc", "7", {"dataFields": {"Amount": "1"}}, 400),
        ("svc", "7", {"priority": "1"}, 400),
        ("svc", "7", {"priority": 2**31}, 400),
        ("svc", "7", {"folio": 1}, 400),
        ("svc", "7", {"itemReferences": {"a": json.loads("[" * 60 + "]" * 60)}}, 400),
    ],
)
async def test_a_start_that_is_refused_starts_nothing(
    twin: K2Twin, user: str, path: str, body: object, status: int
) -> None:
    """Rights, the workflow's existence and every member's type are checked before anything is made."""
    async with twin.client(user) as client:
        answer = (
            await client.post(f"/workflows/{path}", json=body)
            if body is not None
            else await client.post("/workflows/7")
        )

    assert status == answer.status_code
    assert message(answer)
    assert twin.happened() == []


async def test_the_status_for_wrong_fields_can_be_another(tmp_path: Path) -> None:
    """400 is a reading of ours; 500 is as likely."""
    with open_k2_twin(tmp_path, k2_invalid_data_status=500) as twin:
        async with twin.client() as client:
            answer = await client.post("/workflows/7", json={"dataFields": {"Amount": "1"}})

    assert (500, "Data field 'Amount' has an invalid value: TYPE.") == (answer.status_code, message(answer))


async def test_the_first_task_may_come_later(tmp_path: Path) -> None:
    """A start returns before its first task is there; then the task is listed."""
    with open_k2_twin(tmp_path, k2_start_delay=5) as twin:
        instance = twin.start()
        before = await _get(twin, "/tasks", "Bob")
        async with twin.client("Bob") as client:
            early = await client.get(f"/tasks/{instance}_1")
        twin.clock.forward(5)
        after = await _get(twin, "/tasks", "Bob")

    assert (0, 404, 1) == (before["itemCount"], early.status_code, after["itemCount"])


async def test_a_workflow_without_steps_is_completed_at_once(twin: K2Twin) -> None:
    """There is nothing to wait for."""
    twin.start(10)

    assert ["started", "completed"] == twin.happened()


async def test_finishing_a_server_event_lets_the_workflow_go_on(twin: K2Twin) -> None:
    """The event carries the instance's fields; finishing sets some; a second finish is refused like an unknown one."""
    instance = twin.start(9, folio="E-1")
    serial = twin.event_serial()
    event = await _get(twin, f"/serverEvents/{serial}")
    async with twin.client() as client:
        path = f"/serverevents/{serial}/finish"
        wrong = await client.post(path, json={"dataFields": {"Answer": "x"}})
        bare = await client.post(path)
        done = await client.post(path, json={"dataFields": {"Answer": 42}})
        again = await client.post(path, json={})
        gone = await client.get(f"/serverEvents/{serial}")
    record = twin.k2.database.call(twin.k2.instances.retrieve, twin.user("svc"), instance)

    assert (serial, "Wait", "E-1", {"Answer": None}) == (
        event["serialNumber"],
        event["eventInstance"]["name"],
        event["workflowInstanceFolio"],
        event["dataFields"],
    )
    assert [400, 400, 200, 404, 404] == [each.status_code for each in (wrong, bare, done, again, gone)]
    assert DENIED == message(again)
    assert ("Completed", {"Answer": 42}) == (record.status, record.data_fields)
    assert ["started", "finished", "completed"] == twin.happened()


async def test_an_empty_finish_can_be_welcome(tmp_path: Path) -> None:
    """K2 declares its body required; whether it insists nobody says."""
    with open_k2_twin(tmp_path, k2_finish_needs_body=False) as twin:
        twin.start(9)
        async with twin.client() as client:
            answer = await client.post(f"/serverEvents/{twin.event_serial()}/finish")

    assert answer.status_code == 200


async def test_server_events_are_for_those_with_the_right(twin: K2Twin) -> None:
    """Others may neither see nor finish them; a task is no server event, and the other way round."""
    twin.start(9)
    serial = twin.event_serial()
    twin.start()
    async with twin.client("Bob") as client:
        refused = [
            await client.get(f"/serverEvents/{serial}"),
            await client.post(f"/serverEvents/{serial}/finish", json={}),
        ]
        as_task = await client.post(f"/tasks/{serial}/actions/Approve")
    async with twin.client() as client:
        as_event = await client.get(f"/serverEvents/{twin.serial('Bob')}")

    assert [403, 403, 404, 404] == [each.status_code for each in (*refused, as_task, as_event)]
    assert twin.happened() == ["started", "started"]


async def test_an_instance_is_for_those_who_took_part(twin: K2Twin) -> None:
    """Who started it or had a task of it may read and change it; for others it does not exist."""
    instance = twin.start()
    call, instances = twin.k2.database.call, twin.k2.instances
    update = InstanceUpdate(folio="new", changes=Changes({"Amount": 3}))
    call(instances.update, twin.user("Eve"), instance, update)
    record = call(instances.retrieve, twin.user("svc"), instance)
    with pytest.raises(K2Refusal) as denied:
        call(instances.update, twin.user("Zoe"), instance, InstanceUpdate(priority=1))
    with pytest.raises(K2Refusal) as wrong:
        call(instances.update, twin.user("Bob"), instance, InstanceUpdate(changes=Changes({"Amount": "x"})))

    assert ("new", 3) == (record.folio, record.data_fields["Amount"])
    assert [(RefusalKind.DENIED_OR_NOT_FOUND, 24411), (RefusalKind.INVALID_DATA, None)] == [
        (each.value.kind, each.value.code) for each in (denied, wrong)
    ]


async def test_only_refresh_is_an_operation(twin: K2Twin) -> None:
    """The one value that K2's document has; its case does not matter."""
    async with twin.client() as client:
        unknown = await client.get("/op/Restart")

    assert isinstance(await _get(twin, "/op/refresh"), str)
    assert unknown.status_code == 404
