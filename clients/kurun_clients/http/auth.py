"""How requests say who they are, as several APIs want it."""

import inspect
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

import httpx2

TokenProvider = Callable[[], str | Awaitable[str]]
"""Gives the token to use now; called for each request, so it should remember what it obtained."""


class CredentialsAuth(httpx2.Auth):
    """``Authorization: <scheme> base64(id:secret)``.

    Args:
        client_id: Name of an application or a user.
        client_secret: Its secret or password.
    """

    scheme = ""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self.client_id = client_id
        self._header = f"{self.scheme} {b64encode(f'{client_id}:{client_secret}'.encode()).decode('ascii')}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(client_id={self.client_id!r})"

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add the header."""
        request.headers["authorization"] = self._header
        yield request


class BasicAuth(CredentialsAuth):
    """``Authorization: Basic base64(id:secret)`` with every request, not only after a challenge (RFC 7617)."""

    scheme = "Basic"


class BearerAuth(httpx2.Auth):
    """``Authorization: Bearer <token>``, such as an OAuth 2 access token.

    Args:
        token: The token, or a function that gives it, so that it can be renewed. When a token is refused with 401 and
            the function then gives another one, the request is made once more.
    """

    def __init__(self, token: str | TokenProvider) -> None:
        self._provider: TokenProvider = (lambda: token) if isinstance(token, str) else token

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Add the header, and try once more with a newer token."""
        token = await self._token()
        request.headers["authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code != httpx2.codes.UNAUTHORIZED:
            return
        newer = await self._token()
        if newer != token:
            request.headers["authorization"] = f"Bearer {newer}"
            yield request

    async def _token(self) -> str:
        token = self._provider()
        return await token if inspect.isawaitable(token) else token
