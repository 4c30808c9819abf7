"""Approvals that K2 gives, on a real Temporal server, in orders and with replies that no twin gives on purpose."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from kurun_activities.k2 import failure_types
from kurun_activities.k2.watch_models import OUTCOME_TASK, OutcomeTask
from kurun_clients.k2.services.models import DataField, ProcessInstance
from kurun_clients.kuflow.models import JsonValueError, ProcessItemTaskState
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_workflows.k2 import K2ApprovalWorkflow
from tests.integration.fake_k2 import INSTANCE
from tests.integration.k2_house import Handle, House, failure, lost, refused, running_house
from tests.integration.k2_workflows import TwoHelpersWorkflow, TwoQuestionsWorkflow
from tests.waiting import until

ORDER = {"workflowId": 7, "folio": "Loan of Ada", "dataFields": {"Amount": 7}}


@pytest.fixture(scope="module")
async def shared(temporal_server: TemporalServer) -> AsyncIterator[House]:
    """One worker for the module."""
    async with running_house(temporal_server) as running:
        yield running


@pytest.fixture
def house(shared: House) -> House:
    """The running worker; nothing waits in K2."""
    shared.k2.reset()
    return shared


async def tell(
    house: House, handle: Handle, serial_number: str = "12_40", *, instance: int = INSTANCE, activity: str | None = None
) -> None:
    """What the watcher does when it sees the outcome task in the list."""
    key = house.k2.started[-1] if house.k2.started else None
    told = OutcomeTask(
        serial_number=serial_number, workflow_instance_id=instance, business_key=key, activity_name=activity
    )
    await handle.signal(OUTCOME_TASK, told.to_wire())


async def asked(house: House, **order: Any) -> Handle:
    """An approval that K2 has started."""
    handle = await house.start(K2ApprovalWorkflow, **{**ORDER, **order})
    await until(lambda: bool(house.k2.started))
    return handle


async def test_an_outcome_task_brings_the_outcome(house: House) -> None:
    """The task's data fields are kept on the item with log lines; the task is acknowledged, and the item completed."""
    handle = await asked(house, acknowledge="approve")
    house.k2.list_task("12_40", folio="Loan of Ada, 7 EUR", Decision="approved")
    await tell(house, handle)
    said = await handle.result()
    item_id = await house.item(code="K2_APPROVAL")

    assert said == {"message": "K2 workflow instance 12 has its outcome"}
    assert house.k2.done == [("12_40 approve", {})]
    assert house.state(item_id) is ProcessItemTaskState.COMPLETED
    assert house.data(item_id) == {
        "workflowId": 7,
        "folio": "Loan of Ada",
        "dataFields": {"Amount": 7},
        "k2": {
            "businessKey": handle.id,
            "instanceId": 12,
            "folio": "Loan of Ada, 7 EUR",
            "serialNumber": "12_40",
            "action": "approve",
            "dataFields": {"Decision": "approved"},
        },
    }
    assert house.k2.logs == [
        f"INFO K2 started workflow instance 12: Loan of Ada [kuflow:{handle.id}]",
        "INFO K2 workflow instance 12 has its outcome: task 12_40, acknowledged with approve",
    ]


async def test_a_lost_reply_to_the_start_is_waited_through(house: House) -> None:
    """Nobody knows whether K2 started: nothing is started again, and the business key brings the outcome."""
    house.k2.objection = lost()
    handle = await asked(house, acknowledge="Approve")
    house.k2.list_task("99_40")
    await tell(house, handle, "99_40", instance=99)
    await handle.result()
    outcome = house.data(await house.item(code="K2_APPROVAL"))["k2"]

    assert house.k2.started == [handle.id]
    assert outcome["instanceId"] == 99
    assert house.k2.logs[0].startswith("WARN K2's reply to the start was lost")


async def test_foreign_and_malformed_signals_are_ignored(house: House) -> None:
    """Tasks of other instances, and signals of another shape, change nothing."""
    handle = await asked(house, acknowledge="Approve")
    house.k2.list_task("12_40")
    for argument in ({}, "text", {"serialNumber": "5_5", "workflowInstanceId": 5, "businessKey": "other"}):
        await handle.signal(OUTCOME_TASK, argument)
    await tell(house, handle)
    await handle.result()

    assert house.k2.done == [("12_40 Approve", {})]


@pytest.mark.parametrize("told", ["Check", None], ids=["named by the watcher", "named by the task only"])
async def test_a_task_of_another_step_is_left_alone(house: House, told: str | None) -> None:
    """Where the order names the step of the outcome, other tasks of the instance are logged, once, and not done."""
    handle = await asked(house, activity="report")
    house.k2.list_task("12_39", activity="Check")
    house.k2.list_task("12_40", activity="Report", actions=["Acknowledge"], Decision="approved")
    for serial_number, activity in (("12_39", told), ("12_39", told), ("12_40", told and "Report")):
        await tell(house, handle, serial_number, activity=activity)
    await handle.result()
    outcome = house.data(await house.item(code="K2_APPROVAL"))["k2"]

    assert outcome["dataFields"] == {"Decision": "approved"}
    assert house.k2.done == [("12_40 Acknowledge", {})]
    assert list(house.k2.tasks) == ["12_39"]
    assert [line for line in house.k2.logs if "left alone" in line] == [
        "INFO K2 task 12_39 of the step 'Check' is not the outcome: it is left alone"
    ]


async def test_without_a_step_the_first_task_is_the_outcome(house: House) -> None:
    """Whatever step the watcher names."""
    handle = await asked(house, acknowledge="Approve")
    house.k2.list_task("12_39", activity="Check")
    await tell(house, handle, "12_39", activity="Check")
    await handle.result()

    assert house.k2.done == [("12_39 Approve", {})]


async def test_an_outcome_task_that_is_gone_is_waited_for_again(house: House) -> None:
    """The watcher names a task that is gone when it is read: the wait goes on until one can be read."""
    handle = await asked(house, acknowledge="Approve")
    await tell(house, handle, "12_39")
    await until(lambda: any("was gone" in line for line in house.k2.logs))
    house.k2.list_task("12_40")
    await tell(house, handle)
    await handle.result()

    assert house.k2.done == [("12_40 Approve", {})]


@pytest.mark.parametrize(
    ("objection", "action", "logged"),
    [
        (refused(failure_types.GONE_OR_FORBIDDEN), None, "was acknowledged by somebody else"),
        (lost(), "Approve", "counts as done"),
    ],
    ids=["gone", "unknown"],
)
async def test_an_outcome_that_was_read_counts(
    house: House, objection: ApplicationError, action: str | None, logged: str
) -> None:
    """Whoever acknowledged the task, or if nobody can tell: what was read in it is the outcome."""
    handle = await asked(house, acknowledge="Approve")
    house.k2.list_task("12_40", Decision="declined")
    house.k2.objection = objection
    await tell(house, handle)
    await handle.result()
    outcome = house.data(await house.item(code="K2_APPROVAL"))["k2"]

    assert outcome["dataFields"] == {"Decision": "declined"}
    assert outcome.get("action") == action
    assert any(logged in line for line in house.k2.logs)


@pytest.mark.parametrize(
    ("order", "objection", "said"),
    [
        ({}, None, "Name one in `acknowledge`"),
        ({"acknowledge": "Approve"}, refused(), "Amount is no number"),
    ],
    ids=["not named", "refused"],
)
async def test_a_task_that_cannot_be_acknowledged_fails_the_process(
    house: House, order: dict[str, Any], objection: ApplicationError | None, said: str
) -> None:
    """With several actions one has to be named; what K2 refuses cannot be mended by waiting."""
    handle = await asked(house, **order)
    house.k2.list_task("12_40")
    house.k2.objection = objection
    await tell(house, handle)
    error = await failure(handle)

    assert error.type == "K2Approvals.Failed"
    assert said in error.message


async def test_a_start_that_k2_refuses_fails_the_process_and_is_logged(house: House) -> None:
    """The item tells people why."""
    house.k2.objection = refused()
    error = await failure(await asked(house))

    assert error.type == failure_types.REFUSED
    assert house.k2.logs == ["WARN K2 did not start workflow 7: Amount is no number"]
    assert house.k2.messages() == ["K2 did not start workflow 7: Amount is no number"]


async def test_an_outcome_that_does_not_come_in_time_fails_the_process(house: House) -> None:
    """The order may say how long to wait."""
    assert (await failure(await asked(house, within=1))).type == "K2Approvals.Timeout"


async def test_nothing_is_started_when_no_time_is_left(house: House) -> None:
    """Who has stopped waiting before K2 was asked starts nothing there."""
    error = await failure(await house.start(K2ApprovalWorkflow, **ORDER, within=0))

    assert error.type == "K2Approvals.Timeout"
    assert house.k2.started == []
    assert house.k2.logs == ["WARN K2 was not asked to start workflow 7: no time is left"]


async def test_a_start_is_not_tried_after_its_time(house: House) -> None:
    """A K2 that is down when it is asked is not asked again after the deadline, however long it is down."""
    pause = timedelta(seconds=30)
    house.k2.objection = ApplicationError("no K2", type=failure_types.TEMPORARY, next_retry_delay=pause)
    error = await failure(await asked(house, within=2))

    assert error.type == "K2Approvals.Timeout"
    assert len(house.k2.started) == 1
    [line] = house.k2.logs
    assert line.startswith("WARN K2 did not confirm the start of workflow 7 in time: ")
    assert f"It may have been started; its key is {house.k2.started[0]}" in line


async def test_a_start_that_is_not_answered_ends_with_its_time(house: House) -> None:
    """A reply that does not come before the deadline is no longer waited for; the log says what may have happened."""
    house.k2.release = asyncio.Event()
    try:
        error = await failure(await asked(house, within=1))
    finally:
        house.k2.release.set()

    assert error.type == "K2Approvals.Timeout"
    assert "It may have been started" in house.k2.logs[0]


async def test_an_instance_brings_the_outcome_without_a_task(house: House) -> None:
    """Where the K2 Services serve, the end of the instance is the outcome, with its status and fields."""
    fields = (DataField(name="Decision", value="approved"),)
    house.k2.instances = [ProcessInstance(id=INSTANCE, folio="Loan", status="Completed", data_fields=fields)]
    handle = await asked(house, outcome="instance")
    await handle.result()
    outcome = house.data(await house.item(code="K2_APPROVAL"))["k2"]

    assert (outcome["status"], outcome["dataFields"]) == ("Completed", {"Decision": "approved"})
    assert house.k2.logs[-1] == "INFO K2 workflow instance 12 has its outcome: Completed"


async def test_an_instance_that_goes_on_too_long_fails_the_process(house: House) -> None:
    """It is asked for again until the time that the order gives has passed."""
    house.k2.instances = [ProcessInstance(id=INSTANCE, status="Active")]

    assert (await failure(await asked(house, outcome="instance", within=1))).type == "K2Approvals.Timeout"


async def test_an_outcome_that_kuflow_flags_is_kept_all_the_same(house: House) -> None:
    """K2 gives an outcome once: a definition that does not know its shape is logged, and the process goes on."""
    handle = await asked(house, acknowledge="Approve")
    house.k2.list_task("12_40")
    house.k2.flaw = JsonValueError(property_path="/k2", type="UNKNOWN")
    await tell(house, handle)
    await handle.result()

    assert any("KuFlow flags the saved outcome" in line for line in house.k2.logs)
    assert house.k2.done == [("12_40 Approve", {})]


async def test_each_question_of_a_process_has_a_key_of_its_own(house: House) -> None:
    """A second question starts a second instance; each gets its own outcome, also one that came early."""
    handle = await house.start(TwoQuestionsWorkflow)
    for serial_number, nth in (("12_41", 1), ("13_41", 2)):
        key = handle.id if nth == 1 else f"{handle.id}:2"
        house.k2.list_task(serial_number)
        signal = {"serialNumber": serial_number, "workflowInstanceId": 100 + nth, "businessKey": key}
        await handle.signal(OUTCOME_TASK, signal)

    assert await handle.result() == {"message": "12_41 13_41"}
    assert house.k2.started == [handle.id, f"{handle.id}:2"]
    assert [what for what, _ in house.k2.done] == ["12_41 Approve", "13_41 Decline"]


async def test_a_second_helper_is_refused(house: House) -> None:
    """Two helpers would take each other's signals: the workflow fails at once and says so."""
    assert "make one K2Approvals" in (await failure(await house.start(TwoHelpersWorkflow))).message


async def test_a_process_that_does_not_say_what_to_ask_fails(house: House) -> None:
    """Metadata without a workflow is a mistake that waiting cannot mend; the message names the place."""
    assert "k2 is wrong at workflowId" in (await failure(await house.start(K2ApprovalWorkflow, folio="x"))).message
