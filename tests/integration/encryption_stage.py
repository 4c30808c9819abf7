"""Clients and workers that encrypt, and the play of the workflow that uses everything."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.converter import DataConverter
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Worker
from temporalio.worker import Interceptor as WorkerInterceptor

from kurun_twin.engine.temporal_server import TemporalServer
from kurun_worker.converter import kuflow_data_converter
from kurun_worker.encryption import EncryptionInterceptor, Keyring, confidential, with_encryption
from kurun_worker.sandbox import workflow_runner
from tests.integration.encryption_workflows import ACTIVITIES, GATE, WORKFLOWS, EverythingWorkflow
from tests.integration.raw_history import heartbeat_of
from tests.kms_keys import keyring
from tests.second_cipher import KEY, KEY_ID

SECRET = "hunter2-hunter2"
KEYS = {KEY_ID: KEY}
HEADERS = {
    "x-kuflow-encoding": "binary/encrypted?vendor=KuFlow",
    "x-kuflow-encoding-encrypted-key-id": KEY_ID,
}
Handle = WorkflowHandle[Any, Any]


def encrypting(keys: Keyring | None = None, *, failure_messages: bool = True) -> DataConverter:
    """KuFlow's converter with encryption."""
    return with_encryption(kuflow_data_converter, keys or keyring(KEYS), failure_messages=failure_messages)


class Detached(ClientInterceptor, WorkerInterceptor):
    """An interceptor of the caller's around ours, which runs activities in a task of their own."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """What is set inside of the task is lost outside."""

        class Inbound(ActivityInboundInterceptor):
            async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
                return await asyncio.create_task(super().execute_activity(input))

        return Inbound(next)


async def connected(server: TemporalServer, converter: DataConverter | None = None) -> Client:
    """A client with encryption."""
    return await Client.connect(
        server.address,
        data_converter=converter or encrypting(),
        interceptors=[Detached(), EncryptionInterceptor()],
    )


@asynccontextmanager
async def working(client: Client, queue: str) -> AsyncIterator[None]:
    """A worker in the sandbox."""
    with ThreadPoolExecutor(2) as threads:
        async with Worker(
            client,
            task_queue=queue,
            workflows=WORKFLOWS,
            activities=ACTIVITIES,
            activity_executor=threads,
            workflow_runner=workflow_runner(None, sandbox=True),
        ):
            yield


async def play(client: Client, queue: str, *, key_id: str | None, end: str = "stage") -> Handle:
    """Run the workflow that uses everything; the calls to it are as confidential as itself."""
    GATE.open.clear()
    with confidential(key_id):
        handle: Handle = await client.start_workflow(
            EverythingWorkflow.run,
            args=[SECRET, False],
            id=f"everything-{uuid4()}",
            task_queue=queue,
            memo={"start": f"{SECRET} memo"},
            static_summary=f"{SECRET} title",
        )
        await heartbeat_of(client, handle.id)
        GATE.open.set()
        async with asyncio.timeout(20):
            while (await handle.describe()).run_id == handle.first_execution_run_id:
                await asyncio.sleep(0.05)
        handle = client.get_workflow_handle(handle.id)
        assert await handle.execute_update(EverythingWorkflow.change, f"{SECRET} {end}") == (
            f"{SECRET} {end} was accepted"
        )
        stage = await handle.query(EverythingWorkflow.stage, f"{SECRET} asks")
        assert (stage["who"], stage["stage"]) == (f"{SECRET} asks", f"{SECRET} {end}")
        await handle.signal(EverythingWorkflow.over, f"{SECRET} over")
    return handle
