"""A worker that an operator keeps from taking new work, without ending it.

Paused, a worker asks for no activities. Those that run go on, and workflow tasks are still served: they have no effect
outside the engine, and what they want done waits on the task queue, for this worker or another. Requests for activities
that were open already can be answered with one more each, for up to a minute; the engine offers no way to take them
back without losing what it has just put there.
"""

from datetime import datetime
from weakref import WeakSet

import structlog

from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.slots import DrainableSlots

log = structlog.get_logger(__name__)


class Pause:
    """Whether work is taken; it holds for every worker that this process makes, one after the other.

    Args:
        clock: Where time comes from.

    Attributes:
        since: When the present pause began; ``None`` while work is taken.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._slots: WeakSet[DrainableSlots] = WeakSet()
        self.since: datetime | None = None

    @property
    def paused(self) -> bool:
        """Whether no new activities are asked for."""
        return self.since is not None

    @property
    def open_polls(self) -> int:
        """Requests for activities that were open when the pause began, and may still bring one each."""
        return sum(each.polling for each in self._slots)

    def reason(self) -> str | None:
        """Why no work is taken, for a health check; ``None`` while it is."""
        return None if self.since is None else f"paused by an operator since {self.since.isoformat()}"

    def governs(self, slots: DrainableSlots) -> None:
        """Let it hold for these slots too."""
        self._slots.add(slots)
        if self.paused:
            slots.pause()

    def pause(self) -> None:
        """Take no new activities."""
        if self.paused:
            log.info("the worker is paused already", since=self.since)
            return
        self.since = self._clock.now()
        for each in self._slots:
            each.pause()
        log.warning(
            "paused: no new activities are taken, running ones go on; SIGUSR2 resumes",
            running=sum(each.busy for each in self._slots),
            may_still_come=self.open_polls,
        )

    def resume(self) -> None:
        """Take activities again."""
        if self.since is None:
            log.info("the worker is not paused")
            return
        seconds = round((self._clock.now() - self.since).total_seconds(), 1)
        self.since = None
        for each in self._slots:
            each.resume()
        log.info("resumed: activities are taken again", paused_for=seconds)
