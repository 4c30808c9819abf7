"""How soon a robot starts on a worker, and how often ten at the same time make their environment."""

import asyncio
import contextlib
import json
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from kurun_clients.kuflow.models import ProcessCreateParams, ProcessItem, ProcessItemCreateParams, ProcessItemType
from kurun_robots.package import PackageLimits, pack
from tests.integration.robot_environments import Index, serving_index, source
from tests.integration.robot_runs import open_folder, robot_python
from tests.processes import Dev, Kurun, kurun, kurun_dev
from tests.proof.conftest import Figure
from tests.robot_starts import result_of_run, start_robot

QUEUE = "robots"
RUNS = 9
AT_ONCE = 10
PROGRAM = "import time\nprint(time.time(), flush=True)\n"
DEFINITIONS = {
    "tenant": {"name": "Proof"},
    "principals": {"applications": [{"name": "worker"}]},
    "taskQueues": [QUEUE],
    "processDefinitions": [
        {
            "code": "WORK",
            "workflowType": "WorkWorkflow",
            "taskQueue": "nobody-polls-this",
            "processItemDefinitions": [{"code": "TASK", "type": "TASK"}],
        }
    ],
    "robots": [{"code": "START", "sourceFile": "start.zip"}],
}


@dataclass
class Stage:
    """A twin with a robot that prints when it starts.

    Attributes:
        folder: Anybody may pass through it.
        dev: The twin.
        client: Of the engine.
        index: Where the robot's requirement comes from.
        logs: Where workers write.
    """

    folder: Path
    dev: Dev
    client: Client
    index: Index
    logs: Path

    @property
    def home(self) -> Path:
        """Where robots live."""
        return self.folder / "home"

    @property
    def builds(self) -> str:
        """A letter for each time that the requirement was built from its source."""
        file = self.folder / "open" / "builds"
        return file.read_text() if file.exists() else ""

    @contextlib.asynccontextmanager
    async def worker(self, name: str, *, slots: int) -> AsyncIterator[Kurun]:
        """A worker until the block ends."""
        environment = self.dev.environment(
            task_queue=QUEUE,
            modules=(),
            KURUN_ROBOTS_ENABLED="true",
            KURUN_ROBOTS_HOME=str(self.home),
            KURUN_ROBOTS_PYTHON=robot_python(),
            KURUN_ROBOTS_MAX_CONCURRENT=str(slots),
            UV_DEFAULT_INDEX=self.index.url,
            UV_NO_CONFIG="1",
        )
        async with kurun("run", log=self.logs / f"{name}.log", environment=environment) as worker:
            await worker.says("registered with KuFlow")
            yield worker

    async def task(self) -> ProcessItem:
        """A task of a new process."""
        tenant_id = UUID(self.dev.info["kuflow"]["tenant_id"])
        async with self.dev.client() as kuflow:
            process = await kuflow.processes.create(
                ProcessCreateParams(process_definition_code="WORK", tenant_id=tenant_id)
            )
            return await kuflow.process_items.create(
                ProcessItemCreateParams(
                    type=ProcessItemType.TASK, process_id=process.id, process_item_definition_code="TASK"
                )
            )

    async def start(self, task: ProcessItem) -> WorkflowHandle[object, object]:
        """Start the robot's workflow."""
        return await start_robot(self.dev, self.client, "START", "Start", task, task_queue=QUEUE)

    async def log(self, task: ProcessItem) -> str:
        """What a task's log says."""
        async with self.dev.client() as kuflow:
            found = (await kuflow.process_items.retrieve(task.id)).task
        assert found is not None
        return "\n".join(each.message for each in found.logs or ())


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that robots may get into, with the package."""
    for each in open_folder():
        package = each / "start"
        package.mkdir()
        (package / "kubot.yaml").write_text("operations:\n  - {name: Start, shell: python -m start}\n")
        (package / "requirements.txt").write_text("raw==1.0\n")
        (package / "start.py").write_text(PROGRAM)
        pack(package, each / "start.zip", PackageLimits.usual())
        (each / "definitions.yaml").write_text(json.dumps(DEFINITIONS))
        (each / "open").mkdir()
        (each / "open").chmod(0o777)
        yield each


@pytest.fixture
async def stage(folder: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    """A twin, and an index with a requirement that leaves a mark when it is built."""
    async with serving_index() as index, kurun_dev(tmp_path / "dev", definitions=folder / "definitions.yaml") as dev:
        index.add(source("raw", prelude=f"open('{folder}/open/builds', 'a').write('x')"))
        client = await Client.connect(dev.info["engine"]["direct_address"])
        yield Stage(folder, dev, client, index, tmp_path)


async def test_a_warm_run_starts_within_a_second_of_the_bare_program(stage: Stage, figure: Figure) -> None:
    """From the workflow's start to the program's first line; the bare one is the same `python -m` without a worker."""
    whole, taken, bare = [], [], []
    async with stage.worker("worker", slots=4), asyncio.timeout(300):
        await (await stage.start(await stage.task())).result()
        for _ in range(RUNS):
            bare.append(await bare_start(stage))
            task = await stage.task()
            began = time.time()
            handle = await stage.start(task)
            await handle.result()
            at = float((await result_of_run(handle))["lastLines"][-1])
            whole.append(at - began)
            taken.append(at - await taken_at(handle))
    more = max(whole) - statistics.median(bare)
    for name, seconds in (("bare", bare), ("after the worker took it", taken), ("after the workflow's start", whole)):
        told = f"{statistics.median(seconds):.3f} s, at most {max(seconds):.3f} s of {RUNS}"
        figure(f"first line of a robot, {name}", told, "to compare")
    figure("a warm run starts later than the bare program by at most", f"{more:.3f} s", "under 1 s")

    assert more < 1
    assert "x" == stage.builds


async def test_ten_at_once_make_their_environment_once(stage: Stage, figure: Figure) -> None:
    """Two workers with empty caches share a machine: one build of the requirement, one environment, ten good runs."""
    async with stage.worker("one", slots=AT_ONCE // 2), stage.worker("two", slots=AT_ONCE // 2), asyncio.timeout(300):
        tasks = [await stage.task() for _ in range(AT_ONCE)]
        began = time.time()
        handles = await asyncio.gather(*(stage.start(task) for task in tasks))
        await asyncio.gather(*(handle.result() for handle in handles))
        seconds = time.time() - began
    codes = [(await result_of_run(handle))["exitCode"] for handle in handles]
    places = [path for path in (stage.home / "environments").glob("*/*") if path.is_dir()]
    workers = {await worker_of(handle) for handle in handles}
    told = [await stage.log(task) for task in tasks]
    figure(f"{AT_ONCE} robots at once without a cache", f"{seconds:.1f} s, {len(stage.builds)} build", "1 build")

    assert [0] * AT_ONCE == codes
    assert 2 == len(workers)
    assert "x" == stage.builds
    assert 1 == len(places)
    assert any("making an environment" in text for text in told)


async def bare_start(stage: Stage) -> float:
    """Seconds from starting the program in the robot's environment to its first line."""
    [python] = (stage.home / "environments").glob("*/*/venv/bin/python")
    began = time.time()
    process = await asyncio.create_subprocess_exec(
        str(python), "-m", "start", cwd=stage.folder / "start", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return float(output) - began


async def taken_at(handle: WorkflowHandle[object, object]) -> float:
    """When the worker took the run, in seconds since the epoch."""
    events = (await handle.fetch_history()).events
    started = next(each for each in events if each.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED)
    return started.event_time.ToNanoseconds() / 1e9


async def worker_of(handle: WorkflowHandle[object, object]) -> str:
    """Identity of the worker that took the run."""
    events = (await handle.fetch_history()).events
    return next(
        each.activity_task_started_event_attributes.identity
        for each in events
        if each.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
    )
