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
from typing import Final, Protocol, runtime_checkable

from kurun_clients.http import ApiError, ErrorBody, InvalidRequest, InvalidResponse, StatusError, TransportError
from kurun_clients.k2.places import Place

DENIED_OR_NOT_FOUND: Final = re.compile(r"access denied or not found", re.IGNORECASE)
"""One text for both causes, under a status that nobody documents."""

GONE_CODES: Final = frozenset({"24411", "26030"})
"""The engine's codes for "not yours any more" and "no such item, or no free slot"."""

GONE_STATUS: Final = 404
"""Also means "no longer available", but only together with K2's own error body."""

NO_ROUTE: Final = re.compile(
    r"no (http resource|action|type|controller|route data) was found|endpoint not found", re.IGNORECASE
)
"""What .NET says under 404 when the address leads nowhere, before K2 is asked."""

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
    """The task, event or instance does not exist for this account: done, withdrawn, redirected, or never permitted.

    K2 itself says so. The 404 of a gateway, or of an address that is wrong, is :class:`Temporary`.
    """


class AuthenticationRefused(K2Error):
    """K2 refused the credentials (401, 403)."""


class LoginRequired(AuthenticationRefused):
    """There is no refresh token, or it was revoked or has expired: a person has to log in again."""


class Temporary(K2Error):
    """K2 did not act: it was not reached, perhaps at a wrong address, or is too busy. Trying again is safe."""


class UnknownOutcome(K2Error):
    """The request was sent, and K2 may have acted on it. Only looking can tell; a blind repeat may act twice."""


class NotExecuted(K2Error):
    """K2 answered with a success status but did not do it: 202 to JSON, or a ``Failure`` document under 200."""


class Refused(K2Error):
    """K2 says that the request is wrong; repeating it cannot help."""


@runtime_checkable
class K2Body(ErrorBody, Protocol):
    """The body of an error response that may be K2's own."""

    @property
    def is_k2s(self) -> bool:
        """Whether it has the form of K2's own errors, rather than of a gateway's."""


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


def classified(error: ApiError, place: Place, *, changes_state: bool) -> ApiError:
    """The outcome class of what the HTTP client raised.

    A timeout of a read changes nothing and is temporary; one of a start, an action or a finish is unknown. So are 500,
    502 and 504 there: the server, or a gateway before it, gave up on something that it had begun.

    Args:
        error: What was raised; an :class:`InvalidRequest` and a :class:`K2Error` stay what they are.
        place: Which K2 was called; messages name it.
        changes_state: Whether the call may have changed something.
    """
    found = _classified(error, place, changes_state=changes_state)
    if found is not error:
        found.__cause__ = error
    return found


def _classified(error: ApiError, place: Place, *, changes_state: bool) -> ApiError:
    text = f"K2 at {place.host}: {error}"
    match error:
        case K2Error() | InvalidRequest():
            return error
        case StatusError():
            return _by_status(error, text, place, changes_state=changes_state)
        case TransportError(maybe_sent=True) | InvalidResponse() if changes_state:
            return UnknownOutcome(text)
        case _:
            return Temporary(text)


def _by_status(error: StatusError, text: str, place: Place, *, changes_state: bool) -> K2Error:
    said = error.error.message if error.error is not None else error.excerpt
    code = engine_code(said)
    if code in GONE_CODES or DENIED_OR_NOT_FOUND.search(said) or _is_gone(error):
        return GoneOrForbidden(text, code=code)
    if error.status == GONE_STATUS:
        return Temporary(f"K2 at {place.endpoint}: {error}: is {place.setting} right?", code=code)
    if error.status in {401, 403}:
        return AuthenticationRefused(_refusal(error, place), code=code)
    if error.status in {408, 425, 429, 503}:
        return Temporary(text, code=code)
    if error.status >= 500:
        return UnknownOutcome(text, code=code) if changes_state else Temporary(text, code=code)
    return Refused(text, code=code)


def _is_gone(error: StatusError) -> bool:
    body = error.error
    if error.status != GONE_STATUS or body is None or not (isinstance(body, K2Body) and body.is_k2s):
        return False
    texts = (body.message, *(each.message for each in body.errors or ()))
    return not any(NO_ROUTE.search(text or "") for text in texts)


def _refusal(error: StatusError, place: Place) -> str:
    if error.status == 403:
        return f"K2 at {place.endpoint} forbids this to {place.caller}: a right may be missing ({error})"
    return f"K2 at {place.endpoint} refuses {place.caller}: {place.remedy} ({error})"
