"""What a task's log says about the run of its robot, beside what the robot says itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from temporalio import activity

from kurun_activities.robot_runs.failures import RobotFailed, failure_of, is_passing
from kurun_activities.robot_runs.models import RobotOutcome, RobotRunRequest
from kurun_activities.robot_runs.outputs import Uploads, printable
from kurun_activities.robot_runs.recording import is_handed_back, is_told
from kurun_activities.robot_runs.run_log import LEAST_ENTRIES, MAX_ENTRIES, RunLog
from kurun_clients.http import ApiError
from kurun_clients.kuflow.models import ProcessItemTaskLogLevel, Robot

LAST_WORDS: Final = 5.0
"""Seconds for the log's last entry when the run was cancelled."""
_NAMES: Final = 10


def entries_of(attempt: int) -> int:
    """Entries that an attempt may write at most: the repeated ones must not push each other out of the log."""
    return max(LEAST_ENTRIES, MAX_ENTRIES >> min(attempt - 1, 8))


def is_forgotten(error: Exception) -> bool:
    """Whether what an attempt wrote is not worth keeping when it ends with this error: another follows soon."""
    return not is_told(activity.info().attempt) and is_passing(error)


@asynccontextmanager
async def narrated(log: RunLog, robot: Robot, request: RobotRunRequest) -> AsyncIterator[None]:
    """Tell the log how the run begins, and how it ends if it does not end well.

    A run that is tried for long tells less and less often why it fails. As soon as a robot says something, or there is
    something new to say, that it began anew is said first.
    """
    name = f"Robot {robot.name}: {request.operation!r}"
    await _begin(log, name)
    try:
        yield
    except asyncio.CancelledError:
        with suppress(ApiError, TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await log.say(f"{name} {_why_cancelled()}", ProcessItemTaskLogLevel.WARN)
        raise
    except Exception as error:
        if isinstance(error, RobotFailed):
            error.outcome = error.outcome.model_copy(update={"last_lines": log.last_lines})
        if not is_forgotten(error):
            level = ProcessItemTaskLogLevel.WARN if is_passing(error) else ProcessItemTaskLogLevel.ERROR
            # What a robot failed with begins with the name of its operation.
            about = f"Robot {robot.name}" if isinstance(error, RobotFailed) else name
            with suppress(ApiError):
                await log.say(f"{about}: {failure_of(error).message}", level)
        raise


async def _begin(log: RunLog, name: str) -> None:
    attempt = activity.info().attempt
    if attempt == 1:
        await log.say(f"{name} begins")
        return
    lost = "the attempt before did not come to its end, or the machine was unwell"
    log.open_with(f"{name} begins anew, attempt {attempt}: {lost}", ProcessItemTaskLogLevel.WARN)
    if is_told(attempt):
        await log.open()


def _why_cancelled() -> str:
    details = activity.cancellation_details()
    if is_handed_back():
        return "was ended: the worker is being stopped; it runs anew"
    if details is not None and details.cancel_requested:
        return "was cancelled, and ended"
    if details is not None and (details.paused or details.reset):
        return f"was ended: its activity {'is paused' if details.paused else 'was reset'}; it runs anew"
    return "was ended: its time was over, or nobody waits for it any more"


def ended_well(outcome: RobotOutcome, uploads: Uploads) -> str:
    """The last entry of a run that succeeded."""
    left = _listed("documents", [each.path for each in uploads.documents], uploads.more)
    outputs = uploads.outputs
    out = _listed(
        "left out (links, pipes, files of others)", outputs.examples, outputs.left_out - len(outputs.examples)
    )
    return f"The robot succeeded after {outcome.duration:.1f} s{left}{out}"


def _listed(what: str, names: list[str], more: int = 0) -> str:
    if not names:
        return ""
    rest = max(0, len(names) - _NAMES) + more
    shown = ", ".join(printable(name) for name in names[:_NAMES])
    return f"; {what}: {shown}" + (f" and {rest} more" if rest > 0 else "")
