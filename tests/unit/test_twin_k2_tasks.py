"""Tasks over K2's Workflow REST API."""

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kurun_twin.k2.platform import StartInput
from tests.unit.k2_twins import K2Twin, message, open_k2_twin
from tests.unit.twins import Json

DENIED = "Task could not be retrieved. Either access denied or not found."


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[K2Twin]:
    """A twin with K2."""
    with open_k2_twin(tmp_path) as opened:
        yield opened


async def _post(twin: K2Twin, user: str, path: str, body: object = None) -> tuple[int, str]:
    """The status, and what a refusal says."""
    async with twin.client(user) as client:
        answer = (
            await client.post(f"/tasks/{path}", json=body) if body is not None else await client.post(f"/tasks/{path}")
        )
    return answer.status_code, "" if answer.is_success else message(answer)


async def _listed(twin: K2Twin, user: str, state: str | None = None) -> list[tuple[str, str]]:
    """Serial number and status of each task in an account's list."""
    async with twin.client(user) as client:
        answer = await client.get("/tasks", params={"state": state} if state else {})
    body: Json = answer.json()
    assert body["itemCount"] == len(body["tasks"]), answer.text
    return [(each["serialNumber"], each["status"]) for each in body["tasks"]]


async def test_a_task_has_a_serial_number_for_each_destination(twin: K2Twin) -> None:
    """Both see the task as available; looking does not open it; others and unknown numbers get one same answer."""
    instance = twin.start()
    bob, eve = twin.serial("Bob"), twin.serial("Eve")
    async with twin.client("Bob") as client:
        seen = await client.get(f"/tasks/{bob}")
        refused = [await client.get(f"/tasks/{serial}") for serial in (eve, "1_999", "999_1", f"SN={bob}", "x")]

    assert {f"{instance}_1", f"{instance}_2"} == {bob, eve}
    assert (seen.json()["status"], seen.json()["serialNumber"]) == ("Available", bob)
    assert [(404, DENIED)] * 5 == [(each.status_code, message(each)) for each in refused]
    assert await _listed(twin, "Eve") == [(eve, "Available")]


async def test_opening_takes_the_slot_until_it_is_released(twin: K2Twin) -> None:
    """The one slot is the opener's: others see Allocated and get the engine's 26030 for whatever they try."""
    twin.start()
    bob, eve = twin.serial("Bob"), twin.serial("Eve")
    assert await _post(twin, "Bob", f"{bob}/actions/assign") == (200, "")
    assert (await _listed(twin, "Bob"), await _listed(twin, "Eve")) == ([(bob, "Open")], [(eve, "Allocated")])
    for action, body in (
        ("assign", None),
        ("approve", None),
        ("sleep", {"SleepFor": 5}),
        ("redirect", {"RedirectTo": "Zoe"}),
    ):
        status, said = await _post(twin, "Eve", f"{eve}/actions/{action}", body)
        assert (status, said[:5]) == (500, "26030"), action
    assert (await _post(twin, "Bob", f"{bob}/actions/assign"))[0] == 500
    assert await _post(twin, "Bob", f"{bob}/actions/release") == (200, "")

    assert await _listed(twin, "Eve") == [(eve, "Available")]
    assert (await _post(twin, "Bob", f"{bob}/actions/release"))[0] == 500


async def test_an_action_completes_the_task_and_the_workflow_goes_on(twin: K2Twin) -> None:
    """The name's case does not matter; fields are saved, the others' tasks vanish, the next step begins."""
    instance = twin.start(Amount=1)
    bob, eve = twin.serial("Bob"), twin.serial("Eve")
    body = {
        "dataFields": {"Amount": 2.5, "File Id": "F 1"},
        "xmlFields": [{"name": "X", "value": "<x/>"}],
        "itemReferences": {"Doc": {"_1": {"ID": 4}}, "xmlContent": "<itemReferences/>"},
    }
    assert await _post(twin, "Bob", f"{bob}/actions/decline%20it", body) == (200, "")
    async with twin.client("svc") as client:
        task = (await client.get(f"/tasks/{twin.serial('svc')}")).json()

    assert {"Amount": 2.5, "Decision": "declined", "File Id": "F 1"} == task["workflowInstanceDataFields"]
    assert [{"name": "X", "value": "<x/>"}] == task["workflowInstanceXmlFields"]
    assert {"Doc": {"1": {"ID": 4}}, "xmlContent": "<itemReferences/>"} == task["itemReferences"]
    assert (task["activityName"], task["workflowInstanceID"]) == ("Report", instance)
    assert (await _post(twin, "Bob", f"{bob}/actions/approve"), await _post(twin, "Eve", f"{eve}/actions/approve")) == (
        (404, DENIED),
        (404, DENIED),
    )
    assert ["started", "acted"] == twin.happened(instance_id=instance)
    assert [(bob, "ACME\\Bob", {"action": "Decline It"})] == [
        (each["serial"], each["who"], each["detail"]) for each in twin.history(what="acted")
    ]


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [
        ("Reject", {}, 400),
        ("Approve", {"dataFields": {"Nope": 1}}, 400),
        ("Approve", {"dataFields": {"Amount": "1"}}, 400),
        ("Approve", {"dataFields": {"Amount": None}}, 400),
        ("Approve", {"dataFields": []}, 400),
        ("Approve", {"xmlFields": [{"value": "<x/>"}]}, 400),
        ("Approve", {"itemReferences": "x"}, 400),
        ("Approve", [], 400),
        ("redirect", {"RedirectTo": "K2:ACME\\Nobody"}, 400),
        ("redirect", {}, 400),
        ("redirect", None, 400),
        ("sleep", {"SleepFor": 0}, 400),
        ("sleep", {"SleepFor": -1}, 400),
        ("sleep", {"SleepFor": "5"}, 400),
        ("sleep", {"SleepUntil": "tomorrow"}, 400),
        ("sleep", {"SleepUntil": "2030-02-30T00:00:00Z"}, 400),
        ("sleep", {"SleepFor": 5, "SleepUntil": "2030-01-01T00:00:00Z"}, 400),
        ("sleep", {}, 400),
        ("wake", None, 500),
    ],
)
async def test_what_is_refused_changes_nothing(twin: K2Twin, action: str, body: object, status: int) -> None:
    """The task stays as it was, and nothing but its start is in the history."""
    twin.start()
    serial = twin.serial("Bob")
    refused = await _post(twin, "Bob", f"{serial}/actions/{action}", body)

    assert status == refused[0]
    assert await _listed(twin, "Bob") == [(serial, "Available")]
    assert twin.happened() == ["started"]


async def test_redirecting_moves_the_task_to_another_list(twin: K2Twin) -> None:
    """The target has it under a new serial number, free to open; the old one is gone."""
    twin.start()
    old = twin.serial("Bob")
    await _post(twin, "Bob", f"{old}/actions/assign")
    assert await _post(twin, "Bob", f"{old}/actions/redirect", {"redirectTo": "K2:ACME\\Zoe"}) == (200, "")
    [(new, status)] = await _listed(twin, "Zoe")

    assert (new != old, status, await _listed(twin, "Bob")) == (True, "Available", [])
    assert await _post(twin, "Bob", f"{old}/actions/redirect", {"RedirectTo": "K2:ACME\\Zoe"}) == (404, DENIED)
    assert await _post(twin, "Zoe", f"{new}/actions/Approve") == (200, "")
    assert await _listed(twin, "Eve") == []


async def test_a_redirected_task_can_keep_its_serial_number(tmp_path: Path) -> None:
    """No source says whether it does."""
    with open_k2_twin(tmp_path, k2_redirect_keeps_serial=True) as twin:
        twin.start()
        serial = twin.serial("Bob")
        await _post(twin, "Bob", f"{serial}/actions/redirect", {"RedirectTo": "Zoe"})

        assert await _listed(twin, "Zoe") == [(serial, "Available")]
        assert await _post(twin, "Bob", f"{serial}/actions/Approve") == (404, DENIED)


async def test_a_sleeping_task_is_hidden_until_its_time(twin: K2Twin) -> None:
    """It is in the lists of Sleep and All only, cannot be done, and is as before when the time has come."""
    twin.start()
    serial, eve = twin.serial("Bob"), twin.serial("Eve")
    await _post(twin, "Bob", f"{serial}/actions/assign")
    assert await _post(twin, "Bob", f"{serial}/actions/sleep", {"SleepFor": 60}) == (200, "")
    async with twin.client("Bob") as client:
        until = (await client.get(f"/tasks/{serial}")).json()["sleepUntil"]
    lists = [await _listed(twin, "Bob", state) for state in (None, "sleep", "ALL", "Open", "Completed")]

    assert [[], [(serial, "Sleep")], [(serial, "Sleep")], [], []] == lists
    assert datetime.fromisoformat(until).timestamp() == pytest.approx(twin.clock.now / 1e6 + 60)
    assert (await _post(twin, "Bob", f"{serial}/actions/approve"))[0] == 500
    assert await _listed(twin, "Eve") == [(eve, "Allocated")]
    twin.clock.forward(60)
    assert await _listed(twin, "Bob") == [(serial, "Open")]
    assert ["started", "assigned", "slept", "woke"] == twin.happened()


@pytest.mark.parametrize("spelling", ["Z", "+00:00", ""])
async def test_sleep_until_may_have_any_fraction_and_zone(twin: K2Twin, spelling: str) -> None:
    """Seconds of two digits, as K2's example has them; a date without a zone is UTC. Repeating it moves the end."""
    twin.start()
    serial = twin.serial("Bob")
    for year in (2098, 2099):
        wanted = {"sleepuntil": f"{year}-05-15T17:47:44.04{spelling}"}
        assert await _post(twin, "Bob", f"{serial}/actions/sleep", wanted) == (200, "")
    task = twin.k2.database.call(twin.k2.tasks.retrieve, twin.user("Bob"), serial)

    assert datetime(2099, 5, 15, 17, 47, 44, 40_000, UTC).timestamp() * 1e6 == task.sleep_until


async def test_sleep_without_end(tmp_path: Path) -> None:
    """Where 0 seconds are allowed they last until somebody wakes the task."""
    with open_k2_twin(tmp_path, k2_sleep_zero_is_forever=True) as twin:
        twin.start(8)
        serial = twin.serial("Bob")
        assert await _post(twin, "Bob", f"{serial}/actions/sleep", {"SleepFor": 0}) == (200, "")
        twin.clock.forward(1e9)

        assert await _listed(twin, "Bob", "Sleep") == [(serial, "Sleep")]


async def test_a_sleeping_task_is_woken(twin: K2Twin) -> None:
    """It is Available again, and cannot be woken twice."""
    twin.start(8)
    serial = twin.serial("Bob")
    await _post(twin, "Bob", f"{serial}/actions/sleep", {"SleepUntil": "2099-01-01T00:00:00Z"})
    assert await _post(twin, "Bob", f"{serial}/actions/wake") == (200, "")

    assert await _listed(twin, "Bob") == [(serial, "Available")]
    assert (await _post(twin, "Bob", f"{serial}/actions/wake"))[0] == 500


async def test_a_step_ends_when_its_time_is_up(twin: K2Twin) -> None:
    """Its tasks are gone without an outcome, and the workflow goes on to the step that follows."""
    instance = twin.start()
    serial = twin.serial("Bob")
    twin.clock.forward(3600)
    assert await _listed(twin, "Bob") == []
    assert await _post(twin, "Bob", f"{serial}/actions/Approve") == (404, DENIED)

    assert twin.event_serial().startswith(f"{instance}_")
    assert ["started", "expired"] == twin.happened()


async def test_two_slots_want_two_to_act(twin: K2Twin) -> None:
    """While two have the task open the third waits; the step is done when two have acted."""
    instance = twin.start(8)
    bob, eve, zoe = (twin.serial(name) for name in ("Bob", "Eve", "Zoe"))
    await _post(twin, "Bob", f"{bob}/actions/assign")
    await _post(twin, "Eve", f"{eve}/actions/Done")
    assert await _listed(twin, "Zoe") == [(zoe, "Allocated")]
    assert "completed" not in twin.happened(instance_id=instance)
    await _post(twin, "Bob", f"{bob}/actions/Done")

    assert await _listed(twin, "Zoe") == []
    assert ["started", "assigned", "acted", "acted", "completed"] == twin.happened(instance_id=instance)


async def test_a_step_can_be_gone_back_to(twin: K2Twin) -> None:
    """``next`` may name an earlier step, whose tasks are there anew under new numbers."""
    twin.start()
    first = twin.serial("Bob")
    await _post(twin, "Bob", f"{first}/actions/decline it")
    await _post(twin, "svc", f"{twin.serial('svc')}/actions/again")

    assert twin.serial("Bob") != first


async def test_an_unknown_state_is_refused_or_ignored(tmp_path: Path) -> None:
    """No source says which."""
    with open_k2_twin(tmp_path) as twin:
        async with twin.client("Bob") as client:
            refused = await client.get("/tasks?State=Weird")
    with open_k2_twin(tmp_path, k2_unknown_filter_refused=False) as twin:
        twin.start()
        listed = await _listed(twin, "Bob", "Weird")

    assert (400, "The state 'Weird' is unknown.") == (refused.status_code, message(refused))
    assert len(listed) == 1


async def test_actions_are_grouped_by_whether_they_need_a_form(twin: K2Twin) -> None:
    """The same object is in the task and under ``actions``, there bare."""
    twin.start()
    serial = twin.serial("Bob")
    async with twin.client("Bob") as client:
        actions = (await client.get(f"/tasks/{serial}/actions")).json()
        task = (await client.get(f"/tasks/{serial}")).json()

    assert (["Approve", "Note"], ["Decline It"]) == (actions["nonBatchableActions"], actions["batchableActions"])
    assert actions == task["actions"]


async def test_ten_thousand_tasks_are_listed_within_a_second(twin: K2Twin) -> None:
    """One query and one answer; processor time, because that of the clock measures how busy the machine is.

    The best of three: one may meet a collection of all the garbage that the tests before have left.
    """
    workflow = twin.k2.definitions.workflow_by_id(8)
    assert workflow is not None

    def start_all(connection: sqlite3.Connection) -> None:
        for number in range(10_000):
            twin.k2.instances.start(connection, twin.user("svc"), workflow, StartInput(folio=str(number)))

    twin.k2.database.call(start_all)
    async with twin.client("Eve") as client:
        took, counts = [], set()
        for _ in range(3):
            began = time.process_time()
            answer = await client.get("/tasks")
            took.append(time.process_time() - began)
            counts.add(answer.json()["itemCount"])

    assert counts == {10_000}
    assert min(took) < 1
