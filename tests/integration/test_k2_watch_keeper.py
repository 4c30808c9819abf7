"""The duty that keeps a K2 account's watcher running."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from uuid import uuid4

from structlog.testing import capture_logs
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError
from temporalio.worker import Worker

from kurun_activities.k2.watch_models import WatchRequest
from kurun_config import K2Settings
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_worker.clock import SystemClock
from kurun_worker.converter import kuflow_data_converter
from kurun_worker.k2_watch import WatchKeeper, is_polled
from kurun_workflows.k2 import K2WatchWorkflow, watch_workflow_id
from tests.integration.k2_bridge import found
from tests.waiting import until


class Hasty(SystemClock):
    """Real time, but every wait is a thousandth as long; they are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = 0

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait shortly."""
        self.waits += 1
        return await super().wait(event, seconds / 1000)


@asynccontextmanager
async def keeping(client: Client, account: str, queue: str, *, polls: bool = True) -> AsyncIterator[Hasty]:
    """A keeper at work, beside a worker that cannot watch, though it polls if it is to."""
    clock = Hasty()
    worker = Worker(client, task_queue=queue, workflows=[K2WatchWorkflow])
    async with worker if polls else nullcontext():
        keeper = asyncio.create_task(WatchKeeper(K2Settings(account=account), clock=clock).run(worker))
        try:
            yield clock
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])


async def polled(client: Client, queue: str) -> None:
    """Wait until the engine knows that somebody polls a queue."""

    async def look() -> bool | None:
        return await is_polled(client, queue) or None

    await found(look)


async def running(client: Client, account: str) -> str:
    """The run of an account's watcher, once one is running."""

    async def look() -> str | None:
        try:
            found_run = await client.get_workflow_handle(watch_workflow_id(account)).describe()
        except RPCError:
            return None
        return found_run.run_id if found_run.status is WorkflowExecutionStatus.RUNNING else None

    return await found(look)


async def test_one_watcher_runs_for_an_account(temporal_server: TemporalServer) -> None:
    """Two workers keep the same one running; it is on the queue of the first, and comes back when terminated.

    The second says once that the watcher is not on its own queue, and which one it is on.
    """
    client = await Client.connect(temporal_server.address, data_converter=kuflow_data_converter)
    account, theirs, ours = f"account-{uuid4()}", f"first-{uuid4()}", f"second-{uuid4()}"
    handle = client.get_workflow_handle(watch_workflow_id(account))
    with capture_logs() as logs:
        async with keeping(client, account, theirs):
            first = await running(client, account)
            await polled(client, theirs)
            async with keeping(client, account, ours) as clock:
                await until(lambda: clock.waits >= 3)
                still = await running(client, account)
                queue = (await handle.describe()).task_queue
                await handle.terminate()
                second = await running(client, account)

    [warning] = [line["event"] for line in logs if line["log_level"] == "warning"]
    assert (still, queue) == (first, theirs)
    assert second != first
    assert all(each in warning for each in (watch_workflow_id(account), theirs, ours))
    await handle.terminate()


async def test_a_watcher_that_nobody_serves_is_taken_over(temporal_server: TemporalServer) -> None:
    """Its workers are gone for good, and a worker of the account is on another queue: the watcher moves there."""
    client = await Client.connect(temporal_server.address, data_converter=kuflow_data_converter)
    account, ours = f"account-{uuid4()}", f"queue-{uuid4()}"
    deserted = await client.start_workflow(
        K2WatchWorkflow.run,
        WatchRequest(account=account),
        id=watch_workflow_id(account),
        task_queue=f"deserted-{uuid4()}",
    )
    handle = client.get_workflow_handle(deserted.id)

    async def moved() -> bool | None:
        return (await handle.describe()).task_queue == ours or None

    async with keeping(client, account, ours):
        await found(moved)

    assert (await client.get_workflow_handle(deserted.id, run_id=deserted.result_run_id).describe()).status is (
        WorkflowExecutionStatus.TERMINATED
    )
    await handle.terminate()


async def test_an_engine_that_refuses_is_asked_again_and_named_once(temporal_server: TemporalServer) -> None:
    """A watcher that cannot be started is one warning, however often it is tried, and no end of the worker."""
    client = await Client.connect(temporal_server.address, namespace="nowhere", data_converter=kuflow_data_converter)
    with capture_logs() as logs:
        async with keeping(client, "k2", "queue", polls=False) as clock:
            await until(lambda: clock.waits >= 3)

    assert [line["log_level"] for line in logs] == ["warning"]
