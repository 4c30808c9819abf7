"""The heartbeat: regular, with the latest progress, never failing in silence."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from kurun_activities.failure_types import FAILURE
from kurun_activities.heartbeat import heartbeating

TIMEOUT = timedelta(milliseconds=30)


class Beats:
    """Collects heartbeats; lets a test wait for one."""

    def __init__(self) -> None:
        self.seen: list[tuple[object, ...]] = []
        self._new = asyncio.Event()

    def __call__(self, *details: object) -> None:
        """Take one."""
        self.seen.append(details)
        self._new.set()

    async def have(self, *details: object) -> None:
        """Wait for a beat with these details."""
        async with asyncio.timeout(5):
            while details not in self.seen:
                await self._new.wait()
                self._new.clear()


@pytest.fixture
def environment() -> ActivityEnvironment:
    """An activity with a heartbeat timeout."""
    made = ActivityEnvironment()
    made.info = replace(made.info, heartbeat_timeout=TIMEOUT)
    return made


async def test_it_beats_with_the_latest_progress(environment: ActivityEnvironment) -> None:
    """The first beat goes out at once; later ones carry what was reported last."""
    beats = Beats()
    environment.on_heartbeat = beats

    async def activity() -> None:
        async with heartbeating("started") as heartbeat:
            await beats.have("started")
            heartbeat.report({"bytes": 1})
            heartbeat.report({"bytes": 2})
            await beats.have({"bytes": 2})

    await environment.run(activity)

    assert ({"bytes": 1},) not in beats.seen


async def test_it_beats_several_times_within_the_timeout(environment: ActivityEnvironment) -> None:
    """A beat may be lost without the activity being given up."""
    times: list[float] = []
    enough = asyncio.Event()

    def beat(*_: object) -> None:
        times.append(asyncio.get_running_loop().time())
        if len(times) == 4:
            enough.set()

    environment.info = replace(environment.info, heartbeat_timeout=timedelta(milliseconds=300))
    environment.on_heartbeat = beat

    async def activity() -> None:
        async with heartbeating():
            await enough.wait()

    await environment.run(activity)

    assert 0.25 < times[-1] - times[0] < 0.9


async def test_it_stops_with_the_block(environment: ActivityEnvironment) -> None:
    """No beat goes out after the block, and no task is left behind."""
    beats = Beats()
    environment.on_heartbeat = beats
    before = asyncio.all_tasks()

    async def activity() -> None:
        async with heartbeating():
            await beats.have()

    await environment.run(activity)

    assert before == asyncio.all_tasks()


async def test_without_a_timeout_nothing_is_sent() -> None:
    """A workflow that set no heartbeat timeout gets no heartbeats."""
    environment, beats = ActivityEnvironment(), Beats()
    environment.on_heartbeat = beats

    async def activity() -> str:
        async with heartbeating("started") as heartbeat:
            heartbeat.report("working")
            await asyncio.sleep(0)
            return "done"

    assert await environment.run(activity) == "done"
    assert beats.seen == []


async def test_a_failed_beat_ends_the_block(environment: ActivityEnvironment) -> None:
    """When the beating fails, the work is interrupted and the reason raised, as a failure that is retried."""
    environment.on_heartbeat = lambda *_: (_ for _ in ()).throw(OSError("no route"))

    async def activity() -> None:
        async with heartbeating():
            await asyncio.Event().wait()

    with pytest.raises(ApplicationError, match="no route") as caught:
        await environment.run(activity)

    assert (caught.value.type, caught.value.non_retryable) == (FAILURE, False)


async def test_errors_of_the_block_pass(environment: ActivityEnvironment) -> None:
    """What goes wrong in the work is raised as it is, not wrapped."""

    async def activity() -> None:
        async with heartbeating():
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await environment.run(activity)


async def test_a_cancelled_block_stays_cancelled(environment: ActivityEnvironment) -> None:
    """Cancelling the activity cancels the block; the heartbeat does not turn it into something else."""
    beats = Beats()
    environment.on_heartbeat = beats

    async def activity() -> None:
        async with heartbeating():
            await asyncio.Event().wait()

    running = asyncio.create_task(environment.run(activity))
    await beats.have()
    environment.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
