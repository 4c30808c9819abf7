"""How the failure of a K2 activity is read."""

from typing import Any, Final

from temporalio import exceptions
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, TimeoutType

from kurun_activities.failure_types import VALIDATION_FAILURE
from kurun_activities.k2.failure_types import NOT_EXECUTED, REFUSED

WRONG_REQUEST: Final = frozenset({REFUSED, NOT_EXECUTED, VALIDATION_FAILURE})
"""Failures that say: K2 did not do this, and would not do it if it were asked again."""

_GONE: Final = "gone"


def failure_type(error: ActivityError) -> str | None:
    """The type that the activity gave its failure."""
    return error.cause.type if isinstance(error.cause, ApplicationError) else None


def reason(error: ActivityError) -> str:
    """What the activity said, in one line."""
    said = error.cause.message if isinstance(error.cause, ApplicationError) else str(error)
    return " ".join(said.split())


def ran_out(error: ActivityError) -> bool:
    """Whether the time for all attempts of the activity was over, rather than that it failed for good."""
    cause = error.cause
    late = isinstance(cause, exceptions.TimeoutError) and cause.type is TimeoutType.SCHEDULE_TO_CLOSE
    return late or error.retry_state is RetryState.TIMEOUT


def saw_it_gone(error: ActivityError) -> bool:
    """Whether an activity that could not tell if it had acted saw that the task is not there any more."""
    details: tuple[Any, ...] = tuple(error.cause.details) if isinstance(error.cause, ApplicationError) else ()
    found = details[0].get("seen") if details and isinstance(details[0], dict) else None
    return isinstance(found, str) and found.startswith(_GONE)
