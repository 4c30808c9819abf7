"""Everything that can go wrong with a call, as one tree.

::

    ApiError
    ├── InvalidRequest            refused here: the server never had a whole request
    ├── TransportError            no answer
    │   ├── ConnectError          no connection: never sent, safe to repeat
    │   ├── ConnectionLost        sent, wholly or in part: whether the server acted is unknown
    │   └── RequestTimeout        phase "pool" or "connect": never sent; "write" or "read": unknown
    ├── StatusError               the server refused; by status:
    │   ├── BadRequest            400
    │   ├── Unauthorized          401
    │   ├── Forbidden             403
    │   ├── NotFound              404
    │   ├── Conflict              409
    │   ├── PayloadTooLarge       413
    │   ├── UnsupportedMediaType  415
    │   ├── TooManyRequests       429
    │   └── ServerError           5xx
    └── InvalidResponse           the server agreed, but its answer cannot be read

Messages are one line for a person at a terminal. They hold no headers and no query, hence no secrets.
"""

# ruff: noqa: N818 - the names are the published vocabulary of what happened; "Error" added to each says no more

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, ClassVar, Literal, Protocol

Phase = Literal["pool", "connect", "write", "read"]


class ErrorReason(Protocol):
    """One reason in the body of an error response."""

    @property
    def message(self) -> str | None:
        """What is wrong."""

    @property
    def location(self) -> str | None:
        """The field that is meant, if one is."""


class ErrorBody(Protocol):
    """What an API says in the body of an error response, such as KuFlow's ``DefaultError``."""

    @property
    def message(self) -> str:
        """What is wrong, for a person."""

    @property
    def errors(self) -> Sequence[ErrorReason] | None:
        """The single reasons, if there are several."""

    def to_wire(self) -> dict[str, Any]:
        """The body as the JSON object that it was."""

    def to_wire_json(self) -> bytes:
        """The same as bytes."""


class ApiError(Exception):
    """A call to an API did not succeed."""


class InvalidRequest(ApiError, ValueError):
    """The request breaks a rule of the API that is known here, or its content is not what was announced."""


class _CallError(ApiError):
    request_id: str | None = None

    def __init__(self, method: str, url: str, path: str, reason: str) -> None:
        super().__init__(f"{method} {path}: {reason}")
        self.method = method
        self.url = url


class TransportError(_CallError):
    """No answer was received.

    Attributes:
        method: HTTP method.
        url: The address, without its query.
        request_id: What was sent as ``x-request-id``.
        maybe_sent: Whether the server may have had the request, and so may have acted on it.
    """

    maybe_sent: bool = True


class ConnectError(TransportError):
    """No connection came about, so that nothing was sent: refused, unknown host, TLS, proxy."""

    maybe_sent = False


class ConnectionLost(TransportError):
    """The connection broke after the request was sent, wholly or in part: whether the server acted is unknown."""


class RequestTimeout(TransportError):
    """The other side took too long.

    Attributes:
        phase: What took too long: a free connection of our own (``pool``), ``connect``, ``write`` or ``read``.
    """

    def __init__(self, method: str, url: str, path: str, reason: str, *, phase: Phase) -> None:
        super().__init__(method, url, path, reason)
        self.phase = phase
        self.maybe_sent = phase in {"write", "read"}


class InvalidResponse(_CallError):
    """The server agreed and may have acted, but its answer is too large or not what the API promises.

    Attributes:
        request_id: What was sent as ``x-request-id``.
    """


class StatusError(_CallError):
    """The server answered with a status that means refusal.

    Attributes:
        method: HTTP method.
        url: The address, without its query.
        status: HTTP status.
        request_id: Under which the server or we know this request.
        error: The body as the API defines it, or ``None`` if it was something else.
        retry_after: How long the server asks to wait before a repeat.
        excerpt: The beginning of the body, at most 2 KiB.
    """

    by_status: ClassVar[dict[int, type["StatusError"]]] = {}

    def __init_subclass__(cls, *, status: int | None = None) -> None:
        super().__init_subclass__()
        if status is not None:
            cls.by_status[status] = cls

    def __init__(
        self,
        method: str,
        url: str,
        path: str,
        status: int,
        *,
        request_id: str | None = None,
        error: ErrorBody | None = None,
        retry_after: timedelta | None = None,
        excerpt: str = "",
    ) -> None:
        super().__init__(method, url, path, _reason(status, error, excerpt))
        self.status = status
        self.request_id = request_id
        self.error = error
        self.retry_after = retry_after
        self.excerpt = excerpt

    @classmethod
    def kind(cls, status: int) -> type["StatusError"]:
        """The class for a status."""
        return cls.by_status.get(status) or (ServerError if status >= 500 else cls)


class BadRequest(StatusError, status=400):
    """The request is malformed or its data is wrong."""


class Unauthorized(StatusError, status=401):
    """The credentials are missing, wrong or expired."""


class Forbidden(StatusError, status=403):
    """The credentials are good, but not for this; KuFlow also says so of processes that have ended."""


class NotFound(StatusError, status=404):
    """There is no such resource, or not for these credentials."""


class Conflict(StatusError, status=409):
    """The resource's state does not allow it."""


class PayloadTooLarge(StatusError, status=413):
    """The body is larger than the server takes."""


class UnsupportedMediaType(StatusError, status=415):
    """The server does not take this content type here."""


class TooManyRequests(StatusError, status=429):
    """The server did not act, because there are too many requests; see ``retry_after``."""


class ServerError(StatusError):
    """The server failed (5xx); whether it acted before it failed is unknown unless it says otherwise."""


_PRINTED_REASONS = 3
_LONGEST_CHAIN = 10
_PRINTED_CHARACTERS = 500


def _reason(status: int, error: ErrorBody | None, excerpt: str) -> str:
    try:
        title = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        title = str(status)
    said = _one_line(_explanation(error) if error is not None else excerpt)
    return f"{title}: {said}" if said else title


def _explanation(error: ErrorBody) -> str:
    reasons = [
        ": ".join(part for part in (reason.location, reason.message) if part)
        for reason in (error.errors or ())[:_PRINTED_REASONS]
    ]
    listed = "; ".join(reason for reason in reasons if reason and reason != error.message)
    return f"{error.message} ({listed})" if error.message and listed else error.message or listed


def _one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _PRINTED_CHARACTERS else line[:_PRINTED_CHARACTERS] + "…"


def request_id_of(error: BaseException | None) -> str | None:
    """The id of the request that an error, or one that it came from, is about; ``None`` where there is none."""
    for _ in range(_LONGEST_CHAIN):
        if error is None:
            break
        if isinstance(error, _CallError) and error.request_id is not None:
            return error.request_id
        error = error.__cause__
    return None
