"""One way to heartbeat: in the background, with the latest progress, and never failing in silence."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

from temporalio import activity

from kurun_activities.failures import failure

BEATS_PER_TIMEOUT: Final = 3  # two beats may be lost or late before the engine gives the activity up


class Heartbeat:
    """Carries an activity's latest progress to the next beat."""

    def __init__(self, *details: Any) -> None:
        self._details = details

    def report(self, *details: Any) -> None:
        """Replace the progress; the next beat carries it."""
        self._details = details

    def beat(self) -> None:
        """Send the progress now."""
        activity.heartbeat(*self._details)


@asynccontextmanager
async def heartbeating(*details: Any) -> AsyncIterator[Heartbeat]:
    """Heartbeat while the block runs, at a third of the activity's heartbeat timeout.

    Without a heartbeat timeout nothing is sent. Should the beating itself fail, the block is cancelled and the failure
    raised in its place: an activity that only seems alive would be given up without a reason in its history.

    Args:
        details: Progress to start with; JSON-like, small, no secrets.

    Yields:
        Where the block reports its progress.
    """
    heartbeat = Heartbeat(*details)
    timeout = activity.info().heartbeat_timeout
    if not timeout:
        yield heartbeat
        return
    block = asyncio.current_task()
    assert block is not None  # noqa: S101 - async code always runs in a task
    beating = asyncio.create_task(_beat(heartbeat, timeout / BEATS_PER_TIMEOUT))
    interrupted = False

    def interrupt(ended: asyncio.Task[None]) -> None:
        nonlocal interrupted
        if not ended.cancelled():
            interrupted = block.cancel()

    beating.add_done_callback(interrupt)
    try:
        yield heartbeat
    except asyncio.CancelledError:
        # Another cancellation that came meanwhile counts for more than the failed beat.
        if interrupted and block.uncancel() == 0:
            raise failure(f"the heartbeat failed: {beating.exception()!r}") from beating.exception()
        raise
    finally:
        beating.remove_done_callback(interrupt)
        beating.cancel()
        await asyncio.wait([beating])


async def _beat(heartbeat: Heartbeat, interval: timedelta) -> None:
    while True:
        heartbeat.beat()
        await asyncio.sleep(interval.total_seconds())
