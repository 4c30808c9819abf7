"""Looking at a dependency again and again, without ever waiting for it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.pacing import jittered
from kurun_worker.reasons import line


class Trouble(Exception):  # noqa: N818 - a finding, not a failure of ours
    """What was looked at is not as it has to be; the message says why, in one line."""


@dataclass(frozen=True)
class Pace:
    """How often a dependency is looked at, in seconds.

    Attributes:
        interval: Between two looks.
        timeout: What one look may take.
    """

    interval: float
    timeout: float

    @property
    def patience(self) -> float:
        """How long after the last good look a dependency still counts as there.

        A single failure is news of the network, not of the dependency: it has to fail for two looks. With the default
        settings a loss is told after 11 seconds.
        """
        return 2 * self.interval + self.timeout


class Look:
    """One dependency. At most one look at it is under way, so that a dependency that hangs holds one thread at most.

    Args:
        what: What it is, for the reason of a look that does not end.
        ask: Returns if all is well; where the next look has time, the seconds until it, instead of the pace's interval.
        pace: How often, and how long.
        patience: Seconds after the last good look in which a bad one does not count.
        presumed_well: Whether it counts as well until the first look has ended or takes too long.
        clock: Where time comes from.
    """

    def __init__(
        self,
        what: str,
        ask: Callable[[], Awaitable[float | None]],
        *,
        pace: Pace,
        patience: float = 0.0,
        presumed_well: bool = False,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._what = what
        self._ask = ask
        self._pace = pace
        self._patience = patience
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._started_at = 0.0
        self._due_at = 0.0
        self._good_at: float | None = None
        self._trouble: str | None = None if presumed_well else f"{what}: not looked at yet"

    def tick(self, *, late: float = 0.0) -> str | None:
        """Begin a look if one is due; what is wrong with the dependency, as far as is known.

        Args:
            late: Seconds for which the event loop lately stood still: no look could end in them.
        """
        now = self._clock.monotonic()
        if self._task is None and now >= self._due_at:
            self._started_at, self._due_at = now, now + jittered(self._pace.interval)
            self._task = asyncio.create_task(self._once())
        if self._task is not None and (waited := now - self._started_at) > self._pace.timeout + late:
            self._trouble = f"{self._what}: no answer for {waited:.0f} s"
        if self._trouble is None or (self._good_at is not None and now - self._good_at <= self._patience + late):
            return None
        return self._trouble

    @property
    def failing(self) -> bool:
        """Whether the last look failed, or does not end; the patience does not count here."""
        return self._trouble is not None

    async def aclose(self) -> None:
        """Wait for no look any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _once(self) -> None:
        try:
            rest = await self._ask()
        except Trouble as error:
            self._trouble = f"{self._what}: {error}"
        except Exception as error:  # a look must not end the looking
            self._trouble = f"{self._what}: {type(error).__name__}: {line(error)}"
        else:
            self._trouble, self._good_at = None, self._clock.monotonic()
            if rest is not None:
                self._due_at = self._started_at + jittered(rest)
        finally:
            self._task = None
