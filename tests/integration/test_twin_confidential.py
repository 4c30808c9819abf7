"""Confidential processes and actions on the twin: what stands in the engine's histories, and who reads what."""

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.converter import PayloadConverter
from temporalio.service import RPCError
from temporalio.worker import Worker

from kurun_clients.kuflow import BytesContent, KuFlowClient
from kurun_clients.kuflow.models import (
    BusinessArtifactActionCreateParams,
    BusinessArtifactCreateParams,
    JsonValue,
    Process,
    ProcessActionCreateParams,
    ProcessActionCreateParamsSendWorkflowSignal,
    ProcessCreateParams,
    ProcessItem,
    ProcessItemCreateParams,
    ProcessItemType,
    ProcessState,
)
from kurun_twin.dev import Listeners, TwinServer
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_twin.options import TwinOptions
from tests import second_cipher
from tests.integration.conftest import Connect, definitions, process_definition
from tests.integration.raw_history import events_of, headers_in, payloads_in
from tests.integration.worker_host import direct_client, running_daemon, settings_for
from tests.second_cipher import KEY, KEY_ID, unseal
from tests.waiting import until

SECRET = "hunter2-hunter2"
ITS_KEY = {"id": KEY_ID, "value": base64.b64encode(KEY).decode()}
ITS_HEADERS = {
    "x-kuflow-encoding": "binary/encrypted?vendor=KuFlow",
    "x-kuflow-encoding-encrypted-key-id": KEY_ID,
}
CONFIDENTIAL = {"confidential": True, "kmsKeyId": KEY_ID}
Json = dict[str, Any]


@pytest.fixture
def options(temporal_server: TemporalServer, tmp_path: Path) -> TwinOptions:
    """Options of a twin with a definitions file, which :func:`define` writes."""
    return TwinOptions(
        data_dir=tmp_path / "data",
        definitions=tmp_path / "definitions.yaml",
        temporal_address=temporal_server.address,
    )


def define(options: TwinOptions, *processes: Json, keys: Iterable[Json] = (ITS_KEY,), **others: Any) -> None:
    """Write the definitions file."""
    assert options.definitions is not None
    options.definitions.write_text(json.dumps(definitions(*processes) | {"kmsKeys": [*keys]} | others))


async def begin(kuflow: KuFlowClient, twin: TwinServer, code: str = "TEST") -> Process:
    """Start a process with metadata."""
    definition = next(each for each in twin.info["process_definitions"] if each["code"] == code)
    metadata = JsonValue(value={"who": f"{SECRET} metadata"})
    return await kuflow.processes.create(ProcessCreateParams(process_definition_id=definition["id"], metadata=metadata))


async def fill_in(ada: KuFlowClient, item: ProcessItem) -> None:
    """Complete a task as a person."""
    await ada.process_items.claim(item.id)
    await ada.process_items.update_data(item.id, JsonValue(value={"amount": 1, "note": f"{SECRET} form"}))
    await ada.process_items.complete(item.id)


async def open_items(kuflow: KuFlowClient, process: Process) -> list[ProcessItem]:
    """The tasks of a process."""
    page = await kuflow.process_items.find(process_id=[process.id], type=[ProcessItemType.TASK])
    return [await kuflow.process_items.retrieve(each.id) for each in page.content]


def with_attributes(events: Iterable[HistoryEvent], kind: str) -> list[HistoryEvent]:
    """The events of a kind, oldest first."""
    return [each for each in events if each.WhichOneof("attributes") == f"{kind}_event_attributes"]


async def test_a_confidential_process_from_start_to_end(
    options: TwinOptions, connect: Connect, task_queue: str
) -> None:
    """Start, item signal, user action and the worker's own words are encrypted; headers say so; the process completes.

    Everything is read by a second implementation.
    """
    hurry = {
        "code": "HURRY",
        "type": "SEND_WORKFLOW_SIGNAL",
        "signalName": "hurry",
        "input": {"type": "object"},
    }
    process_type = process_definition(task_queue, workflow_type="SecretWorkflow")
    define(options, process_type | CONFIDENTIAL | {"processActionDefinitions": [hurry]})
    async with (
        TwinServer(options) as twin,
        running_daemon(settings_for(twin, task_queue=task_queue, modules="tests.integration.confidential_served")),
        connect(twin) as kuflow,
        connect(twin, user=0) as ada,
    ):
        process = await begin(kuflow, twin)
        await until(lambda: open_items(kuflow, process))
        await fill_in(ada, (await open_items(kuflow, process))[0])
        await ada.processes.create_action(
            process.id,
            ProcessActionCreateParams(
                process_action_definition_code="HURRY",
                send_workflow_signal=ProcessActionCreateParamsSendWorkflowSignal(input={"how": f"{SECRET} signal"}),
            ),
        )

        async def completed() -> bool:
            return (await kuflow.processes.retrieve(process.id)).state is ProcessState.COMPLETED

        await until(completed)
        events = await events_of(await direct_client(twin), str(process.id))
        figures = twin.platform.figures.snapshot()
        messages = await kuflow.process_items.find(process_id=[process.id], type=[ProcessItemType.MESSAGE])
        (message,) = [await kuflow.process_items.retrieve(each.id) for each in messages.content]

    assert message.message is not None
    assert all(f"{SECRET} {each}" in str(message.message.text) for each in ("metadata", "form"))
    assert SECRET.encode() not in b"".join(each.SerializeToString() for each in events)
    written = [unseal(each) for event in events for each in payloads_in(event)]
    assert sum(SECRET.encode() in each.data for each in written) >= 4
    (started,) = with_attributes(events, "workflow_execution_started")
    item, action = with_attributes(events, "workflow_execution_signaled")
    assert [told(each)["processId"] for each in (started,)] == [str(process.id)]
    assert told(item)["payload"]["processItemDefinitionCode"] == "FORM"
    assert told(action)["input"] == {"how": f"{SECRET} signal"}
    read = PayloadConverter.default.from_payload
    for each in (started, item, action):
        (header,) = headers_in(each)
        assert {name: read(value) for name, value in header.fields.items()} == ITS_HEADERS
    (ended,) = with_attributes(events, "workflow_execution_completed")
    assert f"{SECRET} form" in str(told(ended)["message"])
    assert figures["encryption"] == {"failures": {}}


def told(event: HistoryEvent) -> Json:
    """The one value that an event carries, read by the second cipher."""
    (payload,) = payloads_in(event)
    value: Json = json.loads(unseal(payload).data)
    return value


class Answer:
    """What the foreign worker answers."""

    key, key_id, uri = KEY, KEY_ID, ""


@workflow.defn(name="ForeignReport", sandboxed=False)
class ForeignReport:
    """Reads and answers with the second cipher, on a worker that knows nothing of encryption."""

    @workflow.run
    async def run(self, request: RawValue) -> RawValue:
        """Name the document."""
        assert json.loads(unseal(request.payload).data)["businessArtifactActionDefinitionCode"] == "REPORT"
        answer = {"message": SECRET, "downloadable": {"documentUri": Answer.uri}}
        payload = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(answer).encode())
        return RawValue(second_cipher.seal(payload, key=Answer.key, key_id=Answer.key_id))


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ((KEY_ID, KEY), None),
        (("another", KEY), "no encryption key 'another': there is no such key"),
        ((KEY_ID, bytes(32)), f"a payload encrypted with the key '{KEY_ID}' cannot be read: InvalidTag"),
    ],
    ids=["readable", "unknown key", "another key than it says"],
)
async def test_the_document_of_a_confidential_action(
    key: tuple[str, bytes], reason: str | None, options: TwinOptions, connect: Connect, task_queue: str
) -> None:
    """An encrypted answer names it; one that cannot be read ends the action, and the twin says why."""
    target = {"workflowType": "ForeignReport", "taskQueue": task_queue}
    action = {"code": "REPORT", "type": "DOWNLOADABLE", **target, **CONFIDENTIAL}
    artifacts = [{"code": "CUSTOMER", "businessArtifactActionDefinitions": [action]}]
    define(options, businessArtifactDefinitions=artifacts)
    said: list[str] = []
    async with TwinServer(options, listeners=Listeners(failure=said.append)) as twin, connect(twin) as kuflow:
        engine = await direct_client(twin)
        artifact = await kuflow.business_artifacts.create(
            BusinessArtifactCreateParams(
                business_artifact_definition_code="CUSTOMER", tenant_id=UUID(twin.info["kuflow"]["tenant_id"])
            )
        )
        document = await kuflow.business_artifacts.upload_document(
            artifact.id, BytesContent(b"bytes"), file_name="a.pdf", content_type="application/pdf"
        )
        (Answer.key_id, Answer.key), Answer.uri = key, document.document_uri
        async with Worker(engine, task_queue=task_queue, workflows=[ForeignReport]):
            requested = await kuflow.business_artifacts.create_action(
                artifact.id, BusinessArtifactActionCreateParams(business_artifact_action_definition_code="REPORT")
            )

            async def over() -> bool:
                done = await kuflow.business_artifacts.retrieve_action(artifact.id, requested.id)
                return done.status != "REQUESTED"

            await until(over)
        done = await kuflow.business_artifacts.retrieve_action(artifact.id, requested.id)
        failures = twin.platform.figures.snapshot()["encryption"]["failures"]

    assert done.status == ("COMPLETED" if reason is None else "ERROR")
    assert failures == ({} if reason is None else {reason: 1})
    expected = [] if reason is None else [f"the answer of workflow {requested.id} cannot be read: {reason}"]
    assert said == expected


async def test_a_process_whose_key_is_gone_waits_for_it(
    options: TwinOptions, connect: Connect, task_queue: str
) -> None:
    """Its signals wait, in their order; others go on; the twin says why; with the key the signals are sent."""
    open_process = process_definition(task_queue, code="OPEN")
    define(options, process_definition(task_queue) | CONFIDENTIAL, open_process)
    async with TwinServer(options) as twin, connect(twin) as kuflow:
        process = await begin(kuflow, twin)
        engine = await direct_client(twin)
        await until(lambda: signals(engine, process, at_least=0))

    said: list[str] = []
    define(options, process_definition(task_queue), open_process, keys=[{"id": "another"}])
    async with TwinServer(options, listeners=Listeners(failure=said.append)) as twin, connect(twin, user=0) as ada:
        await note(ada, process)
        await until(lambda: said)
        await note(ada, process)
        other = await begin(ada, twin, "OPEN")
        await note(ada, other)
        await until(lambda: signals(engine, other, at_least=1))
        failures = twin.platform.figures.snapshot()["encryption"]["failures"]
        held = await signals(engine, process, at_least=0)

    assert held is not None
    assert with_attributes(held, "workflow_execution_signaled") == []
    reason = f"no encryption key '{KEY_ID}': there is no such key"
    assert failures == {reason: 1}
    waits = f"signal_workflow {process.id} waits, and so does all that needs the same key: {reason}"
    assert said == [waits]

    define(options, process_definition(task_queue), open_process)
    async with TwinServer(options) as twin:
        await until(lambda: signals(engine, process, at_least=2))
        sent = await signals(engine, process, at_least=2)
        await engine.get_workflow_handle(str(process.id)).terminate()
        await engine.get_workflow_handle(str(other.id)).terminate()

    assert [told(each)["type"] for each in with_attributes(sent or [], "workflow_execution_signaled")] == [
        "MESSAGE",
        "MESSAGE",
    ]


async def note(ada: KuFlowClient, process: Process) -> None:
    """Write a message as a person, which signals the workflow."""
    await ada.process_items.create(
        ProcessItemCreateParams.model_validate(
            {
                "process_id": process.id,
                "type": ProcessItemType.MESSAGE,
                "process_item_definition_code": "NOTE",
                "message": {"text": "Hello"},
            }
        )
    )


async def signals(engine: Client, process: Process, *, at_least: int) -> list[HistoryEvent] | None:
    """The history of a process's workflow, once it is there and has so many signals."""
    try:
        events = await events_of(engine, str(process.id))
    except RPCError:
        return None
    return events if len(with_attributes(events, "workflow_execution_signaled")) >= at_least else None
