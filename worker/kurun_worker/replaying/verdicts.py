"""Replaying histories one by one, and saying of each what became of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from kurun_worker.definitions import workflow_name
from kurun_worker.reasons import engine_reason


@dataclass(frozen=True)
class Recorded:
    """A history and where it comes from.

    Attributes:
        history: The events of one run.
        workflow_type: What the run is of.
        source: How a person finds it again: workflow id and run id, or a file.
        running: Whether it was going on when it was read; then a break would stop a process.
    """

    history: WorkflowHistory
    workflow_type: str
    source: str
    running: bool = False


@dataclass(frozen=True)
class Verdict:
    """What became of one history.

    Attributes:
        recorded: The history.
        broken: Why this code does not make the commands of the history; ``None`` if it does.
        served: Whether there is code for its workflow type at all.
    """

    recorded: Recorded
    broken: str | None
    served: bool = True


async def replay(replayer: Replayer, histories: AsyncIterator[Recorded]) -> AsyncIterator[Verdict]:
    """Replay each history as it comes; no more than one is kept.

    Yields:
        The verdicts, in the order of the histories.
    """
    served = {workflow_name(each) for each in replayer.config(active_config=True).get("workflows", ())}
    dynamic = None in served
    async for recorded in histories:
        if recorded.workflow_type not in served and not dynamic:
            yield Verdict(recorded, f"no module serves workflow type {recorded.workflow_type}", served=False)
            continue
        yield Verdict(recorded, await _failure(replayer, recorded.history))


async def _failure(replayer: Replayer, history: WorkflowHistory) -> str | None:
    async def alone() -> AsyncIterator[WorkflowHistory]:
        yield history

    async with replayer.workflow_replay_iterator(alone()) as results:
        async for result in results:
            return None if result.replay_failure is None else engine_reason(result.replay_failure)
    return "Temporal's replay came to no end"
