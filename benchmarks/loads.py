"""The loads under which a worker is measured, each with what it cost the worker's process."""

import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import yaml
from benchmarks import served
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from tests.processes import Dev, Kurun, kurun
from tests.proof.processes_of_twin import start
from tests.waiting import until

from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import JsonValue, ProcessItemTaskState, ProcessState

ROOT = Path(__file__).parents[1]
MIB = 1024**2
LOANS = ("kurun_examples.loan.workflow", "kurun_examples.loan.activities")
QUEUE = "loans"
AT_ONCE = 50
HANDS = 8
PATIENCE = 120.0
FORM = {"applicant": "Ada", "email": "ada@example.com", "amount": 900.0, "currency": "USD"}


@dataclass(frozen=True)
class Cost:
    """What a load cost.

    Attributes:
        cpu: Processor seconds of the worker.
        wall: Seconds from its begin to its end.
    """

    cpu: float
    wall: float


def definitions() -> str:
    """The loan's processes, and those of the benchmark, as YAML."""
    known: dict[str, Any] = yaml.safe_load((files("kurun_examples.loan") / "definitions.yaml").read_text())
    for code in ("ACTIVITIES", "TASKS", "STEPS", "UPLOADS"):
        kind = f"{code.capitalize()}Workflow"
        known["processDefinitions"].append({"code": code, "name": code, "workflowType": kind, "taskQueue": QUEUE})
    return yaml.safe_dump(known)


@contextlib.asynccontextmanager
async def worker(
    dev: Dev, name: str, *, modules: Sequence[str] = ("benchmarks.served", *LOANS), **settings: str
) -> AsyncIterator[Kurun]:
    """A worker, ready; it talks to Temporal itself and not to the twin's gateway. Settings as in ``WORKER_SANDBOX``."""
    folder = Path(dev.info["data_dir"]).parent
    variables = dev.environment(
        task_queue=QUEUE,
        modules=modules,
        KURUN_ENGINE_CREDENTIALS="none",
        KURUN_ENGINE_NAMESPACE=dev.info["engine"]["namespace"],
        KURUN_HEALTH_PORT="0",
        **{f"KURUN_{key}": value for key, value in settings.items()},
    )
    variables["KURUN_ENGINE_ADDRESS"] = dev.info["engine"]["direct_address"]
    async with kurun("run", log=folder / f"{name}.log", environment=variables, folder=ROOT) as running:
        await running.says('"event": "ready"')
        yield running
        await running.stop()


def memory(running: Kurun) -> int:
    """Bytes of memory of the worker's process."""
    return int(psutil.Process(running.pid).memory_info().rss)


@contextlib.asynccontextmanager
async def costing(running: Kurun) -> AsyncIterator[Callable[[], Cost]]:
    """What the block costs the worker, once it has ended."""
    process = psutil.Process(running.pid)

    def now() -> tuple[float, float]:
        used = process.cpu_times()
        return used.user + used.system, time.perf_counter()

    (cpu, wall), ended = now(), [(0.0, 0.0)]
    yield lambda: Cost(ended[0][0] - cpu, ended[0][1] - wall)
    ended[0] = now()


async def run(dev: Dev, kuflow: KuFlowClient, code: str, number: int) -> list[UUID]:
    """Start processes of a definition, some at a time, and wait until none runs any more; their ids."""
    ids: list[UUID] = []
    while len(ids) < number:
        ids += await start(dev, kuflow, code, number=min(AT_ONCE, number - len(ids)))
    await ended(kuflow, code)
    return ids


async def ended(kuflow: KuFlowClient, code: str) -> None:
    """Wait until no process of a definition runs any more."""

    async def none_runs() -> bool:
        running = await kuflow.processes.find(process_definition_code=(code,), state=(ProcessState.RUNNING,), size=1)
        return not running.content

    await until(none_runs, seconds=PATIENCE)


async def turns(dev: Dev, kuflow: KuFlowClient, number: int) -> None:
    """Workflow tasks, one after the other in each of some workflows."""
    client = await engine(dev)

    async def turn(process_id: UUID) -> None:
        handle = client.get_workflow_handle(str(process_id))
        await until(lambda: _begun(handle), seconds=PATIENCE)
        for _ in range(served.TASKS):
            await handle.execute_update(served.TasksWorkflow.turn)

    await asyncio.gather(*(turn(each) for each in await start(dev, kuflow, "TASKS", number=number)))
    await ended(kuflow, "TASKS")


async def _begun(handle: WorkflowHandle[Any, Any]) -> bool:
    try:
        await handle.describe()
    except RPCError:
        return False
    return True


async def engine(dev: Dev) -> Client:
    """Temporal itself."""
    return await Client.connect(dev.info["engine"]["direct_address"], namespace=dev.info["engine"]["namespace"])


async def loans(dev: Dev, kuflow: KuFlowClient, number: int) -> None:
    """Loans within the limit from the application to the contract, with a person who fills in the forms."""
    async with dev.person() as person:
        applying = asyncio.create_task(_apply(person))
        try:
            await run(dev, kuflow, "LOAN", number)
        finally:
            applying.cancel()
            await asyncio.wait({applying})


async def _apply(person: KuFlowClient) -> None:
    hands, taken = asyncio.Semaphore(HANDS), set[UUID]()

    async def fill_in(item_id: UUID) -> None:
        async with hands:
            await person.process_items.claim(item_id)
            await person.process_items.update_data(item_id, JsonValue.of(FORM))
            await person.process_items.complete(item_id)

    async with asyncio.TaskGroup() as tasks:
        while True:
            page = await person.process_items.find(
                process_item_definition_code=("LOAN_APPLICATION",),
                task_state=(ProcessItemTaskState.READY,),
                size=1000,
            )
            for item in page.content:
                if item.id not in taken:
                    taken.add(item.id)
                    tasks.create_task(fill_in(item.id))
            await asyncio.sleep(0.1)


async def steadily(dev: Dev, kuflow: KuFlowClient, *, rate: float, seconds: float) -> list[float]:
    """Start processes of some steps at an even pace; milliseconds from wanting an activity to having its result."""
    began, ids = time.monotonic(), list[UUID]()
    while (late := time.monotonic() - began) < seconds:
        if len(ids) <= late * rate:
            ids += await start(dev, kuflow, "STEPS")
        else:
            await asyncio.sleep(len(ids) / rate - late)
    await ended(kuflow, "STEPS")
    client = await engine(dev)
    return [each for one in ids[len(ids) // 5 :] for each in await _latencies(client, one)]


async def _latencies(client: Client, process_id: UUID) -> list[float]:
    wanted: dict[int, int] = {}
    found = []
    async for event in client.get_workflow_handle(str(process_id)).fetch_history_events():
        if event.HasField("activity_task_scheduled_event_attributes"):
            wanted[event.event_id] = event.event_time.ToNanoseconds()
        elif event.HasField("activity_task_completed_event_attributes"):
            began = wanted[event.activity_task_completed_event_attributes.scheduled_event_id]
            found.append((event.event_time.ToNanoseconds() - began) / 1e6)
    return found


async def cached(dev: Dev, kuflow: KuFlowClient, running: Kurun, number: int) -> float:
    """Bytes that each loan in the cache takes while it waits for its application."""
    async with dev.person() as person:
        warm = asyncio.create_task(_apply(person))
        await run(dev, kuflow, "LOAN", 10)
        warm.cancel()
        await asyncio.wait({warm})
    await asyncio.sleep(1)
    before, ids = memory(running), list[UUID]()
    while len(ids) < number:
        ids += await start(dev, kuflow, "LOAN", number=min(AT_ONCE, number - len(ids)))

    async def all_wait() -> bool:
        return await _ready(kuflow) >= number

    await until(all_wait, seconds=PATIENCE)
    await asyncio.sleep(1)
    grown = memory(running) - before
    await asyncio.gather(*(kuflow.processes.cancel(each) for each in ids))
    return grown / number


async def _ready(kuflow: KuFlowClient) -> int:
    page = await kuflow.process_items.find(task_state=(ProcessItemTaskState.READY,), size=1)
    return page.metadata.total_elements


async def uploads(dev: Dev, kuflow: KuFlowClient, running: Kurun) -> tuple[float, int]:
    """Bytes that each of several uploads at the same time takes, and how many there really were at once."""
    before = most = memory(running)
    work = asyncio.create_task(run(dev, kuflow, "UPLOADS", 1))
    while not work.done():
        most = max(most, memory(running))
        await asyncio.sleep(0.01)
    await work
    operations: Mapping[str, Any] = (await dev.figures())["requests"]["by_operation"]
    at_once = next(each["most_at_once"] for name, each in operations.items() if "pload" in name)
    return (most - before) / served.UPLOADS, at_once


def percentile(values: Sequence[float], part: int) -> float:
    """The value below which so many percent lie."""
    return statistics.quantiles(values, n=100)[part - 1]
