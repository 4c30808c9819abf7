"""The bridge as a whole: a daemon between KuFlow and K2, both of them the twin's."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from kurun_activities.k2 import watch_loop
from kurun_activities.k2.folio import key_of
from kurun_clients.kuflow.models import ProcessItemTaskState
from kurun_twin.engine.temporal_server import TemporalServer
from tests.integration.k2_bridge import (
    ASKED,
    BOB,
    CHECKED,
    EVE,
    HURRIED,
    LOAN,
    REPORTING,
    SVC,
    WAITING,
    Bridge,
    bridging,
    found,
    open_bridge,
)

CANCELLED = ProcessItemTaskState.CANCELLED
READY = ProcessItemTaskState.READY
ACTING = r"/tasks/[0-9_]+/actions/(Approve|Acknowledge)$"
STARTING = r"/workflows/[0-9]+$"
RETRIEVE = "Tasks_GetTask"


@pytest.fixture(scope="module")
async def shared(temporal_server: TemporalServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridge]:
    """One twin and one daemon for most tests; a redirected task keeps its serial number."""
    folder = tmp_path_factory.mktemp("bridge")
    async with open_bridge(folder, temporal_server.address, k2_redirect_keeps_serial=True) as bridge, bridging(bridge):
        yield bridge


@pytest.fixture
def bridge(shared: Bridge) -> Bridge:
    """The same, behaving well."""
    shared.misbehave()
    return shared


async def shown(bridge: Bridge, workflow_id: int) -> tuple[int, UUID, Any]:
    """A K2 workflow whose task is shown in KuFlow: instance, process and item."""
    instance = await bridge.start(workflow_id)
    process_id = await bridge.mirror(await bridge.serial(instance))
    return instance, process_id, await bridge.item(process_id)


async def test_a_task_becomes_an_item_and_completing_it_acts_once(bridge: Bridge) -> None:
    """A person in KuFlow sees the task with its fields, and what they choose is done in K2, once."""
    instance, process_id, item = await shown(bridge, LOAN)
    data = item.task.data.value
    await bridge.complete(item, action="Approve", changes={"Amount": 8})
    said = await bridge.ended(process_id)
    acted = await bridge.happened(instance, "acted")

    assert (data["dataFields"]["Amount"], data["actions"]) == (7, ["Decline", "Approve"])
    assert said == f"COMPLETED K2 task {data['serialNumber']}: Approve"
    assert [(row["who"], row["detail"]) for row in acted] == [(SVC, {"action": "Approve"})]
    assert await bridge.happened(instance, "completed")


async def test_an_action_whose_reply_is_lost_is_not_repeated(bridge: Bridge) -> None:
    """The action was done and nobody heard of it: the task is gone, which counts as done."""
    instance, process_id, item = await shown(bridge, LOAN)
    bridge.misbehave(method="POST", path=ACTING, drop="after", times=1)
    await bridge.complete(item, action="Approve")
    said = await bridge.ended(process_id)

    assert "counts as done" in said
    assert len(await bridge.happened(instance, "acted")) == 1


async def test_a_task_that_is_acted_on_elsewhere_closes_its_item(bridge: Bridge) -> None:
    """Eve was faster, in K2: Ada need not do anything, and is told."""
    instance, process_id, item = await shown(bridge, ASKED)
    await bridge.act(instance, EVE, "Decline")
    said = await bridge.ended(process_id)

    assert "is gone" in said
    assert await bridge.state(item) is CANCELLED
    assert [row["who"] for row in await bridge.happened(instance, "acted")] == [EVE]


async def test_a_redirected_task_closes_its_item_and_comes_back_as_another(bridge: Bridge) -> None:
    """Redirected away, the item closes; redirected back under the same serial number, a new process mirrors it."""
    instance, process_id, item = await shown(bridge, LOAN)
    serial, tasks = await bridge.serial(instance), bridge.k2.tasks
    await bridge.k2.database.run(tasks.redirect, bridge.user(SVC), serial, f"K2:{BOB}")
    said = await bridge.ended(process_id)
    back = await bridge.k2.database.run(tasks.redirect, bridge.user(BOB), serial, f"K2:{SVC}")
    second = await bridge.mirror(serial, generation=1)
    await bridge.complete(await bridge.item(second), action="Decline")
    await bridge.ended(second)

    assert "is gone" in said
    assert await bridge.state(item) is CANCELLED
    assert back == serial
    assert len(await bridge.happened(instance, "acted")) == 1


async def test_a_task_that_expires_closes_its_item(bridge: Bridge) -> None:
    """The step's time was over in K2: nobody can act any more."""
    instance, process_id, item = await shown(bridge, HURRIED)
    said = await bridge.ended(process_id)

    assert "expired" in said
    assert await bridge.state(item) is CANCELLED
    assert await bridge.happened(instance, "acted") == []


async def test_a_sleeping_task_keeps_its_item(bridge: Bridge) -> None:
    """Asleep, a task leaves K2's list; its mirror reads it, finds it there, and the item waits on."""
    instance, process_id, item = await shown(bridge, LOAN)
    serial, user = await bridge.serial(instance), bridge.user(SVC)
    reads = bridge.counted(RETRIEVE)
    await bridge.k2.database.run(bridge.k2.tasks.sleep, user, serial, None)

    async def looked() -> bool | None:
        return True if bridge.counted(RETRIEVE) > reads else None

    await found(looked)
    state = await bridge.state(item)
    await bridge.k2.database.run(bridge.k2.tasks.wake, user, serial)
    await bridge.complete(item, action="Approve")
    await bridge.ended(process_id)

    assert state is READY
    assert len(await bridge.happened(instance, "acted")) == 1


async def test_a_refused_action_is_asked_again(bridge: Bridge) -> None:
    """K2 refuses a field's value: a new item says so, and the corrected answer is taken."""
    instance, process_id, item = await shown(bridge, LOAN)
    await bridge.complete(item, action="Approve", changes={"Amount": "many"})
    second = await bridge.item(process_id, 1)
    await bridge.complete(second, action="Approve", changes={"Amount": 8})
    await bridge.ended(process_id)

    assert second.task is not None
    assert len(await bridge.happened(instance, "acted")) == 1


async def test_a_server_event_is_finished_from_kuflow(bridge: Bridge) -> None:
    """A process that is told a server event shows it; completing the item finishes it, and the K2 workflow goes on."""
    instance = await bridge.start(WAITING)
    [event] = [
        each for each in await bridge.k2.database.run(bridge.k2.server_events.waiting) if each.instance.id == instance
    ]
    process_id = await bridge.process("MIRROR", serialNumber=event.serial, kind="SERVER_EVENT")
    await bridge.complete(await bridge.item(process_id), changes={"Decision": "paid"})
    said = await bridge.ended(process_id)

    assert said == f"COMPLETED K2 server event {event.serial}: finished"
    assert len(await bridge.happened(instance, "finished")) == 1


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "reply lost"])
async def test_k2_decides_and_kuflow_keeps_the_outcome(bridge: Bridge, lost: bool) -> None:
    """Bob decides in K2; the outcome task is acknowledged, and its fields are on the item. One instance, always."""
    if lost:
        bridge.misbehave(method="POST", path=STARTING, drop="after", times=1)
    process_id = await bridge.process("APPROVAL", workflowId=REPORTING, folio="Loan of Ada", dataFields={"Amount": 9})

    async def started() -> list[int] | None:
        rows = await bridge.happened(None, "started")
        return [row["instance_id"] for row in rows if key_of(row["detail"]["folio"]) == str(process_id)] or None

    [instance] = await found(started)
    await bridge.act(instance, BOB, "Approve")
    item = await bridge.item(process_id)
    await bridge.ended(process_id)
    outcome = await bridge.outcome(process_id)

    assert outcome["instanceId"] == instance
    assert (outcome["action"], outcome["dataFields"]["Decision"]) == ("Acknowledge", "approved")
    assert await bridge.state(item) is ProcessItemTaskState.COMPLETED
    assert await started() == [instance]
    assert [row["who"] for row in await bridge.happened(instance, "acted")] == [BOB, SVC]


async def test_a_task_of_the_account_before_the_outcome_is_left_alone(bridge: Bridge) -> None:
    """The K2 workflow gives the worker's account a task first: where the step of the outcome is named, nobody does it.

    Once somebody has done it in K2, the process gets the decision.
    """
    process_id = await bridge.process("APPROVAL", workflowId=CHECKED, dataFields={"Amount": 9}, activity="Report")

    async def started() -> int | None:
        rows = await bridge.happened(None, "started")
        ids = [row["instance_id"] for row in rows if key_of(row["detail"]["folio"]) == str(process_id)]
        return ids[0] if ids else None

    instance = await found(started)
    await bridge.serial(instance)
    await bridge.lists(2)
    untouched = await bridge.happened(instance, "acted")
    await bridge.act(instance, SVC, "Approve")
    await bridge.act(instance, BOB, "Decline")
    await bridge.ended(process_id)
    outcome = await bridge.outcome(process_id)

    assert untouched == []
    assert (outcome["action"], outcome["dataFields"]["Decision"]) == ("Acknowledge", "declined")


async def test_a_daemon_that_begins_anew_finds_what_it_missed(temporal_server: TemporalServer, tmp_path: Path) -> None:
    """While no daemon ran, one task was done in K2 and one came: the next daemon closes the one and shows the other.

    What was there before and after is mirrored once.
    """
    async with open_bridge(tmp_path, temporal_server.address) as bridge:
        async with bridging(bridge):
            done, done_process, done_item = await shown(bridge, ASKED)
            kept, kept_process, kept_item = await shown(bridge, LOAN)
        await bridge.act(done, EVE, "Approve")
        new = await bridge.start(LOAN)
        async with bridging(bridge):
            said = await bridge.ended(done_process)
            await bridge.item(await bridge.mirror(await bridge.serial(new)))
            await bridge.complete(kept_item, action="Approve")
            await bridge.ended(kept_process)

        assert "is gone" in said
        assert await bridge.state(done_item) is CANCELLED
        assert len(await bridge.happened(kept, "acted")) == 1
        assert await bridge.processes() == 3


async def test_a_mirror_that_a_person_cancels_is_not_made_again(
    temporal_server: TemporalServer, tmp_path: Path
) -> None:
    """Whoever cancels the process leaves the task to K2, for this daemon and the next."""
    async with open_bridge(tmp_path, temporal_server.address) as bridge:
        async with bridging(bridge):
            _, process_id, _ = await shown(bridge, LOAN)
            await bridge.ada.processes.cancel(process_id)
            await bridge.lists(5)
        async with bridging(bridge):
            await bridge.lists(5)

        assert await bridge.processes() == 1


async def _died(bridge: Bridge, process_id: UUID, expected: WorkflowExecutionStatus) -> None:
    handle = (await Client.connect(bridge.twin.info["engine"]["direct_address"])).get_workflow_handle(str(process_id))
    if expected is WorkflowExecutionStatus.TERMINATED:
        await bridge.item(process_id)
        await handle.terminate()

    async def look() -> bool | None:
        try:
            return (await handle.describe()).status is expected or None
        except RPCError:  # not started yet
            return None

    await found(look)


@pytest.mark.parametrize("died", [WorkflowExecutionStatus.FAILED, WorkflowExecutionStatus.TERMINATED])
async def test_a_task_whose_mirror_died_gets_another(
    temporal_server: TemporalServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    died: WorkflowExecutionStatus,
) -> None:
    """Its process runs, or was cancelled by its workflow's end: one warning names both, and a new process shows it."""
    code = {"mirror_item_code": "NO_SUCH_ITEM"} if died is WorkflowExecutionStatus.FAILED else {}
    async with open_bridge(tmp_path, temporal_server.address) as bridge:
        serial = await bridge.serial(await bridge.start(LOAN))
        async with bridging(bridge, **code):
            process_id = await bridge.mirror(serial)
            await _died(bridge, process_id, died)
        # The engine's search may lag behind at the first.
        monkeypatch.setattr(watch_loop, "RECONCILIATION", 0.5)
        async with bridging(bridge):
            second = await bridge.mirror(serial, 1)
            await bridge.complete(await bridge.item(second), action="Approve")
            await bridge.ended(second)

        said = [record.getMessage() for record in caplog.records if "is not shown any more" in record.getMessage()]
        assert len(said) == 1
        assert all(each in said[0] for each in (serial, str(process_id), died.name))
        assert await bridge.processes() == 2


async def test_a_mirror_that_dies_is_noticed_at_the_next_reconciliation(
    temporal_server: TemporalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same without a restart: the watcher that made the mirror asks after it when it is not found running."""
    monkeypatch.setattr(watch_loop, "RECONCILIATION", 0.5)
    async with open_bridge(tmp_path, temporal_server.address) as bridge, bridging(bridge):
        serial = await bridge.serial(await bridge.start(LOAN))
        process_id = await bridge.mirror(serial)
        await _died(bridge, process_id, WorkflowExecutionStatus.TERMINATED)

        assert (await bridge.item(await bridge.mirror(serial, 1))).task is not None


async def test_a_task_of_a_process_that_has_ended_is_left_in_k2(
    temporal_server: TemporalServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its folio names a process that no workflow runs for: one warning names both, nothing is mirrored, all goes on."""
    ended = uuid4()
    async with open_bridge(tmp_path, temporal_server.address) as bridge:
        instance = await bridge.start(LOAN, folio=f"Loan [kuflow:{ended}]")
        other = await bridge.start(LOAN)
        async with bridging(bridge):
            await bridge.item(await bridge.mirror(await bridge.serial(other)))

        [said] = [record.getMessage() for record in caplog.records if "no workflow waits" in record.getMessage()]
        assert await bridge.serial(instance) in said
        assert str(ended) in said
        assert await bridge.processes() == 1


async def test_a_daemon_that_begins_anew_announces_as_seldom_as_the_one_before(
    temporal_server: TemporalServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was announced is handed on: the third watcher waits longer, and does not tell once more at its start."""
    async with open_bridge(tmp_path, temporal_server.address) as bridge:
        await bridge.start(LOAN, folio=f"Loan [kuflow:{uuid4()}]")
        said = []
        for _ in range(3):
            async with bridging(bridge):
                await bridge.lists(4)
            said.append(sum("no workflow waits" in record.getMessage() for record in caplog.records))

    assert said == [1, 2, 2]


async def test_trouble_with_k2_and_kuflow_is_waited_through(temporal_server: TemporalServer, tmp_path: Path) -> None:
    """Neither a K2 that is down nor credentials that it refuses nor a KuFlow that is busy fails the watcher."""
    async with open_bridge(tmp_path, temporal_server.address) as bridge:
        troubles = (
            {"path": "/tasks$", "status": 401},
            {"path": "/tasks$", "drop": "before"},
            {"path": "/processes$", "status": 503},
        )
        for trouble in troubles:
            bridge.misbehave(times=3, **trouble)
            instance = await bridge.start(LOAN)
            async with bridging(bridge):
                await bridge.item(await bridge.mirror(await bridge.serial(instance)))

        assert await bridge.processes() == len(troubles)


async def test_the_number_of_lists_does_not_depend_on_the_number_of_tasks(
    temporal_server: TemporalServer, tmp_path: Path
) -> None:
    """One list an interval, for one task as for a dozen; a task that waits costs nothing more."""
    async with open_bridge(tmp_path, temporal_server.address) as bridge:
        instances = [await bridge.start(LOAN) for _ in range(12)]
        async with bridging(bridge, watch_interval=timedelta(milliseconds=50)):
            for instance in instances:
                await bridge.item(await bridge.mirror(await bridge.serial(instance)))
            read = bridge.counted(RETRIEVE)
            await bridge.lists(10)

            assert bridge.counted(RETRIEVE) == read == len(instances)
