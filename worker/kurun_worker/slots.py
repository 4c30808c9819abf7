"""Activity slots that can be closed before a worker stops, so that no activity is lost in a poll that is broken off.

Temporal's worker drops its open polls when it stops. A task that the server had already put on such a poll is lost to
this worker, and nobody else gets it before its start-to-close timeout: seen about once in five stops of a worker with
a backlog. So the drain first stops asking for activities, lets the open polls bring what is on its way, and only then
stops the worker. What the polls bring is run like any other task.

Workflow tasks keep Temporal's own slots: a lost one comes back after its ten seconds, without an effect, and slots in
Python cost too much for each of them.
"""

import asyncio
import contextlib
import math
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from temporalio.worker import (
    ActivitySlotInfo,
    CustomSlotSupplier,
    SlotMarkUsedContext,
    SlotPermit,
    SlotReleaseContext,
    SlotReserveContext,
    Worker,
)

from kurun_worker.resources import Headroom
from kurun_worker.token_bucket import TokenBucket

QUIET = 0.25
"""Seconds without news after which the open polls are idle. Covers a round trip to a distant engine."""

LATE = 1.5
"""Times that span, after which the event loop counts as late."""

LONGEST = 2.0
"""Seconds after which the drain goes on whatever the polls bring."""


def closing_time(drain_timeout: float) -> float:
    """The part of a drain in which polls are closed, in seconds; what is left of it is Temporal's to wait."""
    return min(LONGEST, drain_timeout / 2)


class DrainableSlots(CustomSlotSupplier):
    """Slots for activities, which can be closed and opened again. Temporal calls it from threads of its own.

    Args:
        number: Tasks at the same time, at most.
        rate: Tasks that may begin in a second; ``None``: any number.
        headroom: Asked for each slot but the first whether the machine can bear another task.
    """

    def __init__(self, number: int, *, rate: float | None = None, headroom: Headroom | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._lock = threading.Lock()
        self._number = number
        self._taken = 0
        self._bucket = TokenBucket(rate)
        self._headroom = headroom
        self._polling: set[SlotPermit] = set()
        self._running: dict[SlotPermit, str] = {}
        self._closed = False
        self._paused = False
        self.changes = 0

    @property
    def number(self) -> int:
        """Tasks at the same time, at most."""
        return self._number

    @property
    def polling(self) -> int:
        """Slots reserved for tasks that have not come yet."""
        return len(self._polling)

    @property
    def busy(self) -> int:
        """Slots of tasks that are being worked on."""
        return self._taken - len(self._polling)

    @property
    def activity_types(self) -> Mapping[str, int]:
        """What is being worked on, and how many of each."""
        with self._lock:
            return Counter(self._running.values())

    def close(self) -> None:
        """Ask for no further tasks, for good."""
        with self._lock:
            self._closed = True

    def pause(self) -> None:
        """Ask for no further tasks until :meth:`resume`. Polls that are open may bring one more each."""
        with self._lock:
            self._paused = True

    def resume(self) -> None:
        """Ask for tasks again."""
        with self._lock:
            self._paused = False
        self._wake()

    def resize(self, number: int) -> None:
        """Allow another number of tasks at the same time; with fewer, those that run are not disturbed."""
        with self._lock:
            self._number = number
        self._wake()

    def limit_rate(self, rate: float | None) -> None:
        """Let another number of tasks begin in a second."""
        with self._lock:
            self._bucket = TokenBucket(rate)
        self._wake()

    async def reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit:
        """See base class; waits for ever once closed, until the worker stops asking."""
        while (permit := self.try_reserve_slot(ctx)) is None:
            self._changed.clear()
            with self._lock:
                pause = self._wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), None if pause == math.inf else pause)
        return permit

    def try_reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit | None:  # noqa: ARG002 - see base class
        """See base class."""
        with self._lock:
            if self._wait() > 0:
                return None
            self._bucket.take()
            if self._headroom is not None:
                self._headroom.granted()
            self._taken += 1
            permit = SlotPermit()
            self._polling.add(permit)
            return permit

    def _wait(self) -> float:
        """Seconds until it is worth looking again whether there is a slot; infinite until something changes."""
        if self._closed or self._paused or self._taken >= self._number:
            return math.inf
        # Without a slot at all a busy machine would never see this worker do anything.
        room = 0.0 if self._headroom is None or self._taken == 0 else self._headroom.wait()
        return max(room, self._bucket.wait())

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    def mark_slot_used(self, ctx: SlotMarkUsedContext) -> None:
        """See base class."""
        with self._lock:
            self._polling.discard(ctx.permit)
            if isinstance(ctx.slot_info, ActivitySlotInfo):
                self._running[ctx.permit] = ctx.slot_info.activity_type
            self.changes += 1

    def release_slot(self, ctx: SlotReleaseContext) -> None:
        """See base class."""
        with self._lock:
            if ctx.permit in self._polling:
                self._polling.discard(ctx.permit)
                self._bucket.give_back()
            self._running.pop(ctx.permit, None)
            self._taken -= 1
            self.changes += 1
        self._wake()


@dataclass(frozen=True)
class DrainableWorker:
    """A worker and the slots by which its activities are drained, if it has such.

    Attributes:
        worker: Temporal's worker.
        slots: Its slots for activities.
        failed: The error for which the worker polls no more, as soon as it is known; activities may still run then.
    """

    worker: Worker
    slots: DrainableSlots | None
    failed: asyncio.Future[BaseException] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future(), repr=False
    )

    async def close_polls(self, seconds: float) -> None:
        """Stop asking for activities, and give those that run, or are still on their way, their first time to finish.

        Args:
            seconds: Longest time to take. Where nothing runs this returns as soon as the open polls are idle.
        """
        if self.slots is None:
            return
        self.slots.close()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        seen = -1
        while (left := deadline - loop.time()) > 0 and self._unsettled(self.slots, seen):
            seen, began = self.slots.changes, loop.time()
            await asyncio.sleep(min(QUIET, left))
            if loop.time() - began > LATE * QUIET:
                # Too busy a machine to hear what comes: its silence tells nothing.
                seen = -1

    @staticmethod
    def _unsettled(slots: DrainableSlots, seen: int) -> bool:
        return slots.busy > 0 or (slots.polling > 0 and slots.changes != seen)
