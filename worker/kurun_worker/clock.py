"""Time as the long-running parts of the daemon see it."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time to compare with a credential's end, steady time to wait by.

    The two are kept apart because the wall clock may be set while the daemon runs, and steady time stands still while
    the machine sleeps.
    """

    def now(self) -> datetime:
        """The date and time, aware."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for ``event``, at most so long; whether it came."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """The date and time, aware."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for ``event``, at most so long; whether it came."""
        try:
            async with asyncio.timeout(seconds):
                return await event.wait()
        except TimeoutError:
            return False


SYSTEM_CLOCK = SystemClock()
