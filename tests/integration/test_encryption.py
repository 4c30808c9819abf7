"""Confidential workflows on a real Temporal server: what stands in their histories, and who can read it."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.message import Message
from temporalio.api.common.v1 import Header, Payload, Payloads, SearchAttributes, WorkflowExecution, WorkflowType
from temporalio.api.history.v1 import HistoryEvent, MarkerRecordedEventAttributes
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest, StartWorkflowExecutionRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleSpec,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.converter import DataConverter, PayloadCodec, PayloadConverter
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Replayer, Worker
from temporalio.worker import Interceptor as WorkerInterceptor

from kurun_clients.kuflow.models import KmsKey
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_worker.converter import kuflow_data_converter
from kurun_worker.encryption import EncryptionInterceptor, Keyring, confidential, with_encryption
from kurun_worker.plugin import KuFlowPlugin
from kurun_worker.sandbox import workflow_runner
from tests.integration.encryption_workflows import (
    ACTIVITIES,
    GATE,
    WORKFLOWS,
    ElsewhereWorkflow,
    EverythingWorkflow,
    ShortWorkflow,
    echo,
)
from tests.integration.worker_host import counted, direct_client, running_twin, settings_for
from tests.kms_keys import KeysAtHand, keyring
from tests.second_cipher import KEY, KEY_ID, seal, unseal

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


@pytest.fixture
async def client(temporal_server: TemporalServer) -> Client:
    """A client with encryption."""
    return await connected(temporal_server)


def parts(message: Message) -> Iterator[Message]:
    """The messages directly inside a message."""
    for _, value in message.ListFields():
        several = value.values() if isinstance(value, Mapping) else value if isinstance(value, Iterable) else [value]
        yield from (each for each in several if isinstance(each, Message))


def payloads_in(message: Message) -> Iterator[Payload]:
    """Every payload of a message, apart from headers, search attributes and the SDK's own notes of local activities."""
    if isinstance(message, Payload):
        yield message
    elif isinstance(message, MarkerRecordedEventAttributes):
        yield from message.details["result"].payloads
    elif not isinstance(message, (Header, SearchAttributes)):
        for each in parts(message):
            yield from payloads_in(each)


def headers_in(message: Message) -> Iterator[Header]:
    """Every header of a message."""
    for each in parts(message):
        if isinstance(each, Header):
            yield each
        else:
            yield from headers_in(each)


async def events_of(client: Client, workflow_id: str) -> list[HistoryEvent]:
    """The events of all runs of a workflow, the last one first, and of its children, as the server keeps them."""
    events: list[HistoryEvent] = []
    run_id: str | None = None
    while True:
        run = [each async for each in client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history_events()]
        events += run
        started = run[0].workflow_execution_started_event_attributes
        for each in run:
            if each.HasField("child_workflow_execution_started_event_attributes"):
                child = each.child_workflow_execution_started_event_attributes.workflow_execution.workflow_id
                events += await events_of(client, child)
        run_id = started.continued_execution_run_id
        if not run_id:
            return events


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


async def heartbeat_of(client: Client, workflow_id: str) -> list[Payload]:
    """The details of a pending activity's heartbeat, as the server keeps them."""
    request = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
    )
    async with asyncio.timeout(20):
        while True:
            description = await client.workflow_service.describe_workflow_execution(request)
            for pending in description.pending_activities:
                if pending.heartbeat_details.payloads:
                    return list(pending.heartbeat_details.payloads)
            await asyncio.sleep(0.05)


async def test_nothing_of_a_confidential_process_stands_in_clear_text(client: Client, task_queue: str) -> None:
    """Inputs, results, signals, updates, memo, summaries, failures and their details, children and the next run.

    Everything is read by a second implementation; the headers are those of the other SDKs; the history replays with
    the key and not without.
    """
    async with working(client, task_queue):
        handle = await play(client, task_queue, key_id=KEY_ID)
        result = await handle.result()
        memo = await (await handle.describe()).memo()

    assert (result["secret"], result["memo"]) == (SECRET, f"{SECRET} second")
    assert result["told"][:2] == [f"{SECRET}: Kind: {SECRET} message", f"{SECRET}: Failed decoding arguments"]
    assert memo == {"run": f"{SECRET} second"}
    events = await events_of(client, handle.id)
    assert SECRET.encode() not in b"".join(each.SerializeToString() for each in events)
    written = [unseal(each) for event in events for each in payloads_in(event)]
    assert sum(SECRET.encode() in each.data for each in written) > 30
    read = PayloadConverter.default.from_payload
    headers = {
        each.WhichOneof("attributes"): {name: read(value) for name, value in header.fields.items()}
        for each in events
        for header in headers_in(each)
    }
    assert headers == dict.fromkeys(headers, HEADERS)
    assert {str(name).partition("_event_")[0] for name in headers} == {
        "workflow_execution_started",
        "workflow_execution_signaled",
        "workflow_execution_update_accepted",
        "workflow_execution_continued_as_new",
        "activity_task_scheduled",
        "start_child_workflow_execution_initiated",
        "child_workflow_execution_started",
        "signal_external_workflow_execution_initiated",
    }

    history = await handle.fetch_history()
    for keys, replays in ((KEYS, True), ({}, False)):
        replayer = Replayer(
            workflows=WORKFLOWS,
            data_converter=encrypting(keyring(keys)),
            interceptors=[EncryptionInterceptor()],
            workflow_runner=workflow_runner(None, sandbox=True),
        )
        replay = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        assert (replay.replay_failure is None) is replays


async def test_heartbeats_of_a_confidential_process_are_encrypted(client: Client, task_queue: str) -> None:
    """The server shows the details of the last one to everybody."""
    GATE.open.clear()
    async with working(client, task_queue):
        with confidential(KEY_ID):
            handle = await client.start_workflow(
                EverythingWorkflow.run, args=[SECRET, False], id=f"beats-{uuid4()}", task_queue=task_queue
            )
        beats = await heartbeat_of(client, handle.id)
        await handle.terminate()
        GATE.open.set()

    assert [unseal(each).data for each in beats] == [f'"{SECRET} beat"'.encode(), f'{{"at":"{SECRET}"}}'.encode()]


async def test_a_process_without_the_headers_stays_as_it_is(client: Client, task_queue: str) -> None:
    """On the same worker, even where that was started inside a confidential block of somebody's."""
    async with working(client, task_queue):
        handle = await play(client, task_queue, key_id=None)
        result = await handle.result()

    events = await events_of(client, handle.id)
    payloads = [each for event in events for each in payloads_in(event)]
    assert result["secret"] == SECRET
    assert len(payloads) > 30
    assert not any("encoding-encrypted-key-id" in each.metadata for each in payloads)
    assert not any(header.fields for event in events for header in headers_in(event))


async def test_a_confidential_process_fails_in_silence(client: Client, task_queue: str) -> None:
    """One with the key reads the whole chain of causes; retry policies and dashboards still see the types."""
    async with working(client, task_queue):
        handle = await play(client, task_queue, key_id=KEY_ID, end="fail")
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()

    error = caught.value.cause
    assert isinstance(error, ActivityError)
    assert isinstance(error.cause, ApplicationError)
    assert (error.cause.message, error.cause.details) == (f"{SECRET} message", ({"detail": SECRET},))
    events = await events_of(client, handle.id)
    end = next(each for each in events if each.HasField("workflow_execution_failed_event_attributes"))
    failed = end.workflow_execution_failed_event_attributes.failure
    assert SECRET.encode() not in b"".join(each.SerializeToString() for each in events)
    assert (failed.message, failed.cause.message) == ("Encoded failure", "Encoded failure")
    assert failed.cause.application_failure_info.type == "Kind"
    assert SECRET.encode() in unseal(failed.cause.encoded_attributes).data


async def test_temporals_web_page_can_still_ask(
    client: Client, temporal_server: TemporalServer, task_queue: str
) -> None:
    """It sends its queries without headers and decrypts nothing; the words of the workflow itself are left out."""
    page = await Client.connect(temporal_server.address)
    GATE.open.clear()
    async with working(client, task_queue):
        with confidential(KEY_ID):
            started = await client.start_workflow(
                EverythingWorkflow.run, args=[SECRET, False], id=f"page-{uuid4()}", task_queue=task_queue
            )
        await heartbeat_of(client, started.id)
        handle: Handle = page.get_workflow_handle(started.id)
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        stack = await handle.query("__stack_trace", result_type=str)
        with pytest.raises(KeyError, match="binary/encrypted"):
            await handle.query("stage", "who")
        stage = await client.get_workflow_handle(started.id).query("stage", "who")
        await started.terminate()
        GATE.open.set()

    assert {each.name for each in metadata.definition.query_definitions} >= {"stage"}
    assert metadata.current_details == ""
    assert stack.startswith("Stack for")
    assert stage["who"] == "who"


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


async def task_failure(client: Client, workflow_id: str) -> HistoryEvent:
    """The first failure of a workflow task."""
    async with asyncio.timeout(20):
        while True:
            for each in await events_of(client, workflow_id):
                if each.HasField("workflow_task_failed_event_attributes"):
                    return each
            await asyncio.sleep(0.05)


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
