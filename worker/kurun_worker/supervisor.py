"""Keeping a worker at work for months: connect, serve, and connect again when the engine goes away or refuses us."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from kurun_clients.http import ApiError, Forbidden, StatusError, Unauthorized
from kurun_config import ConfigurationError, Settings, variable
from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.pacing import Pacing
from kurun_worker.registration import is_final, refusal
from kurun_worker.slots import DrainableWorker

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

STOP_GRACE = 5.0
STEADY = 60.0
POLL = 0.05


class StartError(Exception):
    """The engine or KuFlow could not be reached when the daemon started."""


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
        clock: Where time comes from.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        connect: Callable[[], Coroutine[Any, Any, Client]],
        build: Callable[[Client], DrainableWorker],
        refresh: Callable[[], Coroutine[Any, Any, None]],
        stop: asyncio.Event,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._settings = settings
        self._connect = connect
        self._build = build
        self._refresh = refresh
        self._stop = stop
        self._clock = clock
        self._pacing = Pacing(settings.engine.renewal_backoff_max.total_seconds())
        self.recoveries = 0

    async def run(self) -> None:
        """Serve until told to stop.

        Raises:
            ConfigurationError: Credentials, worker or task queue were refused at the start.
            StartError: The engine or KuFlow could not be reached at the start.
            UnfinishedActivitiesError: Activities outlasted the drain.
        """
        try:
            client = await self._unless_stopped(self._first_connection())
            failures = 0
            while True:
                began = self._clock.monotonic()
                error = await self._serve(client, first=self.recoveries == 0 and failures == 0)
                if error is None:
                    return
                failures = 1 if self._clock.monotonic() - began > STEADY else failures + 1
                log.warning("the worker ended, connecting again", error=engine_reason(error.__cause__ or error))
                client = await self._unless_stopped(self._next_connection(failures))
                self.recoveries += 1
        except _Stopped:
            return

    async def _first_connection(self) -> Client:
        timeout = self._settings.engine.connect_timeout.total_seconds()
        last: Exception | None = None
        failures = 0
        try:
            async with asyncio.timeout(timeout):
                while True:
                    try:
                        return await self._connect()
                    except (Unauthorized, Forbidden) as error:
                        raise ConfigurationError(self._refused(error)) from error
                    except (ApiError, RPCError, RuntimeError) as error:
                        if isinstance(error, StatusError) and is_final(error):
                            raise ConfigurationError(
                                f"KuFlow refused to let this worker in: {refusal(error)}"
                            ) from error
                        last = error
                    failures += 1
                    await asyncio.sleep(self._pacing.retry(failures, remaining=0.0))
        except TimeoutError:
            raise StartError(self._unreachable(last, timeout)) from last

    async def _next_connection(self, failures: int) -> Client:
        reported = None
        while True:
            await self._clock.wait(self._stop, self._pacing.retry(failures, remaining=0.0))
            try:
                await self._refresh()
                return await self._connect()
            except (ApiError, RPCError, RuntimeError) as error:
                failures += 1
                if (said := engine_reason(error)) != reported:
                    log.warning("connecting to the engine fails", error=said)
                    reported = said

    async def _serve(self, client: Client, *, first: bool) -> Exception | None:
        try:
            drainable = self._build(client)
        except (RuntimeError, TypeError, ValueError) as error:
            cause = f": {_line(error.__cause__)}" if error.__cause__ else ""
            raise ConfigurationError(f"the worker cannot be made: {_line(error)}{cause}") from error
        worker = drainable.worker
        running = asyncio.create_task(worker.run())
        stopping = asyncio.create_task(self._stop.wait())
        try:
            ready = await self._until_polling(worker, running)
            if not ready and first and not self._stop.is_set():
                await self._explain_start(running)
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                await self._drain(drainable, running)
            outcome = running.exception()
        finally:
            stopping.cancel()
            running.cancel()
        if outcome is None or isinstance(outcome, Exception):
            return outcome
        raise outcome

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
            running.cancel()
            await asyncio.wait({running})
            raise _Stopped
        await drainable.close_polls()
        shutdown = asyncio.create_task(worker.shutdown())
        deadline = self._settings.worker.drain_timeout.total_seconds() + STOP_GRACE
        try:
            done, _ = await asyncio.wait({running}, timeout=deadline)
        finally:
            shutdown.cancel()
        if not done:
            raise UnfinishedActivitiesError(f"activities went on {STOP_GRACE:g} s after they were cancelled")

    async def _unless_stopped(self, wanted: Coroutine[Any, Any, Result]) -> Result:
        task = asyncio.create_task(wanted)
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise _Stopped
            return task.result()
        finally:
            stopping.cancel()
            task.cancel()

    def _refused(self, error: Exception) -> str:
        names = " and ".join(variable(path) for path in ("kuflow.client_id", "kuflow.client_secret"))
        status = getattr(error, "status", None)
        return f"KuFlow at {self._settings.kuflow.endpoint} refused the credentials (HTTP {status}): check {names}"

    def _unreachable(self, error: Exception | None, timeout: float) -> str:
        if isinstance(error, StatusError):
            return f"KuFlow at {self._settings.kuflow.endpoint} does not serve: {_line(error)}"
        if isinstance(error, ApiError):
            return f"KuFlow cannot be reached at {self._settings.kuflow.endpoint}: {_line(error)}"
        reason = f": {engine_reason(error)}" if error else ""
        return f"the engine cannot be reached at {self._settings.engine.address} within {timeout:g} s{reason}"


def engine_reason(error: BaseException) -> str:
    """What Temporal's core says went wrong, without the Rust structures around it."""
    said = _line(error)
    reasons = re.findall(r'(?:message|error): "([^"]+)"|(InvalidCertificate\([^)]*\))', said)
    reasons = [quoted or certificate for quoted, certificate in reasons]
    if "BrokenPipe" in said or "FRAME_SIZE" in said or "InvalidContentType" in said:
        reasons.append("does the engine speak TLS? see KURUN_ENGINE_CREDENTIALS")
    return "; ".join(dict.fromkeys(reasons)) or said


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
