"""Noticing within seconds that the engine refuses us.

Temporal's own loop goes on polling for a minute with a refused token before it gives the worker up. A small call with
the same token says so at once, and a new token then mends the polls before that minute is over.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from kurun_config import HealthSettings
from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.pacing import jittered

log = structlog.get_logger(__name__)

DEMAND_PAUSE = 10.0
"""Seconds between two demands for a new token, however often the engine refuses."""
REFUSED = (RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED)


@dataclass(frozen=True)
class PulseState:
    """What a health check wants to know of a pulse.

    Attributes:
        answered_at: When the engine last answered, by the clock's steady time; ``None`` before the first answer.
        trouble: What the engine does instead of answering; ``None`` if it answered the last time.
    """

    answered_at: float | None
    trouble: str | None


class Pulse:
    """Asks the engine for a sign of life with the worker's own connection.

    Args:
        worker: Its present client is used.
        refused: Called when the engine refuses the token; ``None`` where the token is none of ours.
        settings: How often to ask, and how long to wait.
        clock: Where time comes from.
    """

    def __init__(
        self,
        worker: Worker,
        refused: Callable[[], None] | None,
        settings: HealthSettings,
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._worker = worker
        self._refused = refused
        self._interval = settings.interval.total_seconds()
        self._timeout = settings.timeout
        self._clock = clock
        self._never = asyncio.Event()
        self._status: RPCStatusCode | None = None
        self._answered_at: float | None = None
        self._next_demand = 0.0

    @property
    def state(self) -> PulseState:
        """How it stands now."""
        return PulseState(self._answered_at, None if self._status is None else _trouble(self._status))

    async def run(self) -> None:
        """Ask for ever; log when the answer changes."""
        while True:
            status = await self._ask()
            if status is None:
                self._answered_at = self._clock.monotonic()
            elif status in REFUSED:
                self._demand()
            if status is not self._status:
                self._report(status)
            self._status = status
            await self._clock.wait(self._never, jittered(self._interval))

    def _demand(self) -> None:
        if self._refused is not None and self._clock.monotonic() >= self._next_demand:
            self._next_demand = self._clock.monotonic() + DEMAND_PAUSE
            self._refused()

    async def _ask(self) -> RPCStatusCode | None:
        request = GetSystemInfoRequest()
        try:
            await self._worker.client.workflow_service.get_system_info(request, timeout=self._timeout)
        except RPCError as error:
            return error.status
        return None

    def _report(self, status: RPCStatusCode | None) -> None:
        if status is None:
            log.info("the engine answers again")
        elif status in REFUSED:
            log.warning("the engine refuses the token, a new one is wanted", status=status.name)
        else:
            log.warning("the engine does not answer", status=status.name)


def _trouble(status: RPCStatusCode) -> str:
    if status in REFUSED:
        return f"refuses the worker's token ({status.name})"
    if status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
        return "does not answer in time"
    return f"does not answer ({status.name})"
