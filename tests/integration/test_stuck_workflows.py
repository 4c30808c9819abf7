"""A workflow whose tasks fail: what the twin and the worker's log say of it, and how its process is ended."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from temporalio.client import Client, WorkflowExecutionStatus

from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import Process, ProcessCreateParams, ProcessState
from kurun_config import LogFormat, LogSettings
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_twin.options import TwinOptions
from kurun_twin.twin_server import Listeners, TwinServer
from kurun_worker import logs
from kurun_worker.redaction import Redactor
from tests.integration.conftest import Connect, process_definition, write_definitions
from tests.integration.worker_host import direct_client, running_daemon, settings_for
from tests.waiting import until

STUCK, MENDED = "tests.integration.stuck_served", "tests.integration.mended_served"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log of the worker, as ``kurun run`` writes it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(LogSettings(format=LogFormat.JSON), Redactor(), stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


class Stage:
    """A twin with one definition, and what it says of workflows that fail."""

    def __init__(self, twin: TwinServer, kuflow: KuFlowClient, engine: Client, said: list[str], queue: str) -> None:
        self.twin, self.kuflow, self.engine, self.said, self._queue = twin, kuflow, engine, said, queue

    def worker(self, modules: str) -> Any:
        """A daemon that serves these."""
        return running_daemon(settings_for(self.twin, task_queue=self._queue, modules=modules))

    async def process(self) -> Process:
        """A new one."""
        definition = UUID(self.twin.info["process_definitions"][0]["id"])
        return await self.kuflow.processes.create(ProcessCreateParams(process_definition_id=definition))

    async def attempts(self, process: Process) -> int:
        """How often its present task was tried."""
        described = await self.engine.get_workflow_handle(str(process.id)).describe()
        return described.raw_description.pending_workflow_task.attempt

    async def status(self, process: Process) -> WorkflowExecutionStatus | None:
        """That of its workflow."""
        return (await self.engine.get_workflow_handle(str(process.id)).describe()).status

    async def reaches(self, process: Process, state: ProcessState) -> None:
        """Wait until it is in this state."""

        async def reached() -> bool:
            return (await self.kuflow.processes.retrieve(process.id)).state is state

        await until(reached)

    @property
    def stuck(self) -> dict[str, str]:
        """What the figures say."""
        shown: dict[str, str] = self.twin.platform.figures.snapshot()["engine"]["stuck"]
        return shown


@asynccontextmanager
async def stage(
    temporal: TemporalServer, connect: Connect, task_queue: str, folder: Path, **definition: Any
) -> AsyncIterator[Stage]:
    """Set it up."""
    file = write_definitions(folder / "definitions.yaml", {**process_definition(task_queue), **definition})
    options = TwinOptions(data_dir=folder / "data", definitions=file, temporal_address=temporal.address)
    said: list[str] = []
    async with TwinServer(options, listeners=Listeners(failure=said.append)) as twin, connect(twin) as kuflow:
        yield Stage(twin, kuflow, await direct_client(twin), said, task_queue)


async def test_a_process_that_cannot_go_on_is_told_once_and_when_it_goes_on(
    temporal_server: TemporalServer, connect: Connect, task_queue: str, tmp_path: Path, log: io.StringIO
) -> None:
    """However many attempts: one line of the twin, one traceback in the worker's log; and that it goes on."""
    async with stage(temporal_server, connect, task_queue, tmp_path) as play:
        async with play.worker(STUCK):
            process = await play.process()
            await until(lambda: play.said)
            await until(lambda: _at_least(play, process, 3))
            shown = play.stuck
        logged = [json.loads(line) for line in log.getvalue().splitlines()]
        async with play.worker(MENDED):
            await play.reaches(process, ProcessState.COMPLETED)
            await until(lambda: len(play.said) > 1)
        left = play.stuck

    whose = f"workflow TestWorkflow of process TEST {process.id}"
    reason = 'KeyError: "the customer\'s secret"'
    assert play.said == [
        f"{whose} cannot go on until it is mended: {reason} (see its workflow in Temporal)",
        f"{whose} goes on again",
    ]
    assert (shown, left) == ({str(process.id): reason}, {})
    [failed] = [line for line in logged if line["level"] in {"warning", "error"} and "workflow" in line["event"]]
    assert failed["workflow_id"] == str(process.id)
    assert "stuck_served.py" in failed["exception"]


async def _at_least(play: Stage, process: Process, attempts: int) -> bool:
    return await play.attempts(process) >= attempts


async def test_what_a_confidential_process_says_stays_secret(
    temporal_server: TemporalServer, connect: Connect, task_queue: str, tmp_path: Path
) -> None:
    """The type of its error is told and no word of the message; terminating its workflow ends it."""
    definition = {"confidential": True, "kmsKeyId": "loans"}
    async with stage(temporal_server, connect, task_queue, tmp_path, **definition) as play, play.worker(STUCK):
        process = await play.process()
        await until(lambda: play.stuck)
        shown = play.stuck
        await until(lambda: play.said)
        await play.engine.get_workflow_handle(str(process.id)).terminate()
        await play.reaches(process, ProcessState.CANCELLED)
        left = play.stuck

    [told] = play.said
    assert "cannot go on until it is mended: KeyError: its message is encrypted" in told
    assert shown == {str(process.id): "KeyError: its message is encrypted"}
    assert "customer" not in told
    assert left == {}


async def test_a_process_that_is_cancelled_leaves_its_workflow_stuck_until_that_is_terminated(
    temporal_server: TemporalServer, connect: Connect, task_queue: str, tmp_path: Path
) -> None:
    """As docs/operations.md says: the engine asks the workflow to end, and it cannot."""
    async with stage(temporal_server, connect, task_queue, tmp_path) as play, play.worker(STUCK):
        process = await play.process()
        await until(lambda: play.said)
        await play.kuflow.processes.cancel(process.id)
        handle = play.engine.get_workflow_handle(str(process.id))

        async def asked() -> bool:
            described = await handle.describe()
            return described.raw_description.workflow_extended_info.cancel_requested

        await until(asked)
        before = await play.status(process)
        await handle.terminate()
        after = await play.status(process)
        await play.kuflow.processes.delete(process.id)
        await until(lambda: not play.stuck)

    assert (before, after) == (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.TERMINATED)
