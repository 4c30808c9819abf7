"""Keeping a credential fresh: renewed well before its end, the old one kept while it is valid."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeGuard, TypeVar

import structlog

from kurun_clients.http import ApiError, StatusError
from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.pacing import Pacing
from kurun_worker.reasons import request_field

log = structlog.get_logger(__name__)

Value = TypeVar("Value")

SHORTEST_TRY = 2.0
LONGEST_TRY = 60.0
DEAF_SECONDS = 5.0
"""After a try that failed, seconds for which no demand is heard: neither demands nor refusals make a hot loop."""
WORTH_APPLYING = 600.0
"""Seconds for which a new credential that could not be put to use is tried again, before another one is asked for."""


class NotAppliedError(Exception):
    """A new credential cannot be put to use yet; the message says why in one line."""


@dataclass(frozen=True)
class Credential(Generic[Value]):
    """Something that opens a door until it expires.

    Attributes:
        value: The token or the certificate.
        life: How long it is good for, from the moment it was asked for.
        expires_at: The same as a date of this machine's clock.
    """

    value: Value
    life: timedelta
    expires_at: datetime


@dataclass(frozen=True)
class _Asked(Generic[Value]):
    """A credential, and when it was asked for by the steady clock."""

    credential: Credential[Value]
    at: float


@dataclass(frozen=True)
class KeeperState:
    """What a health check wants to know of a keeper; of the credential in use, not of one that waits to be.

    Attributes:
        valid: Whether there is a credential that has not expired.
        expires_at: When it does, by this machine's clock; ``None`` before the first.
        renewals: How often one was obtained, the first included.
        failures: How often that failed.
        failing_since: When the present row of failures began; ``None`` if the last try succeeded.
        remaining: Seconds for which it is still valid; 0 without one.
        life: Seconds for which it was good when it was asked for; 0 without one.
        error: Why the last try failed; ``None`` if it succeeded.
    """

    valid: bool
    expires_at: datetime | None
    renewals: int
    failures: int
    failing_since: datetime | None
    remaining: float = 0.0
    life: float = 0.0
    error: str | None = None


class Keeper(Generic[Value]):
    """Holds one credential and renews it at half of its remaining life. What is held is in use.

    Args:
        name: What it is called in the log.
        obtain: Asks for a new one; may raise anything.
        pacing: The pauses.
        clock: Where time comes from.
    """

    def __init__(
        self,
        name: str,
        obtain: Callable[[], Awaitable[Credential[Value]]],
        *,
        pacing: Pacing,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._name = name
        self._obtain = obtain
        self._pacing = pacing
        self._clock = clock
        self._lock = asyncio.Lock()
        self._demanded = asyncio.Event()
        self._never = asyncio.Event()
        self._turn = asyncio.Lock()
        self._held: _Asked[Value] | None = None
        self._next: _Asked[Value] | None = None
        self._due_at = 0.0
        self._due_on: datetime | None = None
        self._renewals = 0
        self._failures = 0
        self._failures_in_row = 0
        self._failing_since: datetime | None = None
        self._reported: str | None = None

    @property
    def state(self) -> KeeperState:
        """How it stands now."""
        held = self._held.credential if self._held else None
        return KeeperState(
            valid=self.remaining() > 0,
            expires_at=held.expires_at if held else None,
            renewals=self._renewals,
            failures=self._failures,
            failing_since=self._failing_since,
            remaining=self.remaining(),
            life=held.life.total_seconds() if held else 0.0,
            error=self._reported,
        )

    @property
    def held(self) -> Value | None:
        """The credential in use."""
        return self._held.credential.value if self._held else None

    def remaining(self) -> float:
        """Seconds for which the credential is still valid, by the more cautious of the two clocks; 0 without one."""
        return self._remaining(self._held)

    async def current(self) -> Value:
        """A valid credential, obtained now if there is none.

        Raises:
            ApiError: KuFlow refused or could not be reached.
        """
        async with self._lock:
            if self._held is None or self.remaining() <= 0:
                return self._hold(await self._ask())
            return self._held.credential.value

    async def refresh(self) -> Value:
        """A new credential, or the present one where none can be had and it is still valid.

        Raises:
            ApiError: KuFlow refused or could not be reached, and there is no valid one.
        """
        async with self._lock:
            try:
                return self._hold(await self._ask())
            except ApiError:
                if self._held is None or self.remaining() <= 0:
                    raise
                return self._held.credential.value

    def demand(self) -> None:
        """Renew at the next opportunity, because the present one was refused."""
        self._demanded.set()

    def hurry(self) -> None:
        """What the last try failed for has passed: do not wait for the end of the pause."""
        if self._failures_in_row:
            self._demanded.set()

    async def run(self, apply: Callable[[Value], Awaitable[None]]) -> None:
        """Renew for ever, handing each new credential to ``apply``. A failure is logged and tried again.

        Of several callers one renews, for all of them; another goes on when it ends.
        """
        async with self._turn:
            while True:
                if self._failures_in_row == 0:
                    await self._until_due()
                pause, deaf = await self._try(apply)
                self._demanded.clear()
                await self._clock.wait(self._never, deaf)
                if pause > deaf:
                    await self._clock.wait(self._demanded, pause - deaf)

    async def _until_due(self) -> None:
        while self._held is not None and not self._demanded.is_set():
            steady = self._due_at - self._clock.monotonic()
            wall = (self._due_on - self._clock.now()).total_seconds() if self._due_on else 0.0
            if (left := min(steady, wall)) <= 0:
                return
            await self._clock.wait(self._demanded, min(left, self._pacing.look_max))

    async def _try(self, apply: Callable[[Value], Awaitable[None]]) -> tuple[float, float]:
        """Renew; the pause after it, and the part of the pause in which no demand is heard."""
        try:
            async with self._lock, asyncio.timeout(self._try_seconds()):
                found = self._next = self._next if self._worth_applying(self._next) else await self._ask()
            await apply(found.credential.value)
        except Exception as error:  # whatever it was, the next try may succeed
            return self._failed(error)
        if found is self._next:  # no connection was made with a newer one meanwhile
            self._hold(found)
        self._recovered()
        return self._pacing.minimum, self._pacing.minimum

    async def _ask(self) -> _Asked[Value]:
        asked = _Asked(at=self._clock.monotonic(), credential=await self._obtain())
        self._renewals += 1
        log.debug("credential renewed", credential=self._name, life=asked.credential.life.total_seconds())
        return asked

    def _hold(self, asked: _Asked[Value]) -> Value:
        self._held, self._next = asked, None
        credential = asked.credential
        pause = self._pacing.renewal(credential.life.total_seconds())
        self._due_at = asked.at + pause
        self._due_on = credential.expires_at - credential.life + timedelta(seconds=pause)
        return credential.value

    def _worth_applying(self, asked: _Asked[Value] | None) -> TypeGuard[_Asked[Value]]:
        if asked is None or self._clock.monotonic() - asked.at > WORTH_APPLYING:
            return False
        return self._remaining(asked) > asked.credential.life.total_seconds() / 2

    def _remaining(self, asked: _Asked[Value] | None) -> float:
        if asked is None:
            return 0.0
        steady = asked.at + asked.credential.life.total_seconds() - self._clock.monotonic()
        wall = (asked.credential.expires_at - self._clock.now()).total_seconds()
        return max(0.0, min(steady, wall))

    def _try_seconds(self) -> float:
        """How long one try may take: a hanging one must leave time for the next while the old credential lives."""
        remaining = self.remaining()
        return max(SHORTEST_TRY, remaining / 3) if remaining > 0 else LONGEST_TRY

    def _failed(self, error: Exception) -> tuple[float, float]:
        self._failures += 1
        self._failures_in_row += 1
        if self._failing_since is None:
            self._failing_since = self._clock.now()
        said = str(error) or ("no answer in time" if isinstance(error, TimeoutError) else type(error).__name__)
        if said != self._reported:
            self._reported = said
            foreseen = isinstance(error, ApiError | NotAppliedError | TimeoutError)
            log.warning(
                "renewal fails",
                credential=self._name,
                error=said,
                valid_for=round(self.remaining(), 1),
                **request_field(error),
                **({} if foreseen else {"exc_info": error}),
            )
        asked = error.retry_after if isinstance(error, StatusError) else None
        least = asked.total_seconds() if asked is not None else 0.0
        pause = self._pacing.retry(self._failures_in_row, self.remaining(), least)
        return pause, min(pause, max(least, DEAF_SECONDS))

    def _recovered(self) -> None:
        if self._failing_since is not None:
            log.info("renewal works again", credential=self._name, failures=self._failures_in_row)
        self._failures_in_row = 0
        self._failing_since = None
        self._reported = None
