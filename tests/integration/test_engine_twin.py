"""The platform and the engine together: processes start workflows, items signal them, their end ends the process."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowFailureError
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import (
    JsonValue,
    Process,
    ProcessCreateParams,
    ProcessItemCreateParams,
    ProcessItemTaskCreateParams,
    ProcessItemType,
    ProcessState,
)
from kurun_config import ConfigurationError
from kurun_twin.dev import TwinServer
from kurun_twin.engine import backing
from kurun_twin.engine.errors import EngineError
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_twin.options import TwinOptions
from tests.integration.conftest import Connect, TwinFactory, process_definition, write_definitions
from tests.waiting import until

SIGNAL = "KuFlow_Engine_Signal_Process_Item"
PATIENCE = 20.0


@workflow.defn(name="TestWorkflow", sandboxed=False)
class Waiting:
    """Ends when an item is done, unless it is told to stay, or as it is told."""

    def __init__(self) -> None:
        self.request: dict[str, Any] = {}
        self.signals: list[dict[str, Any]] = []
        self.end = ""

    @workflow.run
    async def run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Wait for the end."""
        self.request = request
        await workflow.wait_condition(lambda: self.end != "stay" and bool(self.signals or self.end))
        if self.end == "fail":
            raise ApplicationError("on purpose", "a detail", non_retryable=True)
        if self.end == "again":
            workflow.continue_as_new(request)
        return {"message": "done"}

    @workflow.signal(name=SIGNAL)
    async def item_done(self, signal: dict[str, Any]) -> None:
        """An item is done."""
        self.signals.append(signal)

    @workflow.signal
    async def finish(self, how: str) -> None:
        """End as told."""
        self.end = how

    @workflow.query
    def seen(self) -> dict[str, Any]:
        """What reached the workflow."""
        return {"request": self.request, "signals": self.signals, "run": workflow.info().run_id}


@asynccontextmanager
async def served(twin: TwinServer, task_queue: str) -> AsyncIterator[Client]:
    """A worker for the workflow, past the gateway; yields its client."""
    client = await Client.connect(twin.info["engine"]["direct_address"])
    async with Worker(client, task_queue=task_queue, workflows=[Waiting]):
        yield client


async def new_process(twin: TwinServer, kuflow: KuFlowClient, process_id: UUID | None = None) -> Process:
    """Create a process of the twin's first definition."""
    definition = twin.info["process_definitions"][0]
    return await kuflow.processes.create(
        ProcessCreateParams(id=process_id, process_definition_id=UUID(definition["id"]))
    )


async def reaches(kuflow: KuFlowClient, process_id: UUID, state: ProcessState) -> None:
    """Wait until the process is in this state."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if (await kuflow.processes.retrieve(process_id)).state is state:
                return
            await asyncio.sleep(0.05)


async def test_a_process_starts_its_workflow_and_ends_with_it(
    twin_factory: TwinFactory, connect: Connect, task_queue: str
) -> None:
    """Creating a process starts its workflow, a completed item signals it, and its end ends the process."""
    async with (
        twin_factory(process_definition(task_queue)) as twin,
        served(twin, task_queue) as client,
        connect(twin) as kuflow,
    ):
        process = await new_process(twin, kuflow)
        item = await kuflow.process_items.create(
            ProcessItemCreateParams(
                type=ProcessItemType.TASK,
                process_id=process.id,
                process_item_definition_code="FORM",
                task=ProcessItemTaskCreateParams(data=JsonValue.of({"amount": 5})),
            )
        )
        await kuflow.process_items.claim(item.id)
        await kuflow.process_items.complete(item.id)
        await reaches(kuflow, process.id, ProcessState.COMPLETED)
        seen = await client.get_workflow_handle(str(process.id)).query(Waiting.seen)

    assert seen["request"]["processId"] == str(process.id)
    assert {"requestTime", "requestTimeZone"} <= seen["request"].keys()
    assert [str(item.id)] == [signal["id"] for signal in seen["signals"]]
    assert "FORM" == seen["signals"][0]["payload"]["processItemDefinitionCode"]


class Sealed(PayloadCodec):
    """Payloads that only its own users can read."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """See base class."""
        return [Payload(metadata={"encoding": b"binary/sealed"}, data=each.SerializeToString()) for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """See base class."""
        return [Payload.FromString(each.data) for each in payloads]


async def test_a_failure_that_cannot_be_read_stops_nothing(
    twin_factory: TwinFactory, connect: Connect, task_queue: str
) -> None:
    """A workflow fails with details in somebody's own encoding: processes go on to be noticed when they end."""
    sealed = DataConverter(payload_codec=Sealed(), failure_converter_class=DefaultFailureConverterWithEncodedAttributes)
    async with (
        twin_factory(process_definition(task_queue)) as twin,
        served(twin, task_queue) as client,
        connect(twin) as kuflow,
    ):
        stranger = await Client.connect(twin.info["engine"]["direct_address"], data_converter=sealed)
        async with Worker(stranger, task_queue=f"{task_queue}-sealed", workflows=[Waiting]):
            handle = await stranger.start_workflow(Waiting.run, {}, id=str(uuid4()), task_queue=f"{task_queue}-sealed")
            await handle.signal(Waiting.finish, "fail")
            with pytest.raises(WorkflowFailureError):
                await handle.result()
        await until(lambda: twin.platform.figures.counts["workflows_failed"])
        process = await new_process(twin, kuflow)
        await (await running(client, process.id)).signal(Waiting.finish, "finish")
        await reaches(kuflow, process.id, ProcessState.COMPLETED)


async def test_a_cancelled_process_cancels_its_workflow(
    twin_factory: TwinFactory, connect: Connect, task_queue: str
) -> None:
    """The workflow of a process that is cancelled through the API is asked to stop."""
    async with (
        twin_factory(process_definition(task_queue)) as twin,
        served(twin, task_queue) as client,
        connect(twin) as kuflow,
    ):
        process = await new_process(twin, kuflow)
        await kuflow.processes.cancel(process.id)
        handle = client.get_workflow_handle(str(process.id))
        async with asyncio.timeout(PATIENCE):
            while (description := await _describe(handle)) is None or description.close_time is None:
                await asyncio.sleep(0.05)

    assert description.status is not None
    assert "CANCELED" == description.status.name


async def _describe(handle: Any) -> Any:
    try:
        return await handle.describe()
    except Exception:
        return None


@pytest.mark.parametrize(
    ("ending", "options", "state"),
    [
        ("terminate", {}, ProcessState.CANCELLED),
        ("fail", {"failed_workflow_cancels_process": True}, ProcessState.CANCELLED),
        ("finish", {}, ProcessState.COMPLETED),
    ],
)
async def test_every_end_of_a_workflow_is_noticed(
    twin_factory: TwinFactory, connect: Connect, ending: str, options: Any, state: ProcessState
) -> None:
    """However the workflow ends, its process follows."""
    task_queue = f"queue-{uuid4()}"
    async with (
        twin_factory(process_definition(task_queue), **options) as twin,
        served(twin, task_queue) as client,
        connect(twin) as kuflow,
    ):
        process = await new_process(twin, kuflow)
        handle = await running(client, process.id)
        if ending == "terminate":
            await handle.terminate()
        else:
            await handle.signal(Waiting.finish, ending)
        await reaches(kuflow, process.id, state)


async def running(client: Client, process_id: UUID) -> Any:
    """The handle of the process's workflow, once it runs."""
    handle = client.get_workflow_handle(str(process_id))
    async with asyncio.timeout(PATIENCE):
        while True:
            if await _describe(handle) is not None:
                return handle
            await asyncio.sleep(0.05)


async def test_continue_as_new_and_failure_leave_the_process_running(
    twin_factory: TwinFactory, connect: Connect, task_queue: str
) -> None:
    """A workflow that goes on in a new run has not ended; one that failed leaves its process as KuFlow leaves it."""
    async with (
        twin_factory(process_definition(task_queue)) as twin,
        served(twin, task_queue) as client,
        connect(twin) as kuflow,
    ):
        again, failed = await new_process(twin, kuflow), await new_process(twin, kuflow)
        handle = await running(client, again.id)
        first = (await handle.query(Waiting.seen))["run"]
        await handle.signal(Waiting.finish, "again")
        async with asyncio.timeout(PATIENCE):
            while (await handle.describe()).run_id == first:
                await asyncio.sleep(0.05)
        await (await running(client, failed.id)).signal(Waiting.finish, "fail")
        await until(lambda: twin.platform.figures.counts["workflows_failed"])
        states = [(await kuflow.processes.retrieve(each.id)).state for each in (again, failed)]
        await handle.signal(Waiting.finish, "finish")
        await reaches(kuflow, again.id, ProcessState.COMPLETED)

    assert [ProcessState.RUNNING, ProcessState.RUNNING] == states


async def test_state_survives_a_restart(connect: Connect, task_queue: str, tmp_path: Path) -> None:
    """Stopped and started again on the same folder, the twin knows processes, workflows, credentials and addresses."""
    file = write_definitions(tmp_path / "definitions.yaml", process_definition(task_queue))
    options = TwinOptions(data_dir=tmp_path / "data", definitions=file)
    async with TwinServer(options) as twin, connect(twin) as kuflow:
        process = await new_process(twin, kuflow)
        client = await Client.connect(twin.info["engine"]["direct_address"])
        await running(client, process.id)
        token = twin.gateway._tokens.issue().token
        before = twin.info
    async with TwinServer(options) as twin, served(twin, task_queue) as client, connect(twin) as kuflow:
        left = twin.gateway._tokens.remaining(token)
        handle = await running(client, process.id)
        await handle.signal(Waiting.finish, "finish")
        await reaches(kuflow, process.id, ProcessState.COMPLETED)
        after = twin.info

    assert after["kuflow"] == before["kuflow"]
    assert after["engine"]["address"] == before["engine"]["address"]
    assert isinstance(left, float)


async def test_what_happened_while_the_twin_was_down_is_made_up_for(
    temporal_server: TemporalServer, connect: Connect, task_queue: str, tmp_path: Path
) -> None:
    """With an engine of its own, a workflow may end while the twin is down: its process ends at the next start."""
    file = write_definitions(tmp_path / "definitions.yaml", process_definition(task_queue))
    options = TwinOptions(data_dir=tmp_path / "data", definitions=file, temporal_address=temporal_server.address)
    async with TwinServer(options) as twin, served(twin, task_queue), connect(twin) as kuflow:
        process = await new_process(twin, kuflow)
        down = twin
    async with served(down, task_queue) as client:
        handle = await running(client, process.id)
        await handle.signal(Waiting.finish, "finish")
        await handle.result()
    async with TwinServer(options) as twin, connect(twin) as kuflow:
        await reaches(kuflow, process.id, ProcessState.COMPLETED)


async def test_commands_wait_for_an_engine_that_is_away(connect: Connect, task_queue: str, tmp_path: Path) -> None:
    """A process created while the engine is down starts its workflow, once, when it is back."""
    file = write_definitions(tmp_path / "definitions.yaml", process_definition(task_queue))
    options = TwinOptions(data_dir=tmp_path / "data", definitions=file)
    async with TwinServer(options) as twin, served(twin, task_queue) as client, connect(twin) as kuflow:
        assert twin.temporal is not None
        assert twin.temporal._process is not None
        twin.temporal._process.kill()
        await twin.temporal._process.wait()
        processes = [await new_process(twin, kuflow) for _ in range(5)]
        for process in processes:
            await (await running(client, process.id)).signal(Waiting.finish, "finish")
            await reaches(kuflow, process.id, ProcessState.COMPLETED)


async def test_a_command_sent_twice_acts_once(twin_factory: TwinFactory, connect: Connect, task_queue: str) -> None:
    """A crash between sending and noting sends again: no second workflow, no second signal."""
    async with (
        twin_factory(process_definition(task_queue)) as twin,
        served(twin, task_queue) as client,
        connect(twin) as kuflow,
    ):
        process = await new_process(twin, kuflow)
        item = await kuflow.process_items.create(
            ProcessItemCreateParams(
                type=ProcessItemType.TASK, process_id=process.id, process_item_definition_code="FORM"
            )
        )
        handle = await running(client, process.id)
        await handle.signal(Waiting.finish, "stay")
        await kuflow.process_items.update_data(item.id, JsonValue.of({"amount": 1}))
        await kuflow.process_items.claim(item.id)
        await kuflow.process_items.complete(item.id)
        await all_sent(twin)
        before = await handle.query(Waiting.seen)
        await twin.platform.database.run(lambda db: db.execute("UPDATE engine_commands SET done_at = NULL"))
        twin.platform.outbox.wakeup.set()
        await all_sent(twin)
        after = await handle.query(Waiting.seen)
        await handle.terminate()

    assert [str(item.id)] == [signal["id"] for signal in before["signals"]]
    assert after == before


async def all_sent(twin: TwinServer) -> None:
    """Wait until the outbox is empty."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if not await twin.platform.outbox.pending():
                return
            await asyncio.sleep(0.02)


async def test_two_twins_do_not_share_a_folder(twin_factory: TwinFactory, tmp_path: Path) -> None:
    """The second one says in one line who holds the folder, and the first one goes on."""
    async with twin_factory(data_dir=tmp_path / "data") as first:
        with pytest.raises(ConfigurationError, match="in use by another kurun dev"):
            async with twin_factory(data_dir=tmp_path / "data"):
                pass

        assert first.info["data_dir"] == str(tmp_path / "data")


async def test_a_start_that_fails_leaves_nothing_running(tmp_path: Path) -> None:
    """When the last step of the start fails, all that was started before is ended, and the folder is free again."""
    obstacle = tmp_path / "data" / "kurun.toml"
    obstacle.mkdir(parents=True)
    twin = TwinServer(TwinOptions(data_dir=tmp_path / "data"))
    with pytest.raises(ConfigurationError, match=r"kurun\.toml: cannot be written"):
        async with twin:
            pass
    obstacle.rmdir()

    assert twin.temporal is not None
    assert twin.temporal.pid is None
    async with TwinServer(TwinOptions(data_dir=tmp_path / "data")):
        assert obstacle.is_file()


async def test_an_engine_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address at which no Temporal answers ends the start with its reason."""
    monkeypatch.setattr(backing, "_PATIENCE", 0.2)
    with pytest.raises(EngineError, match=r"not ready within 0\.2 s: UNAVAILABLE"):
        async with TwinServer(TwinOptions(data_dir=tmp_path / "data", temporal_address="127.0.0.1:1")):
            pass
