"""Which call it is, and what httpx2's exceptions mean for it."""

from dataclasses import dataclass

import httpx2

from kurun_clients.http.errors import (
    ApiError,
    ConnectError,
    ConnectionLost,
    InvalidRequest,
    InvalidResponse,
    Phase,
    RequestTimeout,
    TransportError,
)

_PHASES: dict[type[httpx2.RequestError], Phase] = {
    httpx2.PoolTimeout: "pool",
    httpx2.ConnectTimeout: "connect",
    httpx2.WriteTimeout: "write",
    httpx2.ReadTimeout: "read",
}


class TooLarge(Exception):  # noqa: N818 - becomes an InvalidResponse where the call is known
    """A body is larger than its limit; the message says so."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as errors name it.

    Attributes:
        method: HTTP method.
        url: The address, without its query.
        path: Its part below the endpoint.
        request_id: What we sent as ``x-request-id``.
    """

    method: str
    url: str
    path: str
    request_id: str

    def invalid(self, reason: str) -> InvalidResponse:
        """The server's answer cannot be read."""
        error = InvalidResponse(self.method, self.url, self.path, reason)
        error.request_id = self.request_id
        return error

    def failure(self, error: Exception) -> ApiError:
        """Our exception for one that came through httpx2's seam."""
        found = self._failure(error)
        if isinstance(found, TransportError):
            found.request_id = self.request_id
        return found

    def _failure(self, error: Exception) -> ApiError:
        where, said = (self.method, self.url, self.path), str(error)
        match error:
            case TooLarge() | httpx2.DecodingError():
                return self.invalid(said)
            case httpx2.TimeoutException():
                return RequestTimeout(*where, said, phase=_PHASES.get(type(error), "read"))
            case httpx2.ConnectError() | httpx2.ProxyError():
                return ConnectError(*where, said)
            case httpx2.UnsupportedProtocol() | httpx2.LocalProtocolError() | httpx2.InvalidURL():
                return InvalidRequest(f"{self.method} {self.path}: {said}")
            case _:
                return ConnectionLost(*where, said)
