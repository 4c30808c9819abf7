"""Histories as files, and what workflows ask for in a replay."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent, WorkflowExecutionStartedEventAttributes
from temporalio.client import WorkflowHistory
from temporalio.converter import PayloadCodec

from kurun_config import ConfigurationError
from kurun_worker.converter import kuflow_data_converter
from kurun_worker.replaying import Recorded, Rehearsal, Verdict, Wanted, read_files, save
from kurun_workflows import KuFlowProcess, ProcessItemTimeout, WorkflowRequest


def history(workflow_id: str) -> Recorded:
    """A workflow that has only begun."""
    started = WorkflowExecutionStartedEventAttributes(workflow_id=workflow_id, original_execution_run_id="run")
    started.workflow_type.name = "Order"
    event = HistoryEvent(event_id=1, event_type=1, workflow_execution_started_event_attributes=started)  # type: ignore[arg-type]
    return Recorded(WorkflowHistory(workflow_id, [event]), "Order", workflow_id)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "cannot be read as a history"),
        ("[]", "cannot be read as a history"),
        ('{"events": []}', "is no history: its first event is not the start"),
        ('{"events": [{"eventId": "1", "timerStartedEventAttributes": {}}]}', "is no history"),
        ("\udcff", "cannot be read as a history"),
    ],
)
async def test_a_file_that_is_no_history_is_named(tmp_path: Path, content: str, reason: str) -> None:
    """And why it is none."""
    (tmp_path / "bad.json").write_bytes(content.encode(errors="surrogateescape"))

    with pytest.raises(ConfigurationError, match=rf"bad\.json: {reason}"):
        await anext(read_files([tmp_path]))


@pytest.mark.parametrize(("name", "reason"), [("nowhere", "is not there"), ("", r"has no \*\.json")])
async def test_a_place_without_histories_is_named(tmp_path: Path, name: str, reason: str) -> None:
    """A folder without any is no success."""
    with pytest.raises(ConfigurationError, match=reason):
        await anext(read_files([tmp_path / name]))


@pytest.mark.parametrize("workflow_id", ["orders/1", "../../etc/passwd", "Ü b:\n", "x" * 1000])
async def test_any_workflow_id_is_kept_and_read_again(tmp_path: Path, workflow_id: str) -> None:
    """As one file in the folder, whatever the id is made of."""
    file = save(history(workflow_id), tmp_path / "kept")
    read = [each async for each in read_files([tmp_path / "kept"])]

    assert file.parent == tmp_path / "kept"
    assert [(each.history.workflow_id, each.workflow_type) for each in read] == [(workflow_id, "Order")]


def test_the_queue_is_quoted_in_the_query() -> None:
    """A name with a quote is no part of the query's language; without closed ones there is one search."""
    searches = Wanted("o'brien", closed=0).searches()

    assert searches == [(r"TaskQueue = 'o\'brien' AND ExecutionStatus = 'Running'", 1000)]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """And why."""
    (tmp_path / "file").touch()

    with pytest.raises(ConfigurationError, match=r"--save: cannot write into .*/file/kept: Not a directory"):
        save(history("orders/1"), tmp_path / "file" / "kept")


PATIENT = Path(__file__).parents[1] / "histories" / "patient.json"


@workflow.defn(name="PatientWorkflow", sandboxed=False)
class MessageFirst:
    """Of another version: a message was put before the task that processes wait for."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> None:
        """Say something, then ask."""
        process = KuFlowProcess(request)
        await process.message("hi")
        await process.task("FORM")


@workflow.defn(name="PatientWorkflow", sandboxed=False)
class OtherWords:
    """Of another version: the reminder has another text, and the task another code where it is told so."""

    code = "FORM"

    @workflow.run
    async def run(self, request: WorkflowRequest) -> None:
        """Ask, remind, and take the answer."""
        process = KuFlowProcess(request)
        item = await process.create_task(self.code)
        try:
            await process.wait_for(item, within=timedelta(milliseconds=200))
        except ProcessItemTimeout:
            await process.message("s3cret text")
        await process.wait_for(item)


@workflow.defn(name="PatientWorkflow", sandboxed=False)
class OtherCode(OtherWords):
    """Of another version: the task is of another kind."""

    code = "OTHER"

    @workflow.run
    async def run(self, request: WorkflowRequest) -> None:
        """As before."""
        await super().run(request)


async def verdict(workflow_class: type, recorded: Recorded | None = None, **options: Any) -> Verdict:
    """Of the recorded history, held to this workflow."""

    async def histories() -> AsyncIterator[Recorded]:
        if recorded is not None:
            yield recorded
            return
        async for each in read_files([PATIENT]):
            yield each

    options.setdefault("data_converter", kuflow_data_converter)
    (found,) = [each async for each in Rehearsal([workflow_class], **options).replay(histories())]
    return found


async def waiting() -> Recorded:
    """The recorded history, up to where the process begins to wait for its task."""
    (recorded,) = [each async for each in read_files([PATIENT])]
    events = recorded.history.events
    ends = [number for number, each in enumerate(events) if each.HasField("workflow_task_completed_event_attributes")]
    return replace(recorded, history=WorkflowHistory(recorded.history.workflow_id, events[: ends[1] + 1]))


@pytest.mark.parametrize(
    ("workflow_class", "reason"),
    [
        (MessageFirst, 'type was "TASK", now "MESSAGE"'),
        (OtherCode, 'processItemDefinitionCode was "FORM", now "OTHER"'),
    ],
)
async def test_another_request_at_the_same_place_is_a_break(workflow_class: type, reason: str) -> None:
    """All items are made by one activity, so Temporal alone takes one for the other while a process waits."""
    found = await verdict(workflow_class, await waiting())

    assert found.broken == f"activity 1 KuFlow_Engine_createProcessItem is another request: {reason}"


async def test_another_text_is_told_without_its_words() -> None:
    """It breaks nothing; the line says which activity and where."""
    found = await verdict(OtherWords)

    assert (found.broken, found.changed) == (None, ("activity 4 KuFlow_Engine_createProcessItem: message.text",))


class Reversing(PayloadCodec):
    """Writes what is in a payload backwards."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """See base class."""
        return [Payload(metadata={"encoding": b"reversed"}, data=each.data[::-1]) for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """See base class; what is in clear text stays."""
        plain = {"encoding": b"json/plain"}
        return [
            Payload(metadata=plain, data=each.data[::-1]) if each.metadata["encoding"] == b"reversed" else each
            for each in payloads
        ]


async def test_inputs_are_compared_as_the_codec_reads_them() -> None:
    """In an encrypted history too the difference is found, and no other."""
    (recorded,) = [each async for each in read_files([PATIENT])]
    for event in recorded.history.events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            payloads = event.activity_task_scheduled_event_attributes.input.payloads
            payloads[0].CopyFrom((await Reversing().encode(payloads))[0])
    converter = replace(kuflow_data_converter, payload_codec=Reversing())
    found = await verdict(OtherWords, recorded, data_converter=converter)

    assert found.changed == ("activity 4 KuFlow_Engine_createProcessItem: message.text",)


async def test_what_other_sdks_write_is_the_same_request() -> None:
    """Absent values as null, another order, and the field's former name."""
    (recorded,) = [each async for each in read_files([PATIENT])]
    (first, *_) = [e for e in recorded.history.events if e.HasField("activity_task_scheduled_event_attributes")]
    payload = first.activity_task_scheduled_event_attributes.input.payloads[0]
    request = json.loads(payload.data)
    request["taskDefinitionCode"] = request.pop("processItemDefinitionCode")
    payload.data = json.dumps({"ownerId": None, **dict(reversed(request.items()))}).encode()
    found = await verdict(OtherWords, recorded)

    assert (found.broken, len(found.changed)) == (None, 1)
