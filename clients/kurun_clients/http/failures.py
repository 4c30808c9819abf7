"""What aiohttp's exceptions mean, in httpx2's words."""

import aiohttp
import httpx2


class NotRepeated(Exception):  # noqa: N818 - a marker on its way through aiohttp, never seen outside
    """Carries, as its cause, a failure past aiohttp's own repeating."""


def translated(error: BaseException, request: httpx2.Request, *, handed: int | None) -> httpx2.TransportError:
    """The httpx2 exception for a failure.

    Args:
        error: What aiohttp raised.
        request: The request that failed.
        handed: Pieces of the body that aiohttp had, the first of them together with the headers; ``None`` once the head
            of the answer is there.
    """
    if isinstance(error, NotRepeated) and error.__cause__ is not None:
        error = error.__cause__
    meaning = next(meaning for kinds, meaning in _MEANINGS if isinstance(error, kinds))
    unsent = handed == 0 or (handed == 1 and _refused_to_write(error))
    if unsent and issubclass(meaning, _AFTER_CONNECTING):
        return httpx2.ConnectError("the connection closed before anything was sent", request=request)
    return meaning(_said(error), request=request)


_AFTER_CONNECTING = (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError)

# The first match counts. Whatever is not listed was possibly sent.
_MEANINGS: tuple[tuple[tuple[type[BaseException], ...], type[httpx2.TransportError]], ...] = (
    ((aiohttp.ConnectionTimeoutError,), httpx2.ConnectTimeout),
    ((aiohttp.ServerTimeoutError,), httpx2.ReadTimeout),
    ((aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError), httpx2.ProxyError),
    ((aiohttp.ClientConnectorError, aiohttp.ServerFingerprintMismatch), httpx2.ConnectError),
    ((aiohttp.ServerDisconnectedError,), httpx2.RemoteProtocolError),
    ((aiohttp.ClientResponseError, aiohttp.ClientPayloadError), httpx2.RemoteProtocolError),
    ((aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError), httpx2.UnsupportedProtocol),
    ((aiohttp.ClientConnectionResetError,), httpx2.WriteError),
    ((aiohttp.ClientError, OSError), httpx2.ReadError),
    ((ValueError,), httpx2.LocalProtocolError),
    ((BaseException,), httpx2.ReadError),
)


def _refused_to_write(error: BaseException | None) -> bool:
    # aiohttp refuses to write to a connection that it already knows to be closed: the one failure after connecting
    # that proves that no byte left.
    while error is not None:
        if isinstance(error, aiohttp.ClientConnectionResetError):
            return "closing transport" in str(error)
        error = error.__cause__
    return False


def _said(error: BaseException) -> str:  # noqa: PLR0911 - a table: one line a kind
    match error:
        case aiohttp.ConnectionTimeoutError():
            return "no connection within the timeout"
        case aiohttp.ServerTimeoutError():
            return "no answer within the timeout"
        case aiohttp.ClientConnectorCertificateError():
            return f"{_place(error)} is not trusted: {error.certificate_error}"
        case aiohttp.ClientConnectorError():
            return f"cannot connect to {_place(error)}: {error.os_error.strerror or error.os_error}"
        case aiohttp.ClientHttpProxyError():
            return f"the proxy refuses the connection: {error.status} {error.message}"
        case aiohttp.ServerDisconnectedError():
            return "the server closed the connection without an answer"
        case aiohttp.ClientResponseError():
            return f"the answer is not HTTP: {error.message}"
        case aiohttp.ClientPayloadError():
            return "the connection ended in the middle of the answer"
        case OSError() if error.strerror:
            return f"the connection broke: {error.strerror}"
        case _:
            return str(error) or type(error).__name__


def _place(error: aiohttp.ClientConnectorError) -> str:
    return f"{error.host}:{error.port}"
