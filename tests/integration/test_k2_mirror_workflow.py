"""Mirrors of K2 tasks on a real Temporal server, in orders and with replies that no twin gives on purpose."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from kurun_activities.k2 import failure_types, names
from kurun_activities.k2.watch_models import TASK_CHANGED
from kurun_clients.k2.workflow_api.models import ServerEvent
from kurun_clients.kuflow.models import ProcessItemTaskState
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_workflows.k2 import K2TaskMirrorWorkflow
from tests.integration.k2_house import House, failure, lost, refused, running_house
from tests.waiting import until

TASK = {"account": "k2", "serialNumber": "12_34"}


@pytest.fixture(scope="module")
async def shared(temporal_server: TemporalServer) -> AsyncIterator[House]:
    """One worker for the module."""
    async with running_house(temporal_server) as running:
        yield running


@pytest.fixture
def house(shared: House) -> House:
    """The running worker; K2 lists one task."""
    shared.k2.reset()
    shared.k2.list_task()
    return shared


async def test_a_completed_item_acts_on_the_task(house: House) -> None:
    """The person's action and data fields arrive in K2, and the process says so and ends."""
    handle = await house.start(K2TaskMirrorWorkflow, **TASK)
    await house.complete(handle, await house.item(), action="approve", changes={"Note": "fine"})

    assert await handle.result() == {"message": "K2 task 12_34: Approve"}
    assert house.k2.done == [("12_34 Approve", {"Note": "fine"})]
    assert house.k2.messages() == ["K2 task 12_34: Approve"]


async def test_a_mirror_can_be_found_by_its_memo(house: House) -> None:
    """The engine shows which account's task a running mirror stands for."""
    handle = await house.start(K2TaskMirrorWorkflow, **TASK)
    item_id = await house.item()
    memo = await (await handle.describe()).memo()
    await house.complete(handle, item_id, action="Approve")
    await handle.result()

    assert memo == {"k2Account": "k2", "k2Kind": "TASK", "k2SerialNumber": "12_34"}


@pytest.mark.parametrize("arguments", [[{"serialNumber": "12_34"}], [], ["text"], [{}, 1]], ids=str)
async def test_a_changed_task_that_is_still_there_is_waited_for(house: House, arguments: list[Any]) -> None:
    """Asleep, or assigned again: the task is read, and the same item waits on, whatever shape the signal has."""
    handle = await house.start(K2TaskMirrorWorkflow, **TASK)
    item_id = await house.item()
    await handle.signal(TASK_CHANGED, args=arguments)
    await until(lambda: house.k2.calls.count(names.RETRIEVE_TASK) == 2)
    await house.complete(handle, item_id, action="Decline")

    assert await handle.result() == {"message": "K2 task 12_34: Decline"}
    assert len(house.k2.of_code("K2_TASK")) == 1


async def test_a_task_that_is_gone_closes_its_item(house: House) -> None:
    """Done, redirected or expired in K2: the item is cancelled, and a message says why."""
    handle = await house.start(K2TaskMirrorWorkflow, **TASK)
    item_id = await house.item()
    house.k2.tasks.clear()
    await handle.signal(TASK_CHANGED, {"serialNumber": "12_34"})
    said = "K2 task 12_34 is gone: it was done, redirected, withdrawn or has expired in K2"

    assert await handle.result() == {"message": said}
    assert house.state(item_id) is ProcessItemTaskState.CANCELLED
    assert house.k2.done == []


async def test_a_task_that_was_never_there_makes_no_item(house: House) -> None:
    """The task went before its process began: nobody is asked."""
    house.k2.tasks.clear()
    handle = await house.start(K2TaskMirrorWorkflow, **TASK)

    assert "is gone" in (await handle.result())["message"]
    assert house.k2.of_code("K2_TASK") == []


async def test_a_wrong_answer_is_asked_again(house: House) -> None:
    """An action that the task does not have makes a new item with the reason, and what was filled in stays."""
    handle = await house.start(K2TaskMirrorWorkflow, **TASK, itemCode="OTHER")
    await house.complete(handle, await house.item(code="OTHER"), action="Delete", changes={"Note": "x"})
    second = await house.item(1, code="OTHER")
    kept = house.data(second)
    await house.complete(handle, second, action="Approve")
    await handle.result()

    assert (kept["action"], kept["changes"]) == ("Delete", {"Note": "x"})
    assert house.k2.logs == [
        "WARN K2 was not told: the task has no action 'Delete'; it has: Approve, Decline",
    ]
    assert house.k2.done == [("12_34 Approve", {})]


@pytest.mark.parametrize(
    "objection",
    [
        refused(),
        refused(failure_types.NOT_EXECUTED),
        refused("KuFlowActivities.ValidationFailure"),
        lost("there"),
    ],
    ids=lambda error: str(error.type),
)
async def test_what_k2_refused_is_asked_again(house: House, objection: ApplicationError) -> None:
    """What K2 did not do while the task is still there comes back to people with K2's reason."""
    house.k2.objection = objection
    handle = await house.start(K2TaskMirrorWorkflow, **TASK)
    await house.complete(handle, await house.item(), action="Approve", changes={"Amount": "x"})
    await house.complete(handle, await house.item(1), action="Approve", changes={"Amount": 7})
    await handle.result()

    assert house.k2.logs == [f"WARN K2 was not told: {objection.message}"]
    assert house.k2.done == [("12_34 Approve", {"Amount": 7})]


async def test_a_task_that_others_ended_first_is_said_to_be_theirs(house: House) -> None:
    """The person was too late: the process ends, and says that it did not act."""
    house.k2.objection = refused(failure_types.GONE_OR_FORBIDDEN)
    handle = await house.start(K2TaskMirrorWorkflow, **TASK)
    await house.complete(handle, await house.item(), action="Approve")

    assert "was not acted on from here" in (await handle.result())["message"]


async def test_a_lost_reply_of_a_task_that_is_gone_counts_as_done(house: House) -> None:
    """Nobody can tell who acted; the task is gone, so nothing is repeated, and the message says so."""
    house.k2.objection = lost()
    handle = await house.start(K2TaskMirrorWorkflow, **TASK)
    await house.complete(handle, await house.item(), action="Approve")

    assert "counts as done" in (await handle.result())["message"]
    assert len(house.k2.of_code("K2_TASK")) == 1


async def test_an_item_that_a_person_cancels_leaves_the_task_to_k2(house: House) -> None:
    """The mirror stays until the task is gone, so that the watcher makes no other, but asks nobody any more."""
    handle = await house.start(K2TaskMirrorWorkflow, **TASK)
    await house.change(handle, await house.item(), ProcessItemTaskState.CANCELLED)
    await until(lambda: house.k2.calls.count(names.RETRIEVE_TASK) == 2)
    await handle.signal(TASK_CHANGED, {"serialNumber": "12_34"})
    await until(lambda: house.k2.calls.count(names.RETRIEVE_TASK) == 3)
    house.k2.tasks.clear()
    await handle.signal(TASK_CHANGED, {"serialNumber": "12_34"})
    await handle.result()

    assert house.k2.messages()[0] == "K2 task 12_34 was left to K2: its item was cancelled"
    assert len(house.k2.of_code("K2_TASK")) == 1
    assert house.k2.done == []


async def test_a_server_event_is_finished_like_a_task(house: House) -> None:
    """A completed item finishes the event with the data fields that were filled in."""
    house.k2.events["12_35"] = ServerEvent(serial_number="12_35", data_fields={"Amount": 7})
    handle = await house.start(K2TaskMirrorWorkflow, serialNumber="12_35", kind="SERVER_EVENT")
    item_id = await house.item()
    shown = house.data(item_id)
    await house.complete(handle, item_id, changes={"Paid": True})

    assert await handle.result() == {"message": "K2 server event 12_35: finished"}
    assert shown["dataFields"] == {"Amount": 7}
    assert house.k2.done == [("12_35 finish", {"Paid": True})]


async def test_a_process_that_does_not_say_what_to_mirror_fails(house: House) -> None:
    """Metadata without a serial number is a mistake that waiting cannot mend."""
    assert "k2.serialNumber is wanted" in (await failure(await house.start(K2TaskMirrorWorkflow))).message


async def test_a_mirror_whose_history_is_long_goes_on_in_another_run(house: House) -> None:
    """A task that is looked at again for weeks keeps its item and its memo; the item completed then acts once."""
    handle = await house.start(K2TaskMirrorWorkflow, **TASK)
    item_id = await house.item()
    first = (await handle.describe()).run_id
    # Four megabytes of history are where the engine wants another run.
    for _ in range(6):
        await handle.signal(TASK_CHANGED, "x" * 900_000)

    async def moved_on() -> bool:
        return (await handle.describe()).run_id != first

    await until(moved_on)
    memo = await (await handle.describe()).memo()
    await house.complete(handle, item_id, action="Approve")
    await until(lambda: bool(house.k2.messages()))

    assert memo["k2SerialNumber"] == "12_34"
    assert house.k2.done == [("12_34 Approve", {})]
    assert len(house.k2.of_code("K2_TASK")) == 1
