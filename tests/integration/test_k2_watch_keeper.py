"""The duty that keeps a K2 account's watcher running."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from structlog.testing import capture_logs
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError
from temporalio.worker import Worker

from kurun_config import K2Settings
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_worker.clock import SystemClock
from kurun_worker.converter import kuflow_data_converter
from kurun_worker.k2_watch import WatchKeeper
from kurun_workflows.k2 import K2WatchWorkflow, watch_workflow_id
from tests.integration.conftest import until
from tests.integration.k2_bridge import found


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
async def keeping(client: Client, account: str, queue: str) -> AsyncIterator[Hasty]:
    """A keeper at work, beside a worker that does not poll."""
    clock = Hasty()
    worker = Worker(client, task_queue=queue, workflows=[K2WatchWorkflow])
    keeper = asyncio.create_task(WatchKeeper(K2Settings(account=account), clock=clock).run(worker))
    try:
        yield clock
    finally:
        keeper.cancel()
        await asyncio.wait([keeper])


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
    """Two workers keep the same one running; it is on the queue of the first, and comes back when terminated."""
    client = await Client.connect(temporal_server.address, data_converter=kuflow_data_converter)
    account = f"account-{uuid4()}"
    handle = client.get_workflow_handle(watch_workflow_id(account))
    async with keeping(client, account, "first"):
        first = await running(client, account)
        async with keeping(client, account, "second"):
            still = await running(client, account)
            queue = (await handle.describe()).task_queue
            await handle.terminate()
            second = await running(client, account)

    assert (still, queue) == (first, "first")
    assert second != first
    await handle.terminate()


async def test_an_engine_that_refuses_is_asked_again_and_named_once(temporal_server: TemporalServer) -> None:
    """A watcher that cannot be started is one warning, however often it is tried, and no end of the worker."""
    client = await Client.connect(temporal_server.address, namespace="nowhere", data_converter=kuflow_data_converter)
    with capture_logs() as logs:
        async with keeping(client, "k2", "queue") as clock:
            await until(lambda: clock.waits >= 3)

    assert [line["log_level"] for line in logs] == ["warning"]
