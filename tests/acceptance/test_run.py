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
  - {code: WAIT, name: Wait, workflowType: WaitWorkflow, taskQueue: waiting}
"""

SERVED = """
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

@workflow.defn
class WaitWorkflow:
    @workflow.run
    async def run(self, request: dict) -> None:
        await workflow.execute_activity("stubborn", start_to_close_timeout=timedelta(minutes=5))
"""


@pytest.fixture(scope="module")
async def dev(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dev]:
    """A twin that knows one task queue."""
    folder = tmp_path_factory.mktemp("dev")
    (folder / "definitions.yaml").write_text(DEFINITIONS)
    async with kurun_dev(folder / "twin", definitions=folder / "definitions.yaml") as running:
        yield running


def environment(dev: Dev, **changes: str) -> dict[str, str]:
    """The variables that make ``kurun run`` work, with some changed."""
    return {**dev.environment(task_queue="waiting", modules=[]), "KURUN_ENGINE_CONNECT_TIMEOUT": "1", **changes}


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        (
            {"KURUN_KUFLOW_CLIENT_SECRET": "wrong-secret"},
            2,
            "refused the credentials (HTTP 401): check KURUN_KUFLOW_CL",
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
        ({"KURUN_WORKER_TASK_QUEUE": "nowhere"}, 2, "KuFlow refused to register this worker: unknown task queue nowhe"),
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
        await _begin_stubborn(dev)
        await running.says("stubborn begins")
        running.process.send_signal(number)
        await running.says("draining")

        assert await running.stop(number, seconds=5) == code


async def test_an_activity_that_never_ends_does_not_keep_the_process(dev: Dev, tmp_path: Path) -> None:
    """After the drain and some grace the daemon says what happened and leaves with 1."""
    (tmp_path / "served.py").write_text(SERVED)
    variables = environment(dev, KURUN_WORKER_MODULES="served", KURUN_WORKER_DRAIN_TIMEOUT="0.5")
    async with kurun("run", log=tmp_path / "log", environment=variables, folder=tmp_path) as running:
        await _begin_stubborn(dev)
        await running.says("stubborn begins")

        assert await running.stop(signal.SIGTERM, seconds=30) == 1
        assert "kurun: activities went on" in running.lines()


async def _begin_stubborn(dev: Dev) -> None:
    (definition,) = dev.info["process_definitions"]
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
