"""How an API error looks to a workflow: one table, applied once, at the edge of every activity.

What matters is whether waiting can help. An error that says "the data is wrong" ends the activity; one that says "the
machine is wrong" is left to Temporal, which waits as long as the workflow's retry policy allows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from kurun_activities.failure_types import FAILURE, REST_FAILURE, UNKNOWN_OUTCOME, VALIDATION_FAILURE
from kurun_clients.http import ApiError, InvalidRequest, InvalidResponse, StatusError, TransportError

MAX_TEXT: Final = 500
MAX_RETRY_AFTER: Final = timedelta(hours=1)  # a longer wait is a mistake of the server and would look like a hang


@dataclass(frozen=True)
class Verdict:
    """What becomes of an activity after an error.

    Attributes:
        terminal: Repeating cannot help: the activity fails.
        reason: Why; it stands in the failure's message when the activity ends.
        benign: Expected in normal operation: no warning, no failure metric.
        delay: Wait at least this long before the next attempt, if the answer names no time itself.
    """

    terminal: bool
    reason: str
    benign: bool = False
    delay: timedelta | None = None


BY_STATUS: Final[Mapping[int, Verdict]] = MappingProxyType(
    {
        400: Verdict(terminal=True, reason="the request is wrong and stays wrong"),
        # The worker's credentials say nothing about the process. Were this terminal, one worker with a rotated secret
        # would fail every process it touches; so work waits for good credentials, at a pace that locks no account.
        401: Verdict(terminal=False, reason="the worker's credentials were refused", delay=timedelta(seconds=30)),
        403: Verdict(terminal=True, reason="not permitted, or the process has ended; neither heals by waiting"),
        404: Verdict(terminal=True, reason="what the request names does not exist"),
        405: Verdict(terminal=True, reason="the API has no such operation"),
        408: Verdict(terminal=False, reason="the request took too long to arrive"),
        409: Verdict(terminal=True, reason="the state does not allow it; a repeat meets the same state"),
        413: Verdict(terminal=True, reason="the body is too large and stays so"),
        415: Verdict(terminal=True, reason="the body's type is not accepted and stays so"),
        422: Verdict(terminal=True, reason="the content is wrong and stays wrong"),
        425: Verdict(terminal=False, reason="the server asks to come later"),
        429: Verdict(terminal=False, reason="the server asks to slow down", benign=True),
    }
)

OTHER_4XX: Final = Verdict(terminal=True, reason="the server blames the request")
OTHER_STATUS: Final = Verdict(terminal=False, reason="the server, or something before it, is unwell")
TRANSPORT: Final = Verdict(terminal=False, reason="the network or the server is unwell")
UNREADABLE: Final = Verdict(terminal=False, reason="something before the API may have answered in its place")
NEVER_SENT: Final = Verdict(terminal=True, reason="the client refused to send the request")
OTHER: Final = Verdict(terminal=False, reason="unexpected")


def verdict(error: ApiError) -> Verdict:
    """What the table says about an error."""
    match error:
        case StatusError():
            return BY_STATUS.get(error.status, OTHER_4XX if 400 <= error.status < 500 else OTHER_STATUS)
        case TransportError():
            return TRANSPORT
        case InvalidResponse():
            return UNREADABLE
        case InvalidRequest():
            return NEVER_SENT
        case _:
            return OTHER


def rest_failure(error: ApiError) -> ApplicationError:
    """The failure that a workflow sees instead of an API error; its detail is KuFlow's ``DefaultError`` if given."""
    found = verdict(error)
    if isinstance(error, InvalidRequest):
        return validation_failure(_cut(str(error)))
    details = [error.error.to_wire()] if isinstance(error, StatusError) and error.error else []
    ending = f" ({found.reason})" if found.terminal else ""
    return ApplicationError(
        f"Rest Invocation error: {_cut(str(error))}{ending}",
        *details,
        type=REST_FAILURE,
        non_retryable=found.terminal,
        next_retry_delay=None if found.terminal else _delay(error, found),
        category=ApplicationErrorCategory.BENIGN if found.benign else ApplicationErrorCategory.UNSPECIFIED,
    )


def _delay(error: ApiError, found: Verdict) -> timedelta | None:
    asked = error.retry_after if isinstance(error, StatusError) else None
    return min(asked, MAX_RETRY_AFTER) if asked else found.delay


def validation_failure(message: str) -> ApplicationError:
    """The activity's request is wrong: the activity ends."""
    return ApplicationError(message, type=VALIDATION_FAILURE, non_retryable=True)


def unknown_outcome(message: str) -> ApplicationError:
    """Nobody can tell whether an earlier attempt took effect, and a repeat could do it twice: the activity ends."""
    return ApplicationError(message, type=UNKNOWN_OUTCOME, non_retryable=True)


def failure(message: str, *, terminal: bool = False) -> ApplicationError:
    """Something else went wrong; Temporal repeats it unless it is ``terminal``."""
    return ApplicationError(message, type=FAILURE, non_retryable=terminal)


def unexpected(error: Exception) -> ApplicationError:
    """What an exception that nobody foresaw becomes. It is repeated: the next release may mend it."""
    # A validation error quotes the values it met, and they may be confidential.
    text = f"{error.title} does not match" if isinstance(error, ValidationError) else str(error)
    return failure(f"Invocation error: {type(error).__name__}: {_cut(text)}")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"
