"""A worker in a process of its own, robots that mean harm, and what has to hold when one of them is over."""

import asyncio
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError

from kurun_clients.kuflow.models import ProcessItem
from tests.integration.conftest import Connect, TwinFactory
from tests.integration.hostile_robots import LIMITS, Hostile, curious
from tests.integration.robot_runs import ROOT, command_lines
from tests.integration.robot_stage import ROBOTS, RobotStage, robot_stage, variables_of
from tests.processes import Kurun, kurun

CURIOUS = "reads secrets"
_ORDINARY = "ordinary"
_PLACES = ("/tmp", "/var/tmp", "/run/lock", "/dev/shm")  # noqa: S108 - what a robot leaves there is looked for


@dataclass(frozen=True)
class Contained:
    """A hostile robot that is over.

    Attributes:
        seconds: From the start of its workflow to the end.
        ordinary: Seconds that an ordinary robot took right after it.
        most_disk: Bytes that its run took on the disk at most, as far as was seen.
    """

    seconds: float
    ordinary: float
    most_disk: int


@dataclass
class HostileStage:
    """A worker, and robots that mean harm by their names."""

    stage: RobotStage
    worker: Kurun
    client: Client
    robots: Mapping[str, Hostile]
    marks: Mapping[str, str]
    most_disk: int = 0

    async def fails(self, name: str) -> Contained:
        """Run one: it fails as it has to, and nothing of it is left."""
        wanted, task = self.robots[name], await self.stage.task()
        watching = asyncio.create_task(self._watch_disk())
        began = time.monotonic()
        try:
            with pytest.raises(WorkflowFailureError) as caught:
                await (await self._start(name, task)).result()
        finally:
            watching.cancel()
        seconds = time.monotonic() - began
        assert isinstance(caught.value.cause, ActivityError)
        failure = caught.value.cause.cause
        assert isinstance(failure, ApplicationError)
        assert wanted.failure == failure.type
        assert re.search(wanted.says, failure.message), failure.message
        detail = failure.details[0] if failure.details else {}
        assert wanted.ended_by == detail.get("endedBy")
        assert re.search(wanted.last_line, (detail.get("lastLines") or [""])[-1]), detail
        logged = await self.stage.logged(task.id)
        assert "ERROR" == logged[-1][0]
        assert failure.message in logged[-1][1]
        return await self._over(name, seconds)

    async def is_cancelled(self, name: str, says: str) -> Contained:
        """Cancel one while it runs: it ends, and nothing of it is left."""
        task = await self.stage.task()
        handle = await self._start(name, task)
        await self.stage.until_logged(task.id, says)
        assert self._alive(name)
        began = time.monotonic()
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as caught:
            async with asyncio.timeout(60):
                await handle.result()
        seconds = time.monotonic() - began
        assert isinstance(caught.value.cause, CancelledError | ActivityError)
        assert (await self.stage.logged(task.id))[-1][1].endswith("was cancelled, and ended")
        return await self._over(name, seconds)

    async def _start(self, name: str, task: ProcessItem) -> WorkflowHandle[Any, Any]:
        return await self.stage.start(self.client, _code(name), "Do it", task)

    async def _over(self, name: str, seconds: float) -> Contained:
        """At once, not after a while: the workflow is over only then."""
        assert [] == self._alive(name)
        assert [] == self.stage.left()
        assert [] == self._litter(name)
        began = time.monotonic()
        ordinary = await self.stage.start(self.client, _ORDINARY, "Do it", await self.stage.task())
        assert "Do it: succeeded, 1 document" == (await ordinary.result()).message
        assert self.worker.process.returncode is None
        assert '"level": "error"' not in self.worker.lines()
        return Contained(seconds, time.monotonic() - began, self.most_disk)

    def _alive(self, name: str) -> list[str]:
        return [line for _, line in command_lines() if self.marks[name] in line]

    def _litter(self, name: str) -> list[str]:
        mark, places = self.marks[name], (Path(place) for place in _PLACES if Path(place).is_dir())
        return [str(found) for place in (*places, self.stage.home.parent) for found in _named(place, mark)]

    async def _watch_disk(self) -> None:
        self.most_disk = 0
        while True:
            self.most_disk = max(self.most_disk, await asyncio.to_thread(_bytes, self.stage.home / "runs"))
            await asyncio.sleep(0.02)


@asynccontextmanager
async def hostile_stage(
    twin_factory: TwinFactory, connect: Connect, robots: Mapping[str, Hostile], log: Path
) -> AsyncIterator[HostileStage]:
    """A worker with strict limits, and these robots; one more looks for secrets."""
    for folder in _ordinary_folder():
        secrets = folder / "kurun.toml"
        robots = {**robots, CURIOUS: curious(secrets)}
        marks = {name: f"mark-{uuid4().hex}" for name in robots}
        entries = [robot.entry(folder, _code(name), marks[name]) for name, robot in robots.items()]
        ordinary = {_ORDINARY: ROBOTS["GREETER"]}
        async with robot_stage(twin_factory, connect, folder, ordinary, more=entries) as stage:
            stage.home.mkdir(mode=0o755)
            secrets.touch(mode=0o600)
            secrets.write_text(f'[kuflow]\nclient_secret = "{stage.twin.info["kuflow"]["client_secret"]}"\n')
            variables = {
                **variables_of(stage.settings),
                **{f"KURUN_ROBOTS_{name}": value for name, value in LIMITS.items()},
            }
            async with kurun("run", "--config", str(secrets), log=log, environment=variables) as worker:
                await worker.says("registered with KuFlow")
                address = stage.twin.info["engine"]["direct_address"]
                client = await Client.connect(address, data_converter=pydantic_data_converter)
                yield HostileStage(stage, worker, client, robots, marks)
                assert 0 == await worker.stop()


def _ordinary_folder() -> Iterator[Path]:
    """A folder as robots have it on a real machine: not among temporary files, of which each run has its own place."""
    place = Path("/var/cache") if ROOT else Path.home() / ".cache"
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kurun-robots-", dir=place) as made:
        Path(made).chmod(0o711)
        yield Path(made)


def _code(name: str) -> str:
    return re.sub("[^a-zA-Z0-9]", "_", name)


def _named(place: Path, mark: str) -> Iterator[Path]:
    for parent, folders, files in os.walk(place):
        yield from (Path(parent, name) for name in (*folders, *files) if mark in name)


def _bytes(folder: Path) -> int:
    total = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            try:
                total += Path(parent, name).lstat().st_blocks * 512
            except OSError:
                continue
    return total
