"""The ways into a confidential workflow, the plugin, and what happens when a key is missing."""

import asyncio
import zlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import Header, Payload, Payloads, WorkflowType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import StartWorkflowExecutionRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleSpec,
    WithStartWorkflowOperation,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.converter import DataConverter, PayloadCodec, PayloadConverter
from temporalio.worker import Worker

from kurun_clients.kuflow.models import KmsKey
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_worker.converter import kuflow_data_converter
from kurun_worker.encryption import EncryptionInterceptor, Keyring, confidential
from kurun_worker.plugin import KuFlowPlugin
from tests.integration.encryption_stage import HEADERS, KEYS, SECRET, connected, encrypting, working
from tests.integration.encryption_workflows import ElsewhereWorkflow, EverythingWorkflow, ShortWorkflow, echo
from tests.integration.raw_history import events_of, payloads_in, task_failure
from tests.integration.worker_host import counted, direct_client, running_twin, settings_for
from tests.kms_keys import KeysAtHand
from tests.second_cipher import KEY_ID, seal, unseal


@pytest.fixture
async def client(temporal_server: TemporalServer) -> Client:
    """A client with encryption."""
    return await connected(temporal_server)


async def test_what_another_sdk_starts_is_served(temporal_server: TemporalServer, task_queue: str) -> None:
    """Headers and payload made without any code of ours, as KuFlow or a Java worker would send them."""
    foreign = await Client.connect(temporal_server.address)
    client = await connected(temporal_server)
    request = seal(Payload(metadata={"encoding": b"json/plain"}, data=b'"from Java"'))
    fields = {name: PayloadConverter.default.to_payload(value) for name, value in HEADERS.items()}
    async with working(client, task_queue):
        workflow_id = f"java-{uuid4()}"
        await foreign.workflow_service.start_workflow_execution(
            StartWorkflowExecutionRequest(
                namespace=foreign.namespace,
                workflow_id=workflow_id,
                workflow_type=WorkflowType(name="ShortWorkflow"),
                task_queue=TaskQueue(name=task_queue),
                input=Payloads(payloads=[request]),
                header=Header(fields=fields),
                request_id=workflow_id,
            )
        )
        result = await client.get_workflow_handle(workflow_id).result()

    events = await events_of(foreign, workflow_id)
    (answer,) = events[-1].workflow_execution_completed_event_attributes.result.payloads
    assert result == "from Java"
    assert unseal(answer).data == b'"from Java"'


async def test_every_way_to_start_a_confidential_workflow(client: Client, task_queue: str) -> None:
    """Signal-with-start, update-with-start and a schedule: headers and payloads alike."""
    ids = [f"{kind}-{uuid4()}" for kind in ("signal", "update", "schedule")]
    async with working(client, task_queue):
        with confidential(KEY_ID):
            await client.start_workflow(
                EverythingWorkflow.run,
                args=[SECRET, False],
                id=ids[0],
                task_queue=task_queue,
                start_signal="told",
                start_signal_args=[SECRET],
            )
            operation = WithStartWorkflowOperation(
                EverythingWorkflow.run,
                args=[SECRET, False],
                id=ids[1],
                task_queue=task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            )
            await client.execute_update_with_start_workflow(
                EverythingWorkflow.change, SECRET, start_workflow_operation=operation
            )
            action = ScheduleActionStartWorkflow(ShortWorkflow.run, SECRET, id=ids[2], task_queue=task_queue)
            schedule = await client.create_schedule(
                f"schedule-{uuid4()}", Schedule(action=action, spec=ScheduleSpec()), trigger_immediately=True
            )
        async with asyncio.timeout(20):
            while not (recent := (await schedule.describe()).info.recent_actions):
                await asyncio.sleep(0.05)
        assert isinstance(recent[0].action, ScheduleActionExecutionStartWorkflow)
        ids[2] = recent[0].action.workflow_id
        assert await client.get_workflow_handle(ids[2]).result() == SECRET
        histories = [await events_of(client, each) for each in ids]
        await schedule.delete()
        for each in ids[:2]:
            await client.get_workflow_handle(each).terminate()

    assert action.headers is None, "the caller's own object is left alone"
    for events in histories:
        started = events[0].workflow_execution_started_event_attributes
        assert set(started.header.fields) == set(HEADERS)
        assert SECRET.encode() not in b"".join(each.SerializeToString() for each in events)
        assert all(unseal(each) for event in events for each in payloads_in(event))


async def test_an_activity_is_completed_through_a_client_in_confidence(client: Client, task_queue: str) -> None:
    """Its completer has no headers to follow, and says the key itself."""
    workflow_id = f"elsewhere-{uuid4()}"
    async with working(client, task_queue):
        with confidential(KEY_ID):
            handle = await client.start_workflow(ElsewhereWorkflow.run, SECRET, id=workflow_id, task_queue=task_queue)
            activity = client.get_async_activity_handle(workflow_id=workflow_id, run_id=None, activity_id="1")
            async with asyncio.timeout(20):
                while not (await handle.describe()).raw_description.pending_activities:
                    await asyncio.sleep(0.05)
            await activity.complete(f"{SECRET} result")
        assert await handle.result() == f"{SECRET} result"

    events = await events_of(client, workflow_id)
    assert SECRET.encode() not in b"".join(each.SerializeToString() for each in events)


async def test_a_failed_workflow_task_says_nothing_either(client: Client, task_queue: str) -> None:
    """A bug in the workflow's code is written into the history with its message."""
    workflow_id = f"bug-{uuid4()}"
    async with working(client, task_queue):
        with confidential(KEY_ID):
            handle = await client.start_workflow(ElsewhereWorkflow.run, SECRET, id=workflow_id, task_queue=task_queue)
            activity = client.get_async_activity_handle(workflow_id=workflow_id, run_id=None, activity_id="1")
            async with asyncio.timeout(20):
                while not (await handle.describe()).raw_description.pending_activities:
                    await asyncio.sleep(0.05)
            await activity.complete("break")
        failure = await task_failure(client, workflow_id)
        await handle.terminate()

    assert failure.workflow_task_failed_event_attributes.failure.message == "Encoded failure"
    assert SECRET.encode() not in failure.SerializeToString()
    assert SECRET.encode() in unseal(failure.workflow_task_failed_event_attributes.failure.encoded_attributes).data


class Late(KeysAtHand):
    """Knows the key from the second time on."""

    async def retrieve_key(self, key_id: str) -> KmsKey:
        """Refuse once."""
        known, self.keys = self.keys, self.keys if self.asked else {}
        try:
            return await super().retrieve_key(key_id)
        finally:
            self.keys = known


async def test_a_workflow_waits_for_its_key(temporal_server: TemporalServer, task_queue: str) -> None:
    """A key that KuFlow does not hand out fails the task with a clear reason; the process lives on when it is back."""
    late = Keyring(Late(KEYS), life=timedelta(hours=1), size=10)
    worker, client = await connected(temporal_server, encrypting(late)), await connected(temporal_server)
    workflow_id = f"late-{uuid4()}"
    async with working(worker, task_queue):
        with confidential(KEY_ID):
            handle = await client.start_workflow(ShortWorkflow.run, SECRET, id=workflow_id, task_queue=task_queue)
        assert await handle.result() == SECRET

    failure = (await task_failure(client, workflow_id)).workflow_task_failed_event_attributes.failure
    assert failure.message == f"encryption key '{KEY_ID}' is not available: KuFlow answered 404"


async def test_a_worker_that_cannot_encrypt_does_not_begin(temporal_server: TemporalServer, task_queue: str) -> None:
    """The interceptor without the data converter would write clear text."""
    bare = await Client.connect(
        temporal_server.address, data_converter=kuflow_data_converter, interceptors=[EncryptionInterceptor()]
    )
    workflow_id = f"bare-{uuid4()}"
    async with working(bare, task_queue):
        with confidential(KEY_ID):
            handle = await bare.start_workflow(ShortWorkflow.run, "x", id=workflow_id, task_queue=task_queue)
        failure = await task_failure(bare, workflow_id)
        await handle.terminate()

    assert "does not encrypt" in failure.workflow_task_failed_event_attributes.failure.message


class Zip(PayloadCodec):
    """A codec of the caller's that compresses."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Compress."""
        kind = {"encoding": b"binary/zlib"}
        return [Payload(metadata=kind, data=zlib.compress(each.SerializeToString())) for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decompress."""
        return [Payload.FromString(zlib.decompress(each.data)) for each in payloads]


async def test_the_plugin_brings_encryption_with_keys_of_kuflow(tmp_path: Path) -> None:
    """Through the gateway, with a codec of the caller's: one question for the key, and nothing in clear text."""
    async with running_twin(tmp_path) as twin:
        settings = settings_for(twin)
        client = await Client.connect(
            settings.engine.address, plugins=[KuFlowPlugin(settings)], data_converter=DataConverter(payload_codec=Zip())
        )
        queue = settings.worker.task_queue or ""
        with confidential(KEY_ID):
            async with Worker(client, task_queue=queue, workflows=[ShortWorkflow], activities=[echo]):
                for number in range(3):
                    handle = await client.start_workflow(ShortWorkflow.run, SECRET, id=f"p{number}", task_queue=queue)
                    assert await handle.result() == SECRET
                with confidential(None):
                    handle = await client.start_workflow(ShortWorkflow.run, SECRET, id="open", task_queue=queue)
                    assert await handle.result() == SECRET
        server = await direct_client(twin)
        events, open_events = await events_of(server, "p0"), await events_of(server, "open")
        asked = counted(twin, "kms_keys")

    assert asked == 1
    payloads = [each for event in events for each in payloads_in(event)]
    assert {each.metadata["encoding-encrypted-key-id"] for each in payloads} == {KEY_ID.encode()}
    assert {each.metadata["encoding"] for event in open_events for each in payloads_in(event)} == {b"binary/zlib"}
