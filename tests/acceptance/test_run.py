"""``kurun run`` as a process: what it says and how it ends."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kurun_clients.kuflow.models import ProcessCreateParams
from tests.processes import Dev, kurun, kurun_dev

DEFINITIONS = """
tenant: {name: Acme}
principals: {applications: [{name: worker}], users: []}
processDefinitions:
  - {code: STUBBORN, name: Stubborn, workflowType: WaitWorkflow, taskQueue: stubborn}
  - {code: SWALLOWING, name: Swallowing, workflowType: WaitWorkflow, taskQueue: swallowing}
  - {code: THREADED, name: Threaded, workflowType: WaitWorkflow, taskQueue: threaded}
  - {code: BLOCKING, name: Blocking, workflowType: WaitWorkflow, taskQueue: blocking}
"""

SERVED = """
import asyncio
import time
from datetime import timedelta
from temporalio import activity, workflow

@activity.defn
def stubborn() -> None:
    print("stubborn begins", flush=True)
    while True:
        try:
            time.sleep(0.05)
        except BaseException:
            pass

@activity.defn
async def swallowing() -> None:
    print("swallowing begins", flush=True)
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

@activity.defn
async def threaded() -> None:
    print("threaded begins", flush=True)
    await asyncio.to_thread(time.sleep, 60)

@activity.defn
async def blocking() -> None:
    print("blocking begins", flush=True)
    time.sleep(60)

@workflow.defn
class WaitWorkflow:
    @workflow.run
    async def run(self, request: dict) -> None:
        # Each queue is named like the activity that holds up its worker.
        await workflow.execute_activity(workflow.info().task_queue, start_to_close_timeout=timedelta(minutes=5))
"""


@pytest.fixture(scope="module")
async def dev(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dev]:
    """A twin that knows a task queue for each way to hold up a worker."""
    folder = tmp_path_factory.mktemp("dev")
    (folder / "definitions.yaml").write_text(DEFINITIONS)
    async with kurun_dev(folder / "twin", definitions=folder / "definitions.yaml") as running:
        yield running


def environment(dev: Dev, **changes: str) -> dict[str, str]:
    """The variables that make ``kurun run`` work, with some changed."""
    return {**dev.environment(task_queue="stubborn", modules=[]), "KURUN_ENGINE_CONNECT_TIMEOUT": "1", **changes}


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        (
            {"KURUN_KUFLOW_CLIENT_SECRET": "wrong-secret"},
            2,
            "; check KURUN_KUFLOW_CLIENT_ID, KURUN_KUFLOW_CLIENT_SECRET",
        ),
        (
            {"KURUN_KUFLOW_TENANT_ID": "11111111-2222-4333-8444-555555555555"},
            2,
            "; check KURUN_KUFLOW_CLIENT_ID, KURUN_KUFLOW_CLIENT_SECRET, KURUN_KUFLOW_TENANT_ID",
        ),
        (
            {"KURUN_KUFLOW_ENDPOINT": "http://127.0.0.1:9/v2024-06-14"},
            1,
            "KuFlow cannot be reached at http://127.0.0.1",
        ),
        (
            {"KURUN_ENGINE_ADDRESS": "localhost:9"},
            1,
            "the engine cannot be reached at localhost:9 within 1 s: Connecti",
        ),
        (
            {"KURUN_ENGINE_ADDRESS": "localhost"},
            2,
            "KURUN_ENGINE_ADDRESS: host and port are wanted, such as engine.kuf",
        ),
        ({"KURUN_WORKER_TASK_QUEUE": "nowhere"}, 2, "KuFlow refused to register this worker: unknown task queue nowhe"),
        ({"KURUN_ENGINE_NAMESPACE": "nowhere"}, 2, "the engine has no namespace nowhere: check KURUN_ENGINE_NAMESPACE"),
        ({"KURUN_KUFLOW_CLIENT_ID": "FILL_ME"}, 2, "set KURUN_KUFLOW_CLIENT_ID"),
        ({"KURUN_KUFLOW_CLIENT_SECRET": ""}, 2, "kuflow.client_secret is not set: set KURUN_KUFLOW_CLIENT_SECRET or"),
        ({"KURUN_WORKER_MODULES": "acme.absent"}, 2, "worker.modules: there is no module acme.absent"),
        ({"KURUN_WORKER_DRAIN_TIMEOUT": "soon"}, 2, "KURUN_WORKER_DRAIN_TIMEOUT: "),
    ],
)
async def test_what_is_wrong_at_the_start_is_one_line_and_an_exit_code(
    dev: Dev, tmp_path: Path, changes: dict[str, str], code: int, said: str
) -> None:
    """2 where somebody has to change a setting, 1 where something else does not answer; never a traceback or secret."""
    async with kurun("run", log=tmp_path / "log", environment=environment(dev, **changes)) as running:
        async with asyncio.timeout(30):
            ended = await running.process.wait()

        *_, line = running.lines().splitlines()
        assert (ended, line[:7]) == (code, "kurun: ")
        assert said in line
        assert "Traceback" not in running.lines()
        assert "wrong-secret" not in running.lines()


async def test_sigterm_drains_an_idle_worker_and_ends_0(dev: Dev, tmp_path: Path) -> None:
    """The log is JSON off a terminal, and the end comes within seconds."""
    async with kurun("run", log=tmp_path / "log", environment=environment(dev)) as running:
        await running.says('"event": "polling"')

        assert await running.stop(signal.SIGTERM, seconds=15) == 0
        assert '"event": "ended"' in running.lines()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
async def test_a_second_signal_ends_at_once(dev: Dev, tmp_path: Path, number: signal.Signals, code: int) -> None:
    """Even while an activity that never listens keeps a thread busy."""
    (tmp_path / "served.py").write_text(SERVED)
    variables = environment(dev, KURUN_WORKER_MODULES="served")
    async with kurun("run", log=tmp_path / "log", environment=variables, folder=tmp_path) as running:
        await _begin(dev, "stubborn")
        await running.says("stubborn begins")
        running.process.send_signal(number)
        await running.says("draining")

        assert await running.stop(number, seconds=5) == code


@pytest.mark.parametrize(
    ("activity", "code", "said"),
    [
        ("stubborn", 1, "kurun: activities went on"),
        ("swallowing", 1, "kurun: activities went on"),
        ("blocking", 1, "kurun: something keeps the process from stopping"),
        # The engine has it back; the thread is all that is left, and it ends with the process.
        ("threaded", 0, '"event": "ended"'),
    ],
)
async def test_nothing_that_an_activity_does_keeps_the_process(
    dev: Dev, tmp_path: Path, activity: str, code: int, said: str
) -> None:
    """Within the drain timeout and a margin the process is gone: with 0 if everything was handed back, else with 1."""
    (tmp_path / "served.py").write_text(SERVED)
    variables = environment(
        dev, KURUN_WORKER_MODULES="served", KURUN_WORKER_DRAIN_TIMEOUT="0.5", KURUN_WORKER_TASK_QUEUE=activity
    )
    async with kurun("run", log=tmp_path / "log", environment=variables, folder=tmp_path) as running:
        await _begin(dev, activity)
        await running.says(f"{activity} begins")

        assert await running.stop(signal.SIGTERM, seconds=15) == code
        assert said in running.lines()
        assert "Traceback" not in running.lines()


async def _begin(dev: Dev, activity: str) -> None:
    definition = next(each for each in dev.info["process_definitions"] if each["task_queue"] == activity)
    async with dev.client() as kuflow:
        await kuflow.processes.create(ProcessCreateParams(process_definition_id=definition["id"]))


async def test_the_module_runs_as_the_command() -> None:
    """``python -m kurun_worker`` is ``kurun``."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kurun_worker", "--version", stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    output, _ = await process.communicate()

    assert output.startswith(b"kurun ")
    assert process.returncode == 0
