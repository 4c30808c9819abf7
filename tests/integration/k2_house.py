"""A worker with K2's workflows, and a K2 that answers whatever a test wants."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import Replayer, Worker

from kurun_activities.k2 import failure_types
from kurun_clients.kuflow.models import ProcessItemTaskState
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_worker.converter import kuflow_data_converter
from kurun_worker.k2_watch import WORKFLOWS
from kurun_worker.sandbox import workflow_runner
from kurun_workflows import KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM, WorkflowRequest
from tests.integration import k2_workflows
from tests.integration.fake_k2 import FakeK2
from tests.waiting import until

Handle = WorkflowHandle[Any, Any]

ALL = [*WORKFLOWS, *k2_workflows.ALL]


@dataclass
class House:
    """A worker with the fake activities, and the workflows that it runs."""

    client: Client
    k2: FakeK2
    queue: str
    started: list[Handle] = field(default_factory=list)

    async def start(self, workflow: type, **told: Any) -> Handle:
        """Start a workflow as KuFlow does, for a process with this metadata."""
        self.k2.told = told
        process_id = uuid4()
        handle: Handle = await self.client.start_workflow(
            workflow.__name__, WorkflowRequest(process_id=process_id), id=str(process_id), task_queue=self.queue
        )
        self.started.append(handle)
        return handle

    async def item(self, nth: int = 0, code: str = "K2_TASK") -> UUID:
        """An item, once it is there."""
        await until(lambda: len(self.k2.of_code(code)) > nth)
        return self.k2.of_code(code)[nth]

    async def complete(self, handle: Handle, item_id: UUID, **data: Any) -> None:
        """What KuFlow does when a person completes an item."""
        await self.change(handle, item_id, ProcessItemTaskState.COMPLETED, data)

    async def change(
        self, handle: Handle, item_id: UUID, state: ProcessItemTaskState, data: dict[str, Any] | None = None
    ) -> None:
        """Change an item, and signal it."""
        self.k2.change(item_id, state, data)
        await handle.signal(KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM, {"id": str(item_id), "type": "TASK"})

    def data(self, item_id: UUID) -> dict[str, Any]:
        """What an item holds."""
        task = self.k2.items[item_id].task
        assert task is not None
        assert task.data is not None
        return task.data.value

    def state(self, item_id: UUID) -> ProcessItemTaskState:
        """Where an item stands."""
        task = self.k2.items[item_id].task
        assert task is not None
        return task.state


@asynccontextmanager
async def running_house(server: TemporalServer) -> AsyncIterator[House]:
    """A running worker; in the end every history is replayed against the code that made it."""
    client = await Client.connect(server.address, data_converter=kuflow_data_converter)
    house, runner = House(client, FakeK2(), f"queue-{uuid4()}"), workflow_runner(None, sandbox=True)
    activities = house.k2.activities()
    async with Worker(client, task_queue=house.queue, workflows=ALL, activities=activities, workflow_runner=runner):
        yield house
    replayer = Replayer(workflows=ALL, data_converter=kuflow_data_converter, workflow_runner=runner)
    for handle in house.started:
        await replayer.replay_workflow(await handle.fetch_history())


async def failure(handle: Handle) -> ApplicationError:
    """What the workflow failed with."""
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    cause: BaseException | None = caught.value.cause
    cause = cause.cause if isinstance(cause, ActivityError) else cause
    assert isinstance(cause, ApplicationError)
    return cause


def lost(seen: str = "gone") -> ApplicationError:
    """What an activity says that cannot tell whether it acted."""
    return ApplicationError("lost", {"seen": seen}, type=failure_types.UNKNOWN_OUTCOME, non_retryable=True)


def refused(kind: str = failure_types.REFUSED) -> ApplicationError:
    """What an activity says that did not act."""
    return ApplicationError("Amount is no number", type=kind, non_retryable=True)
