"""Confidential workflows on a real Temporal server: what stands in their histories, and who can read it."""

from uuid import uuid4

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowFailureError
from temporalio.converter import PayloadConverter
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import Replayer

from kurun_twin.engine.temporal_server import TemporalServer
from kurun_worker.encryption import EncryptionInterceptor, confidential
from kurun_worker.sandbox import workflow_runner
from tests.integration.encryption_stage import HEADERS, KEYS, SECRET, Handle, connected, encrypting, play, working
from tests.integration.encryption_workflows import GATE, WORKFLOWS, EverythingWorkflow
from tests.integration.raw_history import events_of, headers_in, heartbeat_of, payloads_in
from tests.kms_keys import keyring
from tests.second_cipher import KEY_ID, unseal

TELLING = {
    "workflow_execution_started",
    "workflow_execution_signaled",
    "workflow_execution_update_accepted",
    "workflow_execution_continued_as_new",
    "activity_task_scheduled",
    "start_child_workflow_execution_initiated",
    "child_workflow_execution_started",
    "signal_external_workflow_execution_initiated",
}
"""Events with headers, which tell the other side that the run is confidential."""


@pytest.fixture
async def client(temporal_server: TemporalServer) -> Client:
    """A client with encryption."""
    return await connected(temporal_server)


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
    assert set(result["told"]) == {
        f"{SECRET}: Kind: {SECRET} message",
        f"{SECRET}: Failed decoding arguments",
        f"{SECRET} over",
    }
    assert memo == {"run": f"{SECRET} second"}
    events = await events_of(client, handle.id)
    assert SECRET.encode() not in b"".join(each.SerializeToString() for each in events)
    written = [unseal(each) for event in events for each in payloads_in(event)]
    assert sum(SECRET.encode() in each.data for each in written) > 30
    told = [each for each in events if str(each.WhichOneof("attributes")).removesuffix("_event_attributes") in TELLING]
    read = PayloadConverter.default.from_payload
    for each in told:
        (header,) = headers_in(each)
        assert {name: read(value) for name, value in header.fields.items()} == HEADERS
    assert {each.WhichOneof("attributes") for each in told} == {f"{name}_event_attributes" for name in TELLING}

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
    """On the same worker: no header, no mark, nothing encrypted."""
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
