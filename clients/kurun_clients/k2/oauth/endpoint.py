"""The token endpoint: sends what :mod:`kurun_clients.k2.oauth.flow` writes."""

import ssl
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import httpx2

from kurun_clients.http import (
    DEFAULT_TIMEOUT,
    AiohttpTransport,
    BaseClient,
    InvalidResponse,
    Observer,
    RetryPolicy,
    Service,
    StatusError,
    TransportError,
)
from kurun_clients.k2.errors import AuthenticationRefused, K2Error, Temporary
from kurun_clients.k2.oauth.flow import FORM, OAuthApplication, TokenAnswer, TokenRequest, read_answer

_REFUSALS: Final = frozenset({400, 401, 403})  # with a body that says why (RFC 6749, 5.2)
_NOT_NOW: Final = frozenset({408, 425, 429})
_MAX_ANSWER: Final = 256 * 1024
_CONNECTIONS: Final = 2
_SERVICE: Final = Service("k2", lambda _: "/token")  # its address is the customer's own


class TokenEndpoint:
    """Where tokens come from. It has connections of its own: calls that wait for a token may hold all others.

    Args:
        application: The application, with the address.
        timeout: Seconds for connecting, for each read and write, and for a free connection.
        ssl_context: What to trust instead of the system's authorities.
        transport: The seam for tests.
        observers: Told of every attempt.

    Raises:
        ValueError: The address is none for http or https, or holds credentials or a query.
    """

    def __init__(
        self,
        application: OAuthApplication,
        *,
        timeout: httpx2.Timeout = DEFAULT_TIMEOUT,
        ssl_context: ssl.SSLContext | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        self.application = application
        # The path goes with the call, as errors name the path and not the whole address.
        host, slash, path = application.token_url.removeprefix("https://").removeprefix("http://").partition("/")
        scheme = application.token_url.partition("://")[0]
        if "?" in path:
            raise ValueError("K2's token endpoint must be an address without a query")
        self._path = slash + path
        self._client = BaseClient(
            f"{scheme}://{host}",
            timeout=timeout,
            retry=RetryPolicy(),
            transport=transport or AiohttpTransport(ssl_context=ssl_context, max_connections=_CONNECTIONS),
            observers=observers,
            service=_SERVICE,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.application.token_url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def ask(self, request: TokenRequest) -> TokenAnswer:
        """Send a request for tokens.

        Raises:
            LoginRequired: The grant is not valid any more.
            AuthenticationRefused: The application, or user and password, are refused.
            Temporary: The endpoint was not reached, or is not available.
        """
        try:
            reply = await self._client.send(
                "POST",
                self._path,
                body=request.body,
                content_type=FORM,
                idempotent=False,  # a refresh token may be good for once only
                expected=_REFUSALS,
                limit=_MAX_ANSWER,
            )
        except StatusError as error:
            raise self._refused(error.status) from None  # without its body, which may repeat what we sent
        except (TransportError, InvalidResponse) as error:
            raise Temporary(f"K2's token endpoint cannot be reached: {error}") from error
        if reply.status in _REFUSALS and b'"error"' not in reply.content:
            raise self._refused(reply.status)
        return read_answer(reply.content, request)

    def _refused(self, status: int) -> K2Error:
        if status >= 500 or status in _NOT_NOW:
            return Temporary(f"K2's token endpoint is not available: it answers {status}")
        return AuthenticationRefused(
            f"K2's token endpoint answers {status}: see that k2.oauth_token_url, {self.application.token_url}, "
            "is the right address"
        )
