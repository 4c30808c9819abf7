"""Noticing within seconds that the engine refuses us.

Temporal's own loop goes on polling for a minute with a refused token before it gives the worker up. A small call with
the same token says so at once, and a new token then mends the polls before that minute is over.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.pacing import jittered

log = structlog.get_logger(__name__)

INTERVAL = 10.0
TIMEOUT = timedelta(seconds=10)
REFUSED = (RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED)


class Pulse:
    """Asks the engine for a sign of life with the worker's own connection.

    Args:
        worker: Its present client is used.
        refused: Called when the engine refuses the token.
        clock: Where time comes from.
    """

    def __init__(self, worker: Worker, refused: Callable[[], None], *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._worker = worker
        self._refused = refused
        self._clock = clock
        self._never = asyncio.Event()
        self._status: RPCStatusCode | None = None

    async def run(self) -> None:
        """Ask for ever; log when the answer changes."""
        while True:
            await self._clock.wait(self._never, jittered(INTERVAL))
            status = await self._ask()
            if status in REFUSED:
                self._refused()
            if status is not self._status:
                self._report(status)
            self._status = status

    async def _ask(self) -> RPCStatusCode | None:
        try:
            await self._worker.client.workflow_service.get_system_info(GetSystemInfoRequest(), timeout=TIMEOUT)
        except RPCError as error:
            return error.status
        return None

    def _report(self, status: RPCStatusCode | None) -> None:
        if status is None:
            log.info("the engine answers again")
        elif status in REFUSED:
            log.warning("the engine refuses the token, a new one is asked for", status=status.name)
        else:
            log.warning("the engine does not answer", status=status.name)
