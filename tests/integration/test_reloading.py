"""A running worker whose secret, limits and pauses change, against the twin and a real Temporal server."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client, WorkflowHandle

from kurun_config import Settings, load, settings_files
from kurun_twin.twin_server import TwinServer
from kurun_worker import daemon
from kurun_worker.operating import Operations
from kurun_worker.reloading import Reloader
from tests.integration.worker_host import SERVED, counted, direct_client, refusals, running_twin
from tests.integration.worker_served import EFFECTS, STARTED, Load, LoadWorkflow
from tests.waiting import until
from tests.worker_health import asking, free_port


@pytest.fixture(scope="module")
async def twin(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TwinServer]:
    """A twin whose engine tokens are good for 2 seconds, and which wants to hear of workers every second."""
    async with running_twin(tmp_path_factory.mktemp("twin"), token_life=2.0, delay_window=1.0) as started:
        yield started


class File:
    """The settings file of a worker, changed by a test.

    Args:
        folder: Where it lies.
        twin: Whom the worker serves.
        sections: Other sections.
        worker: The section ``worker``.

    Attributes:
        settings: What the worker starts with.
    """

    def __init__(
        self, folder: Path, twin: TwinServer, *, sections: Mapping[str, dict[str, Any]] | None = None, **worker: Any
    ) -> None:
        self._path = folder / "kurun.toml"
        credentials = twin.platform.principals.applications[0].credentials
        kuflow = {
            "endpoint": twin.info["kuflow"]["endpoint"],
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
        }
        self._sections: dict[str, dict[str, Any]] = {
            "kuflow": kuflow,
            "engine": {"address": twin.info["engine"]["address"]},
            "worker": {"task_queue": f"queue-{uuid4()}", "modules": SERVED, "reload_interval": 0.1, **worker},
            **(sections or {}),
        }
        self.write()
        self.settings = load(file=self._path).settings

    def write(self, section: str = "worker", **changes: Any) -> None:
        """Put the file in the place of the one before."""
        self._sections.setdefault(section, {}).update(changes)
        draft = self._path.with_suffix(".new")
        draft.write_text(
            "".join(
                f"[{name}]\n" + "".join(f"{field} = {json.dumps(value)}\n" for field, value in fields.items())
                for name, fields in self._sections.items()
            )
        )
        draft.replace(self._path)

    def operations(self) -> Operations:
        """What reads it again."""
        return Operations(
            reloader=Reloader(
                self.settings, lambda: load(file=self._path).settings, files=lambda: settings_files(self._path)
            )
        )


@contextlib.asynccontextmanager
async def operated(settings: Settings, operations: Operations) -> AsyncIterator[None]:
    """A daemon as ``kurun run`` runs it, until the end of the block."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(daemon.run(settings, stop=stop, operations=operations))
        try:
            yield
        finally:
            stop.set()


async def start(client: Client, settings: Settings, load: Load) -> WorkflowHandle[LoadWorkflow, list[int]]:
    """Start a load on the settings' queue."""
    queue = settings.worker.task_queue or ""
    return await client.start_workflow(LoadWorkflow.run, load, id=f"load-{uuid4()}", task_queue=queue)


def of(counts: Mapping[str, int], handle: WorkflowHandle[LoadWorkflow, list[int]]) -> int:
    """How many pieces of a load are counted."""
    return sum(number for name, number in counts.items() if name.startswith(f"{handle.id}/"))


async def rotate(twin: TwinServer, *, keep_old: float = 0) -> str:
    """Have the twin give the application another secret, at once."""
    kuflow = twin.info["kuflow"]
    address = httpx2.URL(kuflow["endpoint"]).join("/_twin/secret")
    auth = (kuflow["client_id"], twin.platform.principals.applications[0].credentials.client_secret)
    async with httpx2.AsyncClient(auth=auth) as client:
        answer = (await client.post(address, json={"keep_old": keep_old})).raise_for_status()
    return str(answer.json()["client_secret"])


def statuses(twin: TwinServer) -> Counter[str]:
    """How often the API answered with which status."""
    counted: Counter[str] = Counter()
    for each in twin.platform.figures.snapshot()["requests"]["by_operation"].values():
        counted.update(each["by_status"])
    return counted


async def until_above(before: int, count: Callable[[], int]) -> None:
    """Wait until a count is higher than before."""
    await until(lambda: count() > before)


async def test_a_rotated_secret_fails_no_call(tmp_path: Path, twin: TwinServer) -> None:
    """The old secret is void at once and the file follows later: tokens and registrations go on, no poll is refused.

    Whoever is refused in between waits for the file, so that each is refused once and then goes on.
    """
    file = File(tmp_path, twin)
    operations = file.operations()
    client = await direct_client(twin)
    before = counted(twin, "registrations")
    async with operated(file.settings, operations):
        await until(lambda: counted(twin, "registrations") > before)
        handle = await start(client, file.settings, Load(pieces=2, seconds=0.2, rounds=8))
        for _ in range(2):
            refused = statuses(twin)["401"]
            secret = await rotate(twin)
            await until_above(refused, lambda: statuses(twin)["401"])
            file.write("kuflow", client_secret=secret)
            tokens, registrations = counted(twin, "engine_tokens"), counted(twin, "registrations")
            await until_above(tokens, lambda: counted(twin, "engine_tokens"))
            await until_above(registrations, lambda: counted(twin, "registrations"))
        attempts = await handle.result()

    assert refusals(twin) == {}
    assert set(attempts) == {1}
    assert operations.reloader is not None
    assert operations.reloader.reloads == 2


async def test_an_overlapping_rotation_is_not_even_noticed(tmp_path: Path, twin: TwinServer) -> None:
    """Where the old secret stays good for a while, nothing is refused at all."""
    file = File(tmp_path, twin)
    operations = file.operations()
    refused, registrations = statuses(twin)["401"], counted(twin, "registrations")
    async with operated(file.settings, operations):
        await until(lambda: counted(twin, "registrations") > registrations)
        secret = await rotate(twin, keep_old=5)
        file.write("kuflow", client_secret=secret)
        await until(lambda: operations.reloader is not None and operations.reloader.reloads == 1)
        before = counted(twin, "engine_tokens")
        await until(lambda: counted(twin, "engine_tokens") > before)

    assert statuses(twin)["401"] == refused
    assert refusals(twin) == {}


async def test_a_paused_worker_begins_nothing_and_goes_on_later(tmp_path: Path, twin: TwinServer) -> None:
    """The running activity ends as it would; the others wait on the queue, while token and registration stay fresh."""
    file = File(tmp_path, twin, max_concurrent_activities=1)
    operations = file.operations()
    client = await direct_client(twin)
    async with operated(file.settings, operations):
        handle = await start(client, file.settings, Load(pieces=3, seconds=0.5))
        await until(lambda: of(STARTED, handle) == 1)
        operations.pause.pause()
        await until(lambda: of(EFFECTS, handle) == 1)
        before = counted(twin, "engine_tokens"), counted(twin, "registrations")
        await until(lambda: counted(twin, "engine_tokens") > before[0] and counted(twin, "registrations") > before[1])
        during = (of(STARTED, handle), operations.pause.open_polls, operations.pause.paused)
        operations.pause.resume()
        attempts = await handle.result()

    assert during == (1, 0, True)
    assert attempts == [1, 1, 1]


async def test_a_paused_worker_drains_like_any_other(tmp_path: Path, twin: TwinServer) -> None:
    """The end of the process hands nothing back that was not begun."""
    file = File(tmp_path, twin, max_concurrent_activities=1)
    operations = file.operations()
    client = await direct_client(twin)
    async with operated(file.settings, operations):
        handle = await start(client, file.settings, Load(pieces=2, seconds=0.5))
        await until(lambda: of(STARTED, handle) == 1)
        operations.pause.pause()
    waiting = (await handle.describe()).raw_description.pending_activities

    assert (of(STARTED, handle), of(EFFECTS, handle)) == (1, 1)
    assert [(each.state, each.attempt) for each in waiting] == [
        (PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED, 1)
    ]


async def test_more_slots_are_there_without_a_restart(tmp_path: Path, twin: TwinServer) -> None:
    """One activity at a time becomes four."""
    file = File(tmp_path, twin, max_concurrent_activities=1)
    client = await direct_client(twin)
    async with operated(file.settings, file.operations()):
        handle = await start(client, file.settings, Load(pieces=5, seconds=0.6))
        await until(lambda: of(STARTED, handle) == 1)
        file.write(max_concurrent_activities=4)
        await until(lambda: of(STARTED, handle) - of(EFFECTS, handle) == 4)
        attempts = await handle.result()

    assert attempts == [1] * 5


async def test_readiness_looks_at_the_folders_that_the_settings_name_now(tmp_path: Path, twin: TwinServer) -> None:
    """A root that is gone is no trouble any more once it is taken out of the settings; one that is put in is seen."""
    root, other, port = tmp_path / "root", tmp_path / "other", free_port()
    root.mkdir()
    health = {"port": port, "interval": 0.1, "timeout": 1}
    file = File(tmp_path, twin, sections={"health": health, "documents": {"roots": [str(root)]}})
    async with operated(file.settings, file.operations()), asking(port) as asked:
        await asked.ready()
        root.rmdir()
        gone = await asked.lacks("disk")
        file.write("documents", roots=[])
        await asked.ready()
        file.write("documents", roots=[str(other)])
        missing = await asked.lacks("disk")
        other.mkdir()
        await asked.ready()

    assert gone["disk"].startswith(f"documents.roots: {root}: cannot be written: ")
    assert missing["disk"].startswith(f"documents.roots: {other}: cannot be written: ")


async def test_every_setting_of_concurrency_makes_a_worker_that_works(tmp_path: Path, twin: TwinServer) -> None:
    """Temporal takes them, the resource-based tuner included, and the drain loses nothing."""
    file = File(
        tmp_path,
        twin,
        tuner="resource",
        target_memory=0.99,
        target_cpu=1.0,
        max_concurrent_activities=20,
        max_concurrent_local_activities=3,
        max_cached_workflows=10,
        max_activities_per_second=50.0,
        max_task_queue_activities_per_second=200.0,
        pollers_min=2,
        pollers_max=3,
        eager_activities=0,
    )
    client = await direct_client(twin)
    async with operated(file.settings, Operations()):
        handle = await start(client, file.settings, Load(pieces=10, seconds=0.05, rounds=2))
        attempts = await handle.result()

    assert attempts == [1] * 20
