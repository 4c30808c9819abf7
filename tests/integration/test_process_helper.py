"""The process helper on a real Temporal server: signals that are early, doubled, foreign, malformed or missing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from kurun_activities import names
from kurun_clients.kuflow.models import JsonValueError, ProcessItemTaskState
from kurun_twin.engine.temporal_server import find_program
from kurun_worker.converter import kuflow_data_converter
from kurun_worker.sandbox import workflow_runner
from kurun_workflows import KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM, OpenItem, WorkflowRequest
from tests.integration import process_workflows as workflows
from tests.integration.fake_kuflow import FakeKuFlow
from tests.waiting import until

COMPLETED, CANCELLED, CLAIMED = (
    ProcessItemTaskState.COMPLETED,
    ProcessItemTaskState.CANCELLED,
    ProcessItemTaskState.CLAIMED,
)
ANSWER = {"name": "Ada", "years": 36}


@pytest.fixture(scope="module")
async def temporal() -> AsyncIterator[Client]:
    """A client of a real Temporal server."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=find_program(), data_converter=kuflow_data_converter, dev_server_log_level="error"
    )
    async with environment:
        yield environment.client


@dataclass
class House:
    """A worker with the fake activities, and the workflows that it runs."""

    client: Client
    kuflow: FakeKuFlow
    queue: str
    started: list[WorkflowHandle[Any, Any]] = field(default_factory=list)

    async def start(self, workflow: type, **options: Any) -> WorkflowHandle[Any, Any]:
        """Start a workflow as KuFlow does."""
        options = {"id": str(uuid4()), "task_queue": self.queue, **options}
        handle: WorkflowHandle[Any, Any] = await self.client.start_workflow(
            workflow.__name__, WorkflowRequest(process_id=uuid4()), **options
        )
        self.started.append(handle)
        return handle

    async def item(self) -> UUID:
        """The id of the first form, once there is one."""
        await until(lambda: bool(self.kuflow.of_code(workflows.FORM)))
        return self.kuflow.of_code(workflows.FORM)[0]

    async def complete(self, handle: WorkflowHandle[Any, Any], item_id: UUID) -> None:
        """What KuFlow does when a person completes a task."""
        self.kuflow.change(item_id, COMPLETED, ANSWER)
        await signal(handle, item_id)


@pytest.fixture(scope="module")
async def shared(temporal: Client) -> AsyncIterator[House]:
    """A running worker; in the end every history is replayed against the code that made it."""
    shared = House(temporal, FakeKuFlow(), f"queue-{uuid4()}")
    runner = workflow_runner(None, sandbox=True)
    async with Worker(
        temporal,
        task_queue=shared.queue,
        workflows=workflows.ALL,
        activities=shared.kuflow.activities(),
        workflow_runner=runner,
    ):
        yield shared
    replayer = Replayer(workflows=workflows.ALL, data_converter=kuflow_data_converter, workflow_runner=runner)
    for handle in shared.started:
        await replayer.replay_workflow(await handle.fetch_history())


@pytest.fixture
def house(shared: House) -> House:
    """The running worker with an empty KuFlow."""
    shared.kuflow.reset()
    return shared


async def signal(handle: WorkflowHandle[Any, Any], item_id: UUID) -> None:
    """KuFlow's signal as it stands on the wire."""
    payload = {"processItemDefinitionCode": workflows.FORM}
    body = {"id": str(item_id), "type": "TASK", "payload": payload, "requestTime": "2025-11-03T10:00:00Z"}
    await handle.signal(KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM, body)


async def result(handle: WorkflowHandle[Any, Any]) -> Any:
    """What the workflow returned."""
    async with asyncio.timeout(20):
        return await handle.result()


async def failure(handle: WorkflowHandle[Any, Any]) -> ApplicationError:
    """What the workflow failed with."""
    with pytest.raises(WorkflowFailureError) as caught:
        await result(handle)
    assert isinstance(caught.value.cause, ApplicationError)
    return caught.value.cause


async def test_a_task_is_one_awaited_call(house: House) -> None:
    """A task is created, waited for and read into the workflow's model; the item is at hand."""
    handle = await house.start(workflows.FormWorkflow)
    await house.complete(handle, await house.item())

    assert await result(handle) == {"message": "Ada is 36 (True)"}
    assert house.kuflow.calls == [names.CREATE_PROCESS_ITEM, names.RETRIEVE_PROCESS_ITEM]


async def test_a_signal_that_comes_before_the_item_is_known_counts(house: House) -> None:
    """The person is faster than the reply to the creation: the workflow ends all the same."""
    early = house.client.get_workflow_handle(str(uuid4()))
    house.kuflow.on_create = lambda item_id: house.complete(early, item_id)
    handle = await house.start(workflows.FormWorkflow, id=early.id)

    assert await result(handle) == {"message": "Ada is 36 (True)"}


async def test_signals_from_before_the_helper_are_kept(house: House) -> None:
    """Signals that arrive before the workflow has made its helper neither harm nor hinder."""
    foreign = {"id": str(uuid4()), "type": "TASK"}
    handle = await house.start(
        workflows.LateHelperWorkflow,
        start_signal=KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM,
        start_signal_args=[foreign],
    )
    await house.complete(handle, await house.item())

    assert await result(handle) == {"message": "Ada"}


async def test_a_second_helper_is_refused(house: House) -> None:
    """Two helpers would take each other's signals: the workflow fails at once and says so, instead of waiting."""
    error = await failure(await house.start(workflows.TwoHelpersWorkflow))

    assert "make one KuFlowProcess" in error.message


async def test_an_item_that_is_born_completed_needs_no_signal(house: House) -> None:
    """A repeated creation answers with an item that is over already: nothing is waited for or read."""
    house.kuflow.born, house.kuflow.born_with = COMPLETED, ANSWER
    handle = await house.start(workflows.RecheckWorkflow)

    assert await result(handle) == {"message": "Ada"}
    assert house.kuflow.calls == [names.CREATE_PROCESS_ITEM]


async def test_foreign_and_repeated_signals_change_nothing(house: House) -> None:
    """Hundreds of signals for other items are dropped; doubles for the own item lead to at most one look each."""
    handle = await house.start(workflows.FormWorkflow)
    item_id = await house.item()
    await asyncio.gather(*(signal(handle, uuid4()) for _ in range(300)))

    assert [OpenItem(id=item_id, code=workflows.FORM)] == await handle.query("open_items", result_type=list[OpenItem])

    house.kuflow.change(item_id, COMPLETED, ANSWER)
    await asyncio.gather(*(signal(handle, item_id) for _ in range(10)), return_exceptions=True)

    assert await result(handle) == {"message": "Ada is 36 (True)"}
    assert house.kuflow.calls.count(names.RETRIEVE_PROCESS_ITEM) == 1


async def test_a_signal_without_a_completion_is_waited_through(house: House) -> None:
    """A signal says that something happened: the item is read, and if it is still open the wait goes on."""
    handle = await house.start(workflows.FormWorkflow)
    item_id = await house.item()
    house.kuflow.change(item_id, CLAIMED)
    await signal(handle, item_id)
    await until(lambda: names.RETRIEVE_PROCESS_ITEM in house.kuflow.calls)
    await house.complete(handle, item_id)

    assert await result(handle) == {"message": "Ada is 36 (True)"}


async def test_a_completion_while_the_item_is_being_read_is_not_missed(house: House) -> None:
    """The answer under way is out of date when it arrives: the signal that came meanwhile leads to another look."""
    handle = await house.start(workflows.FormWorkflow)
    item_id = await house.item()
    house.kuflow.on_retrieve = lambda _: house.complete(handle, item_id)
    await signal(handle, item_id)

    assert await result(handle) == {"message": "Ada is 36 (True)"}


@pytest.mark.parametrize("arguments", [[], ["text"], [None], [{"id": "no uuid"}], [{}, 1, 2], [[1]]], ids=str)
async def test_a_signal_of_an_unknown_shape_is_ignored(house: House, arguments: list[Any]) -> None:
    """What cannot be read as a signal neither fails the workflow nor stops it."""
    handle = await house.start(workflows.FormWorkflow)
    item_id = await house.item()
    await handle.signal(KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM, args=arguments)
    await house.complete(handle, item_id)

    assert await result(handle) == {"message": "Ada is 36 (True)"}


async def test_a_cancelled_task_ends_the_wait_with_its_own_error(house: House) -> None:
    """A cancelled task raises; uncaught it fails the workflow under a type that callers can tell."""
    handle = await house.start(workflows.FormWorkflow)
    item_id = await house.item()
    house.kuflow.change(item_id, CANCELLED)
    await signal(handle, item_id)
    error = await failure(handle)

    assert error.type == "KuFlowProcess.ProcessItemCancelled"
    assert (str(item_id),) == tuple(error.details)


async def test_rechecking_finds_what_no_signal_told(house: House) -> None:
    """With ``recheck_every`` a cancellation that KuFlow does not signal is seen."""
    handle = await house.start(workflows.RecheckWorkflow)
    house.kuflow.change(await house.item(), CANCELLED)

    assert (await failure(handle)).type == "KuFlowProcess.ProcessItemCancelled"


async def test_a_wait_can_run_out_and_be_taken_up_again(house: House) -> None:
    """After ``within`` the wait raises; the task stays open and a second wait gets its completion."""
    handle = await house.start(workflows.PatientWorkflow)
    item_id = await house.item()
    await until(lambda: len(house.kuflow.items) == 2)
    reminder = list(house.kuflow.items.values())[1].message
    await house.complete(handle, item_id)

    assert reminder is not None
    assert reminder.text == "please hurry: True"
    assert await result(handle) == {"message": "COMPLETED"}


async def test_data_that_does_not_fit_the_model_fails_the_workflow(house: House) -> None:
    """The failure names the places, never the values, and is no endless retry of the workflow task."""
    handle = await house.start(workflows.FormWorkflow)
    item_id = await house.item()
    house.kuflow.change(item_id, COMPLETED, {"name": "Ada", "years": "a secret"})
    await signal(handle, item_id)
    error = await failure(handle)

    assert error.type == "KuFlowActivities.InvalidData"
    assert "/years" in error.message
    assert "secret" not in str(error)


async def test_saved_data_that_kuflow_flags_is_reported(house: House) -> None:
    """``save_data`` raises KuFlow's errors when the value comes back as invalid."""
    house.kuflow.flaw = JsonValueError(property_path="/years", type="MAXIMUM")
    handle = await house.start(workflows.EverythingWorkflow)
    error = await failure(handle)

    assert error.type == "KuFlowActivities.InvalidData"
    assert tuple(error.details) == ({"propertyPath": "/years", "type": "MAXIMUM"},)


async def test_open_items_and_their_signals_survive_continue_as_new(house: House) -> None:
    """A task opened in one run is completed between the runs: the next run knows it and ends."""
    handle = await house.start(workflows.EndlessWorkflow)
    item_id = await house.item()
    await house.complete(handle, item_id)
    await handle.signal("continue_now")

    assert await result(handle) == {"message": "COMPLETED, 0 open"}


async def test_a_task_is_open_to_queries_until_it_is_over(house: House) -> None:
    """``open_items`` shows a task while it is waited for, and nothing afterwards."""
    handle = await house.start(workflows.FormWorkflow)
    item_id = await house.item()
    during = await handle.query("open_items", result_type=list[OpenItem])
    await house.complete(handle, item_id)
    await result(handle)
    after = await handle.query("open_items", result_type=list[OpenItem])

    assert [item_id] == [item.id for item in during]
    assert after == []


async def test_the_helper_reaches_every_operation(house: House) -> None:
    """Claim, log, save, upload, attach, complete, message and metadata arrive at the activities as given."""
    handle = await house.start(workflows.EverythingWorkflow)
    data = await result(handle)

    assert {key: data[key] for key in ("name", "years")} == {"name": "Ada", "years": 36}
    assert data["note"].startswith("kuflow-file:uri=ku:process/")
    assert house.kuflow.logs == ["INFO started", "WARN careful"]
    assert house.kuflow.metadata == {"state": "done"}
