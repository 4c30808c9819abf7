"""The access token in use: renewed early, and once for all who wait for it."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import httpx2

from kurun_clients.http.auth import Refused
from kurun_clients.k2.errors import AuthenticationRefused, K2Error
from kurun_clients.k2.oauth.flow import TokenAnswer
from kurun_clients.k2.oauth.grants import Grant

REFUSED: Final = frozenset({401})
"""Statuses that a newer token may mend. K2 also answers 403, which no newer token of the same user changes."""

RENEWAL_MARGIN: Final = timedelta(minutes=5)
FAILURE_PAUSE: Final = 5.0
"""Seconds after a failed renewal in which the next is not tried."""

_JITTER: Final = 0.2  # of the margin, so that processes that share a login do not renew at the same moment
_REFUSALS_APART: Final = 60.0
_CLOSING_PATIENCE: Final = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AccessToken:
    """An access token in use.

    Attributes:
        text: The token.
        renew_at: When its renewal begins, on the cache's clock.
        ends_at: When it is of no more use.
        obtained_at: When it was asked for.
        after_refusal: Whether it replaced one that K2 refused.
    """

    text: str = field(repr=False)
    renew_at: float
    ends_at: float
    obtained_at: float
    after_refusal: bool


class AccessTokens:
    """Gives the access token to use now.

    From ``renew_at`` on it is renewed in the background, while the old one is still good; calls only wait when there is
    none. However many wait, there is one renewal at a time, and a call that is cancelled does not end it.

    Args:
        grant: How a new one is had.
        margin: How long before its end a token is renewed; at most half its life.
        failure_pause: Seconds after a failed renewal in which the next is not tried.
        clock: Seconds that only grow.

    Attributes:
        grant: The same.
        when_refused: Awaited when user, password or application are refused.
    """

    def __init__(
        self,
        grant: Grant,
        *,
        margin: timedelta = RENEWAL_MARGIN,
        failure_pause: float = FAILURE_PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.grant = grant
        self.when_refused: Refused | None = None
        self._changes = 0
        self._margin = margin.total_seconds()
        self._failure_pause = failure_pause
        self._clock = clock
        self._token: AccessToken | None = None
        self._accepted = ""
        self._renewal: asyncio.Task[AccessToken] | None = None
        self._failure: tuple[float, K2Error] | None = None
        self._said = ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    async def current(self) -> str:
        """The token to use now.

        Raises:
            K2Error: There is none and none can be had; the class says what helps.
        """
        token, now = self._token, self._clock()
        if token is None or now >= token.ends_at:
            return (await self._renewed(after_refusal=False)).text
        if now >= token.renew_at and self._recent_failure() is None:
            self._renewing(after_refusal=False)
        return token.text

    def is_hopeless(self, refused: str) -> bool:
        """Whether another token than this one would be no better.

        It is so new that K2 never took it, and already replaces one that K2 refused.
        """
        token = self._token
        if token is None or token.text != refused or not token.after_refusal or self._accepted == refused:
            return False
        return self._clock() - token.obtained_at < _REFUSALS_APART

    async def instead_of(self, refused: str) -> str:
        """Another token than one that K2 refused.

        Raises:
            K2Error: None can be had.
        """
        token = self._token
        if token is not None and token.text != refused and self._clock() < token.ends_at:
            return token.text
        return (await self._renewed(after_refusal=True)).text

    def accepted(self, token: str) -> None:
        """K2 has answered to a call with this token."""
        self._accepted = token

    def credentials_changed(self) -> None:
        """The grant has newer credentials: a failure with the old ones counts no more."""
        self._changes += 1
        self._failure = None

    async def aclose(self) -> None:
        """Let a renewal under way come to its end, as it may hold the only good refresh token; then close."""
        if self._renewal is not None:
            await asyncio.wait({self._renewal}, timeout=_CLOSING_PATIENCE)
        await self.grant.aclose()

    async def _renewed(self, *, after_refusal: bool) -> AccessToken:
        if self._renewal is None and (failure := self._recent_failure()) is not None:
            raise type(failure)(str(failure), code=failure.code)
        return await asyncio.shield(self._renewing(after_refusal=after_refusal))

    def _recent_failure(self) -> K2Error | None:
        if self._failure is None or self._clock() - self._failure[0] >= self._failure_pause:
            return None
        return self._failure[1]

    def _renewing(self, *, after_refusal: bool) -> "asyncio.Task[AccessToken]":
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew(after_refusal=after_refusal))
            self._renewal.add_done_callback(self._renewal_ended)
        return self._renewal

    def _renewal_ended(self, renewal: "asyncio.Task[AccessToken]") -> None:
        self._renewal = None
        if renewal.cancelled():
            return
        # Looking at it keeps asyncio from complaining when nobody waits, as while the old token is still good.
        error = renewal.exception()
        if error is None:
            if self._said:
                _log.info("the K2 access token is renewed again")
            self._said = ""
            return
        if isinstance(error, K2Error):
            self._failure = (self._clock(), error)
        said = f"{type(error).__name__}: {error}"
        if said != self._said:
            _log.warning("the K2 access token is not renewed: %s", error)
        self._said = said

    async def _renew(self, *, after_refusal: bool) -> AccessToken:
        asked_at = self._clock()
        answer = await self._obtain()
        margin = min(self._margin, answer.expires_in / 2)
        early = margin * (1 - random.uniform(0, _JITTER))  # noqa: S311
        ends_at = asked_at + answer.expires_in
        self._failure = None
        self._token = AccessToken(answer.access_token, ends_at - early, ends_at, asked_at, after_refusal)
        return self._token

    async def _obtain(self) -> TokenAnswer:
        """Ask for a token, and once more if newer credentials are there after the present ones were refused."""
        changes = self._changes
        try:
            return await self.grant.obtain()
        except AuthenticationRefused:
            if self._changes == changes and self.when_refused is not None:
                await self.when_refused()
            if self._changes == changes:
                raise
            return await self.grant.obtain()


class OAuthAuth(httpx2.Auth):
    """``Authorization: Bearer <access token>``.

    A call that K2 refuses with 401 was not executed: it is made once more with another token.

    Args:
        tokens: Gives the tokens.
        user: Whose password they come from; ``None`` if they come from a login.
    """

    def __init__(self, tokens: AccessTokens, *, user: str | None = None) -> None:
        self.user = user
        self.tokens = tokens

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Add the header, and try once more with another token."""
        token = await self.tokens.current()
        request.headers["authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code not in REFUSED:
            self.tokens.accepted(token)
            return
        if self.tokens.is_hopeless(token):
            return
        await response.aclose()  # its connection may be the one that the renewal waits for
        newer = await self.tokens.instead_of(token)
        request.headers["authorization"] = f"Bearer {newer}"
        response = yield request
        if response.status_code not in REFUSED:
            self.tokens.accepted(newer)

    async def aclose(self) -> None:
        """Close what gives the tokens."""
        await self.tokens.aclose()
