"""How a K2 error looks to a workflow: one table, applied once, at the edge of every activity.

As for KuFlow, what matters is whether waiting can help. Beyond that K2 needs care about what may have been done: see
:func:`k2_failure`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from kurun_activities.failures import MAX_RETRY_AFTER, MAX_TEXT, Verdict, validation_failure
from kurun_activities.k2 import failure_types
from kurun_clients.http import ApiError, StatusError
from kurun_clients.k2.errors import (
    AuthenticationRefused,
    GoneOrForbidden,
    K2Error,
    LoginRequired,
    NotExecuted,
    Refused,
    Temporary,
    UnknownOutcome,
)

_FOR_A_PERSON: Final = timedelta(seconds=30)  # a pace that locks no account while the work waits for good credentials


@dataclass(frozen=True)
class Entry:
    """One line of the table: the failure's type, and what becomes of the activity."""

    type: str
    verdict: Verdict


INTERRUPTED: Final = Entry(
    failure_types.INTERRUPTED,
    Verdict(terminal=False, reason="it may have been done; the next attempt looks before it acts"),
)
UNKNOWN: Final = Entry(
    failure_types.UNKNOWN_OUTCOME,
    Verdict(terminal=True, reason="it may have been done, and a repeat could do it twice"),
)

BY_OUTCOME: Final[Mapping[type[K2Error], Entry]] = MappingProxyType(
    {
        GoneOrForbidden: Entry(
            failure_types.GONE_OR_FORBIDDEN,
            Verdict(terminal=True, reason="done by others, withdrawn or not permitted; K2 does not say which"),
        ),
        Refused: Entry(failure_types.REFUSED, Verdict(terminal=True, reason="the request is wrong and stays wrong")),
        NotExecuted: Entry(failure_types.NOT_EXECUTED, Verdict(terminal=True, reason="K2 answered but did not do it")),
        # As with KuFlow, the worker's credentials say nothing about the process: it waits for good ones.
        LoginRequired: Entry(
            failure_types.LOGIN_REQUIRED,
            Verdict(terminal=False, reason="log in again with `kurun k2 login`", delay=_FOR_A_PERSON),
        ),
        AuthenticationRefused: Entry(
            failure_types.AUTHENTICATION_REFUSED,
            Verdict(terminal=False, reason="K2 refuses the worker's credentials", delay=_FOR_A_PERSON),
        ),
        Temporary: Entry(failure_types.TEMPORARY, Verdict(terminal=False, reason="K2 did not act; later it may")),
        UnknownOutcome: INTERRUPTED,
    }
)
"""Outcome class and what becomes of it; a subclass stands before its base."""


def k2_failure(error: K2Error, *, looks_first: bool) -> ApplicationError:
    """The failure that a workflow sees instead of a K2 error; its detail is the engine's code if there is one.

    Args:
        error: The outcome.
        looks_first: Whether a later attempt of the activity looks before it acts, as all of ours do. Only then an
            unknown outcome is worth another attempt.
    """
    entry = _entry(error, looks_first=looks_first)
    found, cause = entry.verdict, error.__cause__
    busy = isinstance(cause, StatusError) and cause.status == 429
    return ApplicationError(
        f"{_cut(str(error))} ({found.reason})",
        *([{"code": error.code}] if error.code else []),
        type=entry.type,
        non_retryable=found.terminal,
        next_retry_delay=None if found.terminal else _asked(cause) or found.delay,
        category=ApplicationErrorCategory.BENIGN if busy else ApplicationErrorCategory.UNSPECIFIED,
    )


def interrupted(message: str, *, delay: timedelta | None = None) -> ApplicationError:
    """What an earlier attempt did cannot be seen yet: the activity looks again later."""
    return ApplicationError(message, type=failure_types.INTERRUPTED, next_retry_delay=delay)


def unknown_outcome(message: str, seen: Mapping[str, Any]) -> ApplicationError:
    """Looking could not tell whether an earlier attempt took effect: the activity ends with what was seen."""
    return ApplicationError(message, dict(seen), type=failure_types.UNKNOWN_OUTCOME, non_retryable=True)


def gone(message: str, seen: Mapping[str, Any]) -> ApplicationError:
    """Somebody else was first: the activity ends with what was seen."""
    return ApplicationError(message, dict(seen), type=failure_types.GONE_OR_FORBIDDEN, non_retryable=True)


def changed_nothing(error: ApiError) -> bool:
    """Whether K2 certainly did not do what was asked; see :func:`kurun_activities.attempts.noted`."""
    cause = error.__cause__
    if isinstance(cause, StatusError) and cause.status == 408:
        return False
    return not isinstance(error, UnknownOutcome)


def not_sent(error: ApiError) -> ApplicationError:
    """The client refused to send the request: it is wrong."""
    return validation_failure(_cut(str(error)))


def _entry(error: K2Error, *, looks_first: bool) -> Entry:
    for outcome, entry in BY_OUTCOME.items():
        if isinstance(error, outcome):
            return UNKNOWN if entry is INTERRUPTED and not looks_first else entry
    return BY_OUTCOME[Temporary]


def _asked(cause: BaseException | None) -> timedelta | None:
    asked = cause.retry_after if isinstance(cause, StatusError) else None
    return min(asked, MAX_RETRY_AFTER) if asked else None


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"
