"""Keeping a worker at work for months: connect, serve, and connect again when the engine goes away or refuses us."""

import asyncio
from collections.abc import Callable, Coroutine, Set
from typing import Any, TypeVar

import structlog
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from kurun_clients.http import ApiError
from kurun_config import ConfigurationError, Settings
from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.connecting import Connector, StartError
from kurun_worker.engine import Step
from kurun_worker.reasons import engine_reason, line
from kurun_worker.slots import DrainableWorker, closing_time

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

CANCEL_GRACE = 1.5
"""Seconds that activities get to end after they were cancelled, and the worker to tell the engine."""

TASK_GRACE = 0.5
"""Seconds that a task of our own gets to end after it was cancelled."""

MOST_LEAVING = 3
"""Workers that may still drain beside the next one; with more, the next one waits."""

STEADY = 60.0
POLL = 0.05


class UnfinishedActivitiesError(Exception):
    """Activities went on after they were cancelled; the process has to be ended from outside of them."""


class _Stopped(Exception):  # noqa: N818 - no error
    """The daemon was told to stop."""


class Supervisor:
    """Runs one worker after the other on connections of its own making.

    Args:
        settings: The effective settings.
        connect: Makes a connection to the engine.
        build: Makes a worker on it.
        refresh: Renews the credentials before the next connection.
        stop: Set when the daemon shall drain and end.
        step: What ``connect`` and ``refresh`` are waiting for.
        clock: Where time comes from.

    Attributes:
        serving: The worker that serves now; ``None`` between two of them.
        recoveries: How often one followed another.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        connect: Callable[[], Coroutine[Any, Any, Client]],
        build: Callable[[Client], DrainableWorker],
        refresh: Callable[[], Coroutine[Any, Any, None]],
        stop: asyncio.Event,
        step: Callable[[], Step] = lambda: Step.CONNECTION,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._drain_timeout = settings.worker.drain_timeout.total_seconds()
        self._connector = Connector(settings, connect=connect, refresh=refresh, step=step, stop=stop, clock=clock)
        self._build = build
        self._stop = stop
        self._clock = clock
        self._leaving: set[asyncio.Task[None]] = set()
        self.serving: DrainableWorker | None = None
        self.recoveries = 0

    async def run(self) -> None:
        """Serve until told to stop. What goes wrong after the start is logged and mended, and never ends this.

        Raises:
            ConfigurationError: Credentials, worker or task queue were refused at the start.
            StartError: The engine or KuFlow could not be reached at the start.
            UnfinishedActivitiesError: Activities outlasted the drain.
        """
        try:
            client = await self._unless_stopped(self._connector.first())
            failures = 0
            while True:
                began = self._clock.monotonic()
                error = await self._serve(client, first=failures == 0)
                if error is None:
                    return
                failures = 1 if self._clock.monotonic() - began > STEADY else failures + 1
                log.warning("the worker ended, connecting again", error=engine_reason(error.__cause__ or error))
                client = await self._unless_stopped(self._connector.again(failures))
                self.recoveries += 1
        except _Stopped:
            await self._drained(self._leaving, self._drain_timeout + CANCEL_GRACE)
        finally:
            if self._leaving:
                await _cancelled(*self._leaving)

    async def _serve(self, client: Client, *, first: bool) -> Exception | None:
        try:
            drainable = self._build(client)
        except (RuntimeError, TypeError, ValueError) as error:
            if not first:
                return error
            cause = f": {line(error.__cause__)}" if error.__cause__ else ""
            raise ConfigurationError(f"the worker cannot be made: {line(error)}{cause}") from error
        self.serving = drainable
        worker = drainable.worker
        running = asyncio.create_task(worker.run())
        stopping = asyncio.create_task(self._stop.wait())
        try:
            ready = await self._until_polling(worker, running)
            if ready and not first:
                log.info("recovered", recoveries=self.recoveries)
            if not ready and first and not self._stop.is_set():
                await self._explain_start(running)
            events: set[asyncio.Future[Any]] = {running, stopping, drainable.failed}
            await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
            if drainable.failed.done() and not self._stop.is_set():
                await asyncio.wait({running, stopping}, timeout=TASK_GRACE, return_when=asyncio.FIRST_COMPLETED)
                if not running.done() and not self._stop.is_set() and len(self._leaving) < MOST_LEAVING:
                    return self._left_to_drain(running, drainable.failed.result())
                await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                await self._drain(drainable, running)
            outcome = running.exception()
        finally:
            self.serving = None
            await _cancelled(stopping, *({running} - self._leaving))
        if outcome is None or isinstance(outcome, Exception):
            return outcome
        raise outcome

    def _left_to_drain(self, running: asyncio.Task[None], error: BaseException) -> Exception:
        """Let a worker that polls no more end its activities, while the next one serves the queue."""
        log.warning("a worker polls no more and drains beside the next one", limit=self._drain_timeout)
        self._leaving.add(running)
        running.add_done_callback(self._left)
        return error if isinstance(error, Exception) else RuntimeError(line(error))

    def _left(self, running: asyncio.Task[None]) -> None:
        self._leaving.discard(running)
        if not running.cancelled() and (error := running.exception()) is not None:
            log.info("the worker that polled no more has ended", error=engine_reason(error.__cause__ or error))

    async def _until_polling(self, worker: Worker, running: asyncio.Task[None]) -> bool:
        while not running.done() and not self._stop.is_set():
            if worker.is_running:
                log.info("polling", task_queue=worker.task_queue, namespace=worker.client.namespace)
                return True
            await asyncio.wait({running}, timeout=POLL)
        return worker.is_running

    async def _explain_start(self, running: asyncio.Task[None]) -> None:
        try:
            await running
        except ConfigurationError:
            raise
        except (ApiError, RPCError, RuntimeError) as error:
            raise StartError(f"the engine does not let this worker start: {engine_reason(error)}") from error

    async def _drain(self, drainable: DrainableWorker, running: asyncio.Task[None]) -> None:
        worker = drainable.worker
        if not worker.is_running:
            # Not polling yet, so there is nothing to hand back.
            raise _Stopped
        deadline = self._clock.monotonic() + self._drain_timeout + CANCEL_GRACE
        await drainable.close_polls(closing_time(self._drain_timeout))
        shutdown = asyncio.create_task(worker.shutdown())
        workers = {running, *self._leaving}
        try:
            _, busy = await asyncio.wait(workers, timeout=max(0.0, deadline - CANCEL_GRACE - self._clock.monotonic()))
            if busy and drainable.slots is not None:
                log.warning(
                    "activities outlast the drain and are cancelled",
                    activities=dict(drainable.slots.activity_types),
                    limit=self._drain_timeout,
                )
            await self._drained(workers, deadline - self._clock.monotonic())
        finally:
            await _cancelled(shutdown)

    async def _drained(self, workers: Set[asyncio.Task[None]], seconds: float) -> None:
        """Wait for workers that shut down; their activities were cancelled when the drain timeout was over."""
        unfinished = (await asyncio.wait(workers, timeout=max(0.0, seconds)))[1] if workers else None
        if unfinished:
            raise UnfinishedActivitiesError(f"activities went on {CANCEL_GRACE:g} s after they were cancelled")

    async def _unless_stopped(self, wanted: Coroutine[Any, Any, Result]) -> Result:
        task = asyncio.create_task(wanted)
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise _Stopped
            return task.result()
        finally:
            await _cancelled(task, stopping)


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and see them end, before what they use is closed; one that does not listen is left behind."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=TASK_GRACE)
