"""The token that a robot calls the API with, kept fresh in a file for as long as the robot runs.

How KuFlow gives robots a token is not documented, so that where it comes from is exchangeable.
"""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import structlog

from kurun_clients.http import ApiError
from kurun_clients.threads import in_thread_to_end
from kurun_config import KuFlowAuthentication, KuFlowSettings
from kurun_robots.environment import RobotUser

log = structlog.get_logger(__name__)

FILE: Final = "api-token"
RENEW_AT: Final = 0.7
"""Part of its life after which a token is renewed."""
SHORTEST_PAUSE: Final = 1.0
AFTER_FAILURE: Final = 5.0


@dataclass(frozen=True)
class RobotToken:
    """A token of the API; ``expires_at`` is ``None`` where it does not expire."""

    value: str = field(repr=False)
    expires_at: datetime | None = None


class RobotTokenSource(Protocol):
    """Where robots' tokens come from."""

    async def issue(self, robot_id: UUID | None) -> RobotToken | None:
        """A token that is good now, or ``None`` if robots get none.

        Raises:
            ApiError: KuFlow refused or could not be reached.
        """


class NoTokens:
    """Robots get no token."""

    async def issue(self, robot_id: UUID | None) -> RobotToken | None:  # noqa: ARG002 - see the protocol
        """See the protocol."""
        return None


class WorkerCredentials:
    """The worker's own credentials, as the published SDKs put them behind ``Bearer``; they do not expire.

    Args:
        settings: Where they stand.
    """

    def __init__(self, settings: KuFlowSettings) -> None:
        self._settings = settings

    async def issue(self, robot_id: UUID | None) -> RobotToken | None:  # noqa: ARG002 - see the protocol
        """See the protocol."""
        settings = self._settings
        if settings.authentication is KuFlowAuthentication.BEARER:
            return RobotToken(settings.token.get_secret_value()) if settings.token else None
        if settings.client_id is None or settings.client_secret is None:
            return None
        pair = f"{settings.client_id}:{settings.client_secret.get_secret_value()}"
        return RobotToken(base64.b64encode(pair.encode()).decode())


def expiry(token: RobotToken, longest: timedelta) -> datetime:
    """When a token ends; for one that does not, a time after the longest run."""
    return token.expires_at or datetime.now(UTC) + 2 * longest


@asynccontextmanager
async def renewed(
    source: RobotTokenSource,
    first: RobotToken,
    folder: Path,
    *,
    robot_id: UUID | None,
    user: RobotUser | None,
    learn: Callable[[str], None],
) -> AsyncIterator[Path]:
    """A file with a token that is good for as long as the block runs.

    Args:
        source: Where the next one comes from.
        first: The first one.
        folder: Of the worker, so that no robot can put something else into the file's place.
        robot_id: Whom the token is for.
        user: Who may read the file, if not the worker's user.
        learn: Told every new token before it is handed out.
    """
    file = folder / FILE
    await in_thread_to_end(lambda: _write(file, first.value, user))

    async def put(token: RobotToken) -> None:
        learn(token.value)
        await in_thread_to_end(lambda: _write(file, token.value, user))

    async def renew() -> None:
        pause = _pause(first)
        while pause is not None:
            await asyncio.sleep(pause)
            try:
                fresh = await source.issue(robot_id)
            except ApiError as error:
                log.warning("a robot's token cannot be renewed", robot_id=str(robot_id), error=str(error))
                fresh = None
            if fresh is not None:
                await put(fresh)
            pause = AFTER_FAILURE if fresh is None else _pause(fresh)

    renewing = asyncio.create_task(renew())
    try:
        yield file
    finally:
        renewing.cancel()
        await asyncio.wait([renewing])


def _pause(token: RobotToken) -> float | None:
    """Seconds until it is to be renewed."""
    if token.expires_at is None:
        return None
    return max(SHORTEST_PAUSE, (token.expires_at - datetime.now(UTC)).total_seconds() * RENEW_AT)


def _write(file: Path, text: str, user: RobotUser | None) -> None:
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(text)
        if user is not None:
            os.fchown(descriptor, user.uid, user.gid)
    draft.replace(file)
