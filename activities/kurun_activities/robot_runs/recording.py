"""What the worker's own log says about runs: a line when one begins, and a line when it is over."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import structlog
from temporalio import activity

from kurun_activities.robot_runs.failures import RobotFailed, RobotOverLimit, is_passing

log = structlog.get_logger(__name__)


def is_told(attempt: int) -> bool:
    """Whether an attempt is told about: 1, 2, 4, 8 and so on, so that logs stay short however long it goes on."""
    return attempt & (attempt - 1) == 0


def is_handed_back() -> bool:
    """Whether the running activity was cancelled only because its worker is being stopped."""
    details = activity.cancellation_details()
    return details is not None and details.worker_shutdown


@contextmanager
def recorded(**about: Any) -> Iterator[None]:
    """Write the two lines.

    A repeated attempt that ends as the one before did is written at the level DEBUG, unless it is told about.

    Args:
        about: What is run, and for whom.
    """
    attempt = activity.info().attempt
    bound = log.bind(**about, attempt=attempt)
    say = bound.info if is_told(attempt) else bound.debug
    say("a robot's run begins")
    begun, outcome = monotonic(), "succeeded"
    try:
        yield
    except asyncio.CancelledError:
        outcome = "handed back" if is_handed_back() else "cancelled"
        raise
    except Exception as error:
        outcome = _outcome_of(error)
        raise
    finally:
        if outcome != "tried again":
            say = bound.info
        say("a robot's run is over", outcome=outcome, duration=round(monotonic() - begun, 1))


def _outcome_of(error: Exception) -> str:
    match error:
        case RobotOverLimit():
            return "over limit"
        case RobotFailed():
            return "failed"
        case _:
            return "tried again" if is_passing(error) else "refused"
