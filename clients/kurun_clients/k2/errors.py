"""How a call to K2 ended, for both of its APIs: the outcome classes that a durable caller acts on.

::

    ApiError
    └── K2Error
        ├── GoneOrForbidden        the task or event is gone, or not for this account: K2 does not say which
        ├── AuthenticationRefused  the credentials were refused
        │   └── LoginRequired      only a person can mend it: the refresh token is gone
        ├── Temporary              nothing was done; later it may be
        ├── UnknownOutcome         the request was sent and may have taken effect: look before repeating it
        ├── NotExecuted            K2 answered with a success status and did not do it
        └── Refused                the request is wrong and stays wrong

A success is a returned value. ``InvalidRequest`` is raised, as by every client, for what is refused before it is sent.
"""

# ruff: noqa: N818 - the names are the outcome classes; "Error" added to each says no more

import re
from typing import Final

from kurun_clients.http import ApiError, InvalidRequest, InvalidResponse, StatusError, TransportError

DENIED_OR_NOT_FOUND: Final = re.compile(r"access denied or not found", re.IGNORECASE)
"""One text for both causes, under a status that nobody documents."""

GONE_CODES: Final = frozenset({"24411", "26030"})
"""The engine's codes for "not yours any more" and "no such item, or no free slot"."""

_ENGINE_CODE: Final = re.compile(r"^\s*(\d{5})\b")
_MAX_SAID: Final = 300


class K2Error(ApiError):
    """A call to K2 did not succeed; ``__cause__`` is what the HTTP client saw, if it saw anything.

    Attributes:
        code: The engine's five-digit code, if its message begins with one.
    """

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class GoneOrForbidden(K2Error):
    """The task, event or instance does not exist for this account: done, withdrawn, redirected, or never permitted."""


class AuthenticationRefused(K2Error):
    """K2 refused the credentials (401, 403)."""


class LoginRequired(AuthenticationRefused):
    """There is no refresh token, or it was revoked or has expired: a person has to log in again."""


class Temporary(K2Error):
    """K2 did not act: it was not reached, is too busy, or asks to come later. Trying again is safe."""


class UnknownOutcome(K2Error):
    """The request was sent, and K2 may have acted on it. Only looking can tell; a blind repeat may act twice."""


class NotExecuted(K2Error):
    """K2 answered with a success status but did not do it: 202 to JSON, or a ``Failure`` document under 200."""


class Refused(K2Error):
    """K2 says that the request is wrong; repeating it cannot help."""


def engine_code(message: str | None) -> str | None:
    """The five-digit code that K2's engine puts before its messages."""
    found = _ENGINE_CODE.match(message or "")
    return found.group(1) if found else None


def from_failure(place: str, message: str, *, changes_state: bool) -> K2Error:
    """The error for a ``Failure`` document under a success status.

    Args:
        place: What was called, such as ``GET /Worklist/Items(19_10)``.
        message: What K2 says.
        changes_state: Whether the call was meant to change something.
    """
    code = engine_code(message)
    text = f"{place}: {message[:_MAX_SAID]}"
    if code in GONE_CODES or DENIED_OR_NOT_FOUND.search(message):
        return GoneOrForbidden(text, code=code)
    return NotExecuted(text, code=code) if changes_state else Refused(text, code=code)


def classified(error: ApiError, *, changes_state: bool) -> ApiError:
    """The outcome class of what the HTTP client raised.

    A timeout of a read changes nothing and is temporary; one of a start, an action or a finish is unknown. So are 500,
    502 and 504 there: the server, or a gateway before it, gave up on something that it had begun.

    Args:
        error: What was raised; an :class:`InvalidRequest` and a :class:`K2Error` stay what they are.
        changes_state: Whether the call may have changed something.
    """
    found = _classified(error, changes_state=changes_state)
    if found is not error:
        found.__cause__ = error
    return found


def _classified(error: ApiError, *, changes_state: bool) -> ApiError:
    match error:
        case K2Error() | InvalidRequest():
            return error
        case StatusError():
            return _by_status(error, changes_state=changes_state)
        case TransportError(maybe_sent=True) | InvalidResponse() if changes_state:
            return UnknownOutcome(str(error))
        case _:
            return Temporary(str(error))


def _by_status(error: StatusError, *, changes_state: bool) -> K2Error:
    said = error.error.message if error.error is not None else error.excerpt
    text, code = str(error), engine_code(said)
    if code in GONE_CODES or DENIED_OR_NOT_FOUND.search(said) or error.status == 404:
        return GoneOrForbidden(text, code=code)
    if error.status in {401, 403}:
        return AuthenticationRefused(text, code=code)
    if error.status in {408, 425, 429, 503}:
        return Temporary(text, code=code)
    if error.status >= 500:
        return UnknownOutcome(text, code=code) if changes_state else Temporary(text, code=code)
    return Refused(text, code=code)
