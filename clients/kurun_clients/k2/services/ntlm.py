"""NTLM and Negotiate, which authenticate a connection and not a request.

The handshake takes up to three requests on one connection, so it needs a transport with one connection, and nothing
may come between them: see :attr:`NegotiateAuth.max_connections`. Channel bindings (Extended Protection) are not sent,
as the seam below does not show the server's certificate; a server that requires them refuses us.
"""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator
from typing import Final, Literal

import httpx2
import spnego
from spnego.exceptions import SpnegoError

from kurun_clients.http.auth import Refused
from kurun_clients.http.calls import TooLarge
from kurun_clients.http.replies import MAX_ERROR_BODY, read_body
from kurun_clients.k2.errors import AuthenticationRefused
from kurun_clients.k2.places import PASSWORD_REMEDY
from kurun_clients.threads import in_thread

Scheme = Literal["NTLM", "Negotiate"]

MAX_LEGS: Final = 5
"""Challenges of one handshake that are answered; NTLM has one, Kerberos at most two."""

_MAX_TOKEN: Final = 64 * 1024


class NegotiateAuth(httpx2.Auth):
    r"""The account's Windows credentials.

    A connection that is authenticated already needs no handshake. When the server refuses the credentials, the call
    ends with its 401.

    Args:
        user: ``DOMAIN\\user`` or ``user@domain``.
        password: The password.
        scheme: What the server offers: NTLM, or Negotiate, which is Kerberos where this machine has it and NTLM else.
        hostname: The server's name in its Kerberos ticket, if it is not that of the address.

    Attributes:
        max_connections: How many connections the transport may have.
        when_refused: Awaited when the server refuses the credentials. If they are others afterwards, the call is made
            once more.
    """

    max_connections: Final = 1

    def __init__(self, user: str, password: str, *, scheme: Scheme = "NTLM", hostname: str | None = None) -> None:
        self.user = user
        self.scheme = scheme
        self.when_refused: Refused | None = None
        self._password = password
        self._hostname = hostname
        self._handshake = asyncio.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(user={self.user!r}, scheme={self.scheme!r})"

    def change(self, user: str, password: str) -> None:
        """Use another account, or another password, from the next handshake on: a connection keeps its account."""
        self.user, self._password = user, password

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Send the request, and with it as many tokens as the server asks for.

        Raises:
            AuthenticationRefused: This machine cannot take part in the handshake.
        """
        for is_last in (False, True):
            await self._take_turn(request)
            try:
                shown, context = (self.user, self._password), None
                request.headers.pop("authorization", None)  # of an attempt before this one
                response = yield request
                for _ in range(MAX_LEGS):
                    challenge = self._challenge(response)
                    if challenge is None or (context is not None and (not challenge or context.complete)):
                        break
                    if not await _drained(response):
                        break
                    context = context or await self._context(request)
                    token = await self._answer(request, context, challenge)
                    if token is None:
                        break
                    request.headers["authorization"] = f"{self.scheme} {b64encode(token).decode('ascii')}"
                    response = yield request
                # An unread refusal would keep the only connection from the others while newer credentials are awaited.
                if is_last or response.status_code != httpx2.codes.UNAUTHORIZED or not await _kept(response):
                    return
            finally:
                self._handshake.release()
            if not await self._changed(shown):
                return

    async def _changed(self, refused: tuple[str, str]) -> bool:
        """Whether there are other credentials than those that were refused."""
        if (self.user, self._password) == refused and self.when_refused is not None:
            await self.when_refused()
        return (self.user, self._password) != refused

    async def _take_turn(self, request: httpx2.Request) -> None:
        seconds = request.extensions.get("timeout", {}).get("pool")
        try:
            async with asyncio.timeout(seconds):
                await self._handshake.acquire()
        except TimeoutError:
            raise httpx2.PoolTimeout(f"the connection was not free for {seconds:g} s", request=request) from None

    def _challenge(self, response: httpx2.Response) -> bytes | None:
        """The server's token, empty in its first answer; ``None`` if it wants no handshake of this scheme."""
        if response.status_code != httpx2.codes.UNAUTHORIZED:
            return None
        for header in response.headers.get_list("www-authenticate", split_commas=True):
            scheme, _, token = header.strip().partition(" ")
            if scheme.lower() == self.scheme.lower() and len(token) <= _MAX_TOKEN:
                try:
                    return b64decode(token.strip(), validate=True)
                except ValueError:
                    return None
        return None

    async def _context(self, request: httpx2.Request) -> spnego.ContextProxy:
        host = self._hostname or request.url.host
        try:
            return await in_thread(
                lambda: spnego.client(
                    self.user, self._password, hostname=host, service="HTTP", protocol=self.scheme.lower()
                )
            )
        except (SpnegoError, ImportError) as error:
            raise self._refused(request, _said(error)) from None

    async def _answer(self, request: httpx2.Request, context: spnego.ContextProxy, challenge: bytes) -> bytes | None:
        # Kerberos asks a server for its ticket, so this may wait.
        try:
            return await in_thread(lambda: context.step(challenge or None))
        except Exception as error:  # pyspnego's parsers raise whatever a malformed token makes them stumble over
            raise self._refused(request, f"the handshake failed: {_said(error)}") from None

    def _refused(self, request: httpx2.Request, reason: str) -> AuthenticationRefused:
        host = request.url.netloc.decode("ascii")
        return AuthenticationRefused(
            f"K2 at {host}: no {self.scheme} login of {self.user}: {PASSWORD_REMEDY} ({reason})"
        )


async def _drained(response: httpx2.Response) -> bool:
    """Read the refusal to its end: a connection with an unread answer would be dropped, and the handshake with it."""
    try:
        await read_body(response, MAX_ERROR_BODY)
    except TooLarge:
        return False
    return True


async def _kept(response: httpx2.Response) -> bool:
    """Read the refusal off the connection, for whoever reads the answer later; whether that is all of it."""
    assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 - narrows for the type checker
    kept = bytearray()
    async for chunk in response.stream:
        kept += chunk
        if len(kept) > MAX_ERROR_BODY:
            return False
    await response.stream.aclose()
    response.stream = httpx2.ByteStream(bytes(kept))
    return True


def _said(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
