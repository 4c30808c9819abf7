"""``kurun replay``: what runs on a task queue, held to the workflows of today."""

import asyncio
import json
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from kurun_twin.twin_server import TwinServer
from kurun_worker.modules import load_modules
from tests.integration.conftest import TwinFactory, process_definition
from tests.integration.worker_host import direct_client
from tests.processes import kurun
from tests.waiting import until

QUEUE = "replayed"
OLD = """
from datetime import timedelta
from temporalio import workflow

@workflow.defn
class WaitingWorkflow:
    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False, timeout=3600)
"""
CHANGED = OLD.replace(
    "await workflow.wait",
    "await workflow.execute_activity('check', start_to_close_timeout=timedelta(1))\n        await workflow.wait",
)


def write(folder: Path, name: str, text: str) -> str:
    """A module of workflows that ``kurun`` finds in the folder it is started in."""
    (folder / f"{name}.py").write_text(text)
    return name


@pytest.fixture(scope="module")
async def twin(twin_factory: TwinFactory) -> AsyncIterator[TwinServer]:
    """A twin with the task queue."""
    async with twin_factory(process_definition(QUEUE)) as twin:
        yield twin


@pytest.fixture(scope="module")
async def workflow_id(twin: TwinServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A workflow that waits, and whose worker is gone."""
    folder = tmp_path_factory.mktemp("old")
    sys.path.insert(0, str(folder))
    client = await direct_client(twin)
    definitions = load_modules([write(folder, "waiting_old", OLD)])
    async with Worker(client, task_queue=QUEUE, workflows=definitions.workflows):
        handle = await client.start_workflow("WaitingWorkflow", id="waits/1", task_queue=QUEUE)
        await until(lambda: waits(client, handle.id))
    yield handle.id
    await handle.terminate()
    sys.path.remove(str(folder))


async def waits(client: Client, workflow_id: str) -> bool:
    """Whether its first task is done, and the engine finds it among what runs."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    found = [each.id async for each in client.list_workflows(f"TaskQueue = '{QUEUE}' AND ExecutionStatus = 'Running'")]
    return workflow_id in found and any(event.HasField("timer_started_event_attributes") for event in history.events)


async def replayed(twin: TwinServer, folder: Path, module: str, *arguments: str) -> tuple[int, str]:
    """The exit code and the output of ``kurun replay``."""
    kuflow = twin.info["kuflow"]
    environment = {
        "KURUN_KUFLOW_ENDPOINT": kuflow["endpoint"],
        "KURUN_KUFLOW_CLIENT_ID": kuflow["client_id"],
        "KURUN_KUFLOW_CLIENT_SECRET": kuflow["client_secret"],
        "KURUN_ENGINE_ADDRESS": twin.info["engine"]["address"],
        "KURUN_WORKER_TASK_QUEUE": QUEUE,
    }
    return await said(folder, module, *arguments, environment=environment)


async def said(folder: Path, module: str, *arguments: str, environment: dict[str, str]) -> tuple[int, str]:
    """The exit code and the output of ``kurun replay`` with this environment."""
    log = folder / f"{module}.log"
    log.unlink(missing_ok=True)
    async with kurun("replay", "--worker-modules", module, *arguments, log=log, environment=environment) as running:
        return await running.process.wait(), running.lines()


async def test_what_runs_survives_the_same_code_and_is_kept(twin: TwinServer, workflow_id: str, tmp_path: Path) -> None:
    """Read from the engine, kept as files that only their owner reads, and replayed from these without credentials."""
    module, kept = write(tmp_path, "waiting_same", OLD), tmp_path / "kept"
    code, lines = await replayed(twin, tmp_path, module, "--save", str(kept))
    files = list(kept.iterdir())

    assert (code, lines) == (0, "WaitingWorkflow: 1 of 1 replayed, 0 broken\n")
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600]
    assert workflow_id.replace("/", "_") in files[0].name

    again = await said(tmp_path, module, str(kept), environment={})

    assert again == (0, "WaitingWorkflow: 1 of 1 replayed, 0 broken\n")


async def test_a_change_that_breaks_a_running_process_is_told(
    twin: TwinServer, workflow_id: str, tmp_path: Path
) -> None:
    """Exit code 1, and a line with the workflow and what the code does instead."""
    code, lines = await replayed(twin, tmp_path, write(tmp_path, "waiting_changed", CHANGED), "--json")
    report = json.loads(lines)

    assert code == 1
    assert report["types"] == {"WaitingWorkflow": {"replayed": 0, "broken": 1, "brokenEnded": 0, "changed": 0}}
    assert report["breaks"][0]["source"].startswith(workflow_id)
    assert report["breaks"][0]["state"] == "running"
    assert "Nondeterminism" in report["breaks"][0]["reason"]


async def ended(twin: TwinServer, queue: str, module: str) -> None:
    """Let a workflow begin on a queue of its own, and end before it has done all."""
    client = await direct_client(twin)
    definitions = load_modules([module])
    async with Worker(client, task_queue=queue, workflows=definitions.workflows):
        handle = await client.start_workflow("WaitingWorkflow", id=f"{queue}/1", task_queue=queue)
        await until(lambda: waiting(handle))
    await handle.terminate()
    await until(lambda: has_ended(client, queue))


async def waiting(handle: WorkflowHandle[Any, Any]) -> bool:
    """Whether its first task is done."""
    history = await handle.fetch_history()
    return any(event.HasField("timer_started_event_attributes") for event in history.events)


async def has_ended(client: Client, queue: str) -> bool:
    """Whether the engine finds it among what ended."""
    query = f"TaskQueue = '{queue}' AND ExecutionStatus != 'Running'"
    return bool([each async for each in client.list_workflows(query)])


async def test_a_change_that_breaks_only_what_has_ended_is_no_failure(
    twin: TwinServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told apart, with exit code 0; a file of it is a break, as somebody keeps it for that."""
    queue, kept = "replayed-ended", tmp_path / "kept"
    monkeypatch.syspath_prepend(str(tmp_path))
    await ended(twin, queue, write(tmp_path, "waiting_ended", OLD))
    module = write(tmp_path, "waiting_ended_changed", CHANGED)
    query = f"TaskQueue = '{queue}'"
    code, lines = await replayed(twin, tmp_path, module, "--query", query, "--save", str(kept))

    assert code == 0
    assert f"ended   WaitingWorkflow  {queue}/1 (run " in lines
    assert lines.endswith(
        "WaitingWorkflow: 0 of 1 replayed, 0 broken, 1 ended ones could not be: nothing of them runs\n"
    )

    code, lines = await said(tmp_path, module, str(kept), environment={})

    assert code == 1
    assert lines.endswith("WaitingWorkflow: 0 of 1 replayed, 1 broken\n")


RAISING = OLD.replace("await workflow.wait_condition(lambda: False, timeout=3600)", "raise KeyError('days')").replace(
    "WaitingWorkflow", "PatientWorkflow"
)


async def test_what_a_workflow_raises_is_told_with_its_line(tmp_path: Path) -> None:
    """In the sandbox, where the user's module is imported anew; of his secrets nothing is seen."""
    history = str(Path(__file__).parents[1] / "histories" / "patient.json")
    raising = RAISING.replace("run(self)", "run(self, request: dict)").replace("'days'", "'days', 'hunter2-hunter2'")
    module = write(tmp_path, "raising", raising)
    environment = {"KURUN_KUFLOW_CLIENT_ID": "me", "KURUN_KUFLOW_CLIENT_SECRET": "hunter2-hunter2"}
    code, lines = await said(tmp_path, module, history, environment=environment)
    number = next(number for number, each in enumerate(raising.splitlines(), 1) if "raise KeyError" in each)

    assert code == 1
    assert f"the workflow raised KeyError: ('days', '**********') ({tmp_path / 'raising.py'}:{number})" in lines


ACTIVITIES = """
from temporalio import activity

@activity.defn
def check() -> None: ...
"""


async def test_without_workflows_the_setting_is_named(tmp_path: Path) -> None:
    """One line, exit code 2: no module, and one that has activities alone."""
    history = str(Path(__file__).parents[1] / "histories" / "patient.json")
    log = tmp_path / "none.log"
    async with kurun("replay", history, log=log, environment={}) as running:
        code, lines = await running.process.wait(), running.lines()

    assert (code, lines) == (
        2,
        "kurun: worker.modules is not set: set KURUN_WORKER_MODULES or --worker-modules\n",
    )

    code, lines = await said(tmp_path, write(tmp_path, "checking", ACTIVITIES), history, environment={})

    assert (code, lines) == (
        2,
        "kurun: worker.modules: checking has no @workflow.defn class, and only workflows are replayed\n",
    )


async def test_where_k2_brings_workflows_no_module_is_needed(tmp_path: Path) -> None:
    """The histories of its ready-made workflows are replayed with them."""
    history = str(Path(__file__).parents[1] / "histories" / "k2_approval.json")
    environment = {
        "KURUN_K2_ENDPOINT": "https://k2.example",
        "KURUN_K2_USER": "me",
        "KURUN_K2_PASSWORD": "hunter2-hunter2",
    }
    async with kurun("replay", history, log=tmp_path / "k2.log", environment=environment) as running:
        code, lines = await running.process.wait(), running.lines()

    assert (code, lines) == (0, "K2ApprovalWorkflow: 1 of 1 replayed, 0 broken\n")


async def test_a_running_process_without_code_is_told(twin: TwinServer, workflow_id: str, tmp_path: Path) -> None:
    """Modules that serve its workflow type no more would leave it standing."""
    other = OLD.replace("WaitingWorkflow", "OtherWorkflow")
    code, lines = await replayed(twin, tmp_path, write(tmp_path, "waiting_other", other))

    assert code == 1
    assert f"broken  WaitingWorkflow  {workflow_id}" in lines
    assert "no module serves workflow type WaitingWorkflow" in lines


async def test_what_is_no_history_is_told(tmp_path: Path) -> None:
    """One line with the file, exit code 2."""
    (tmp_path / "bad.json").write_text("{")
    code, lines = await said(tmp_path, write(tmp_path, "waiting_bad", OLD), "bad.json", environment={})

    assert code == 2
    assert lines.startswith("kurun: bad.json: cannot be read as a history")


REMINDING = """
from datetime import timedelta
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from kurun_workflows import KuFlowProcess, ProcessItemTimeout, WorkflowRequest

@workflow.defn
class PatientWorkflow:
    @workflow.run
    async def run(self, request: WorkflowRequest) -> None:
        process = KuFlowProcess(request)
        item = await process.create_task("FORM")
        try:
            await process.wait_for(item, within=timedelta(milliseconds=200))
        except ProcessItemTimeout:
            await process.message("other words")
        await process.wait_for(item)
"""


async def test_another_request_breaks_and_another_text_is_told(tmp_path: Path) -> None:
    """A message where histories have a task ends with 1; another text is a line, and no failure."""
    history = str(Path(__file__).parents[1] / "histories" / "patient.json")
    waiting = tmp_path / "waiting.json"
    events = json.loads(Path(history).read_text())["events"]
    ends = [number for number, event in enumerate(events) if "workflowTaskCompletedEventAttributes" in event]
    waiting.write_text(json.dumps({"events": events[: ends[1] + 1]}))
    asking = REMINDING.replace("item = await", "await process.message('hi')\n        item = await")
    (code, lines), other = await asyncio.gather(
        said(tmp_path, write(tmp_path, "reminding", REMINDING), history, environment={}),
        said(tmp_path, write(tmp_path, "asking", asking), str(waiting), environment={}),
    )

    assert (code, lines.splitlines()) == (
        0,
        [
            f"changed  PatientWorkflow  {history}: activity 4 KuFlow_Engine_createProcessItem: message.text",
            "PatientWorkflow: 1 of 1 replayed (1 with changed input), 0 broken",
        ],
    )
    assert other[0] == 1
    assert 'type was "TASK", now "MESSAGE"' in other[1]
    assert "PatientWorkflow: 0 of 1 replayed, 1 broken" in other[1]


async def test_a_query_that_is_none_is_told(twin: TwinServer, tmp_path: Path) -> None:
    """One line with the engine's words, exit code 2."""
    code, lines = await replayed(twin, tmp_path, write(tmp_path, "waiting_query", OLD), "--query", "bad =")

    assert code == 2
    assert lines.startswith("kurun: --query: the engine does not understand it: ")
    assert lines.count("\n") == 1
