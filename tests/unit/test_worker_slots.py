"""Slots for activities: how many, how fast, on what machine, and when none."""

import asyncio
import time
from typing import Any, cast

from temporalio.worker import SlotMarkUsedContext, SlotPermit, SlotReleaseContext, SlotReserveContext, Worker

from kurun_worker.pausing import Pause
from kurun_worker.slots import QUIET, DrainableSlots, DrainableWorker
from kurun_worker.token_bucket import TokenBucket

CONTEXT = cast("SlotReserveContext", None)


class Machine:
    """A headroom that a test closes and opens."""

    def __init__(self) -> None:
        self.busy = False

    def wait(self) -> float:
        """Ask again soon."""
        return 0.01 if self.busy else 0.0

    def granted(self) -> None:
        """Another task was taken."""


def used(slots: DrainableSlots, permit: SlotPermit) -> None:
    """A task came for this slot."""
    context: Any = type("Used", (), {"permit": permit, "slot_info": type("Info", (), {"activity_type": "print"})()})()
    slots.mark_slot_used(cast("SlotMarkUsedContext", context))


def released(slots: DrainableSlots, permit: SlotPermit) -> None:
    """The slot is not needed any more."""
    slots.release_slot(SlotReleaseContext(slot_info=None, permit=permit))


async def reserved(slots: DrainableSlots) -> SlotPermit | None:
    """A slot, if there is one within a moment."""
    try:
        return await asyncio.wait_for(slots.reserve_slot(CONTEXT), 0.05)
    except TimeoutError:
        return None


async def test_a_pause_ends_what_is_asked_for_and_nothing_else() -> None:
    """Neither polls nor eager activities get a slot; what runs keeps its own, and whoever waits goes on afterwards."""
    slots, pause = DrainableSlots(3), Pause()
    pause.governs(slots)
    running = await slots.reserve_slot(CONTEXT)
    used(slots, running)

    pause.pause()
    waiting = asyncio.create_task(slots.reserve_slot(CONTEXT))
    during = (await reserved(slots), slots.try_reserve_slot(CONTEXT), waiting.done(), slots.busy, slots.polling)
    pause.resume()
    await asyncio.wait_for(waiting, 1)

    assert during == (None, None, False, 1, 0)
    assert (slots.busy, slots.polling, pause.paused) == (1, 1, False)


async def test_a_worker_made_during_a_pause_is_paused() -> None:
    """As after a reconnect."""
    pause = Pause()
    pause.pause()
    slots = DrainableSlots(1)
    pause.governs(slots)

    assert slots.try_reserve_slot(CONTEXT) is None
    assert (pause.paused, (pause.reason() or "")[:28]) == (True, "paused by an operator since ")


async def test_the_number_of_slots_changes_while_they_are_used() -> None:
    """More are there at once; fewer only after those that are too many have been given back."""
    slots = DrainableSlots(1)
    first = await slots.reserve_slot(CONTEXT)
    waiting = asyncio.create_task(slots.reserve_slot(CONTEXT))
    await asyncio.sleep(0)
    slots.resize(2)
    second = await asyncio.wait_for(waiting, 1)

    slots.resize(1)
    released(slots, first)
    with_one_running = slots.try_reserve_slot(CONTEXT)
    released(slots, second)

    assert with_one_running is None
    assert slots.try_reserve_slot(CONTEXT) is not None


async def test_no_more_begin_in_a_second_than_allowed() -> None:
    """With 20 a second and 20 at once, the 25th waits a quarter of a second; an unused slot does not count."""
    slots = DrainableSlots(100, rate=20)
    began = asyncio.get_running_loop().time()
    for _ in range(25):
        used(slots, await slots.reserve_slot(CONTEXT))
    took = asyncio.get_running_loop().time() - began
    unused = await slots.reserve_slot(CONTEXT)
    released(slots, unused)

    assert 0.2 < took < 2
    assert slots.try_reserve_slot(CONTEXT) is not None


async def test_a_busy_machine_gets_one_task_and_no_second() -> None:
    """And more once it is less busy, without anybody telling so."""
    machine = Machine()
    slots = DrainableSlots(10, headroom=machine)
    machine.busy = True
    first, second = await reserved(slots), await reserved(slots)
    waiting = asyncio.create_task(slots.reserve_slot(CONTEXT))
    await asyncio.sleep(0)
    machine.busy = False
    await asyncio.wait_for(waiting, 1)

    assert (first is not None, second) == (True, None)


async def test_closed_slots_stay_closed() -> None:
    """Whatever else happens to them."""
    slots = DrainableSlots(1)
    slots.close()
    slots.pause()
    slots.resume()
    slots.resize(5)

    assert await reserved(slots) is None


async def test_the_silence_of_a_late_machine_tells_nothing() -> None:
    """A loop that stands still hears of no task: the polls count as idle only after a span in which it turned."""
    slots, loop = DrainableSlots(1), asyncio.get_running_loop()
    permit = await slots.reserve_slot(CONTEXT)
    drain = asyncio.create_task(DrainableWorker(cast("Worker", None), slots).close_polls(10.0))
    loop.call_later(QUIET / 2, time.sleep, 2 * QUIET)

    await asyncio.sleep(2.5 * QUIET)
    used(slots, permit)
    during, busy_with = drain.done(), slots.activity_types
    released(slots, permit)
    await drain

    assert not during
    assert busy_with == {"print": 1}
    assert slots.activity_types == {}
    assert slots.polling == 0


def test_a_bucket_allows_fractions() -> None:
    """One in ten seconds: the first at once, the second ten seconds later."""
    now = [0.0]
    bucket = TokenBucket(0.1, clock=lambda: now[0])
    first = bucket.wait()
    bucket.take()
    second = bucket.wait()
    now[0] = 10.0

    assert (first, round(second, 3), bucket.wait()) == (0.0, 10.0, 0.0)
