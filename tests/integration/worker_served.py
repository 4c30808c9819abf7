"""What the workers under test serve."""

import asyncio
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy

EFFECTS: Counter[str] = Counter()
"""How often each piece of work took effect, by ``workflow id/number``."""

STARTED: Counter[str] = Counter()
"""How often each was begun."""

EVENTS: list[str] = []
"""What happened, in order: ``cancelled workflow id/number``, and what a test adds."""

PROMPT = RetryPolicy(initial_interval=timedelta(milliseconds=100))


@dataclass
class Load:
    """Work to be done at the same time.

    Attributes:
        pieces: How many pieces.
        seconds: How long each takes.
        rounds: How often all of them are done, one round after the other.
        stuck: Whether a first attempt goes on until it is cancelled.
    """

    pieces: int
    seconds: float
    rounds: int = 1
    stuck: bool = False


@activity.defn
async def piece(number: int, seconds: float, stuck: bool) -> int:
    """Take some time, then have an effect; returns the attempt."""
    name = f"{activity.info().workflow_id}/{number}"
    STARTED[name] += 1
    try:
        await asyncio.sleep(3600 if stuck and activity.info().attempt == 1 else seconds)
    except asyncio.CancelledError:
        EVENTS.append(f"cancelled {name}")
        raise
    EFFECTS[name] += 1
    return activity.info().attempt


@activity.defn
def threaded() -> str:
    """Run in a thread; returns its name."""
    return threading.current_thread().name


@workflow.defn
class LoadWorkflow:
    """Do a load; returns the attempts of all pieces."""

    @workflow.run
    async def run(self, load: Load) -> list[int]:
        """Round by round."""
        attempts: list[int] = []
        for turn in range(load.rounds):
            attempts += await asyncio.gather(
                *(
                    workflow.execute_activity(
                        piece,
                        args=[turn * load.pieces + number, load.seconds, load.stuck],
                        start_to_close_timeout=timedelta(seconds=30),
                        retry_policy=PROMPT,
                    )
                    for number in range(load.pieces)
                )
            )
        return attempts


@workflow.defn
class ThreadedWorkflow:
    """Run the activity that needs a thread."""

    @workflow.run
    async def run(self) -> str:
        """Its thread's name."""
        return await workflow.execute_activity(
            threaded, start_to_close_timeout=timedelta(seconds=10), retry_policy=PROMPT
        )
