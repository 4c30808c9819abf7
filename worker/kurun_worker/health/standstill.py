"""Saying in the log that the event loop stands still, and where, from a thread that it does not hold up."""

import asyncio
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog

from kurun_clients.threads import in_own_thread
from kurun_worker.health.conditions import Beat, Health

log = structlog.get_logger(__name__)

MOST_FRAMES: Final = 15
"""Innermost frames that are told: the blocking call and its caller's way to it."""
_LOOKS: Final = 5
"""How often it is looked in the time that the loop may stand still."""


class Standstill:
    """Watches the beats of the event loop; tells each block once, and its end.

    Args:
        health: Knows the beats.
        limit: Seconds without one that are told.
        monotonic: The seconds of the beats.
    """

    def __init__(self, health: Health, limit: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._health = health
        self._limit = limit
        self._monotonic = monotonic
        self._told: Beat | None = None

    async def run(self) -> None:
        """Watch for ever, on another loop than the one that is watched."""
        pause = self._limit / _LOOKS
        while True:
            before = self._monotonic()
            await asyncio.sleep(pause)
            if (late := self._monotonic() - before - pause) > self._limit / 2:
                # Whatever held this thread too was not the loop: its stack would accuse an innocent.
                said = partial(log.warning, "the whole process stood still", seconds=round(late, 1))
                await in_own_thread(said)
            elif (line := self.looked()) is not None:
                # A log that cannot be written must not hold up who asks for the health.
                await in_own_thread(line)

    def looked(self) -> Callable[[], None] | None:
        """What there is to log now."""
        beat = self._health.last_beat
        if self._told is not None and beat is not None and beat.at != self._told.at:
            stood, self._told = beat.at - self._told.at, None
            return partial(log.warning, "the event loop turns again", stood_still=round(stood, 1))
        lag = 0.0 if beat is None else self._monotonic() - beat.at
        if beat is None or self._told is not None or lag <= self._limit:
            return None
        self._told = beat
        return partial(log.error, "the event loop stands still", seconds=round(lag, 1), at=where(beat.thread))


def where(thread: int) -> list[str]:
    """What a thread does now, the innermost call first; without lines of source or values."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - documented, for this purpose
    walked = traceback.walk_stack(frame) if frame is not None else ()
    frames = traceback.StackSummary.extract(walked, limit=MOST_FRAMES, lookup_lines=False)
    return [f"{each.filename}:{each.lineno} {each.name}" for each in frames]
