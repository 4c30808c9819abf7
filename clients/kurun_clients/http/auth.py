"""How requests say who they are, as several APIs want it."""

import inspect
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx2

TokenProvider = Callable[[], str | Awaitable[str]]
"""Gives the token to use now; called for each request, so it should remember what it obtained."""

Refused = Callable[[], Awaitable[object]]
"""Looks whether there are newer credentials and puts them in force; awaited when the present ones were refused."""


class CredentialsAuth(httpx2.Auth):
    """``Authorization: <scheme> base64(id:secret)``.

    Args:
        client_id: Name of an application or a user.
        client_secret: Its secret or password.

    Attributes:
        when_refused: Awaited when a request is refused with 401. If the pair is another afterwards, the request is made
            once more.
    """

    scheme = ""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self.when_refused: Refused | None = None
        self.change(client_id, client_secret)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(client_id={self.client_id!r})"

    def change(self, client_id: str, client_secret: str) -> None:
        """Use another pair from the next request on."""
        self.client_id = client_id
        self._header = f"{self.scheme} {b64encode(f'{client_id}:{client_secret}'.encode()).decode('ascii')}"

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Add the header, and try once more with a newer pair."""
        shown = request.headers["authorization"] = self._header
        response = yield request
        if response.status_code != httpx2.codes.UNAUTHORIZED:
            return
        if self._header == shown and self.when_refused is not None:
            await self.when_refused()
        if self._header != shown:
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

    Attributes:
        when_refused: Awaited when a token is refused, before the function is asked again.
    """

    def __init__(self, token: str | TokenProvider) -> None:
        self.when_refused: Refused | None = None
        self._provider: TokenProvider = (lambda: token) if isinstance(token, str) else token

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def change(self, token: str) -> None:
        """Use another token from the next request on."""
        self._provider = lambda: token

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Add the header, and try once more with a newer token."""
        token = await self._token()
        request.headers["authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code != httpx2.codes.UNAUTHORIZED:
            return
        newer = await self._token()
        if newer == token and self.when_refused is not None:
            await self.when_refused()
            newer = await self._token()
        if newer != token:
            request.headers["authorization"] = f"Bearer {newer}"
            yield request

    async def _token(self) -> str:
        token = self._provider()
        return await token if inspect.isawaitable(token) else token
