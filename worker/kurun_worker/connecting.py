"""Reaching the engine: within a time at the start, and later for as long as it takes."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeVar

import structlog
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from kurun_clients.http import ApiError, Forbidden, StatusError, Unauthorized
from kurun_config import ConfigurationError, Settings, variable
from kurun_worker.clock import Clock
from kurun_worker.engine import Step
from kurun_worker.pacing import Pacing
from kurun_worker.reasons import engine_reason, line, request_field
from kurun_worker.registration import is_final, refusal

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

LONG = 2.0
"""Seconds of connecting after which a person may wonder what is going on."""
NAMESPACE_TIMEOUT = timedelta(seconds=10)


class StartError(Exception):
    """The engine or KuFlow could not be reached when the daemon started."""


class Connector:
    """Makes connections to the engine, one after the other.

    Args:
        settings: The effective settings.
        connect: Makes a connection.
        refresh: Renews the credentials before the next connection.
        step: What ``connect`` and ``refresh`` are waiting for.
        stop: Set when there is no need for a connection any more.
        clock: Where time comes from.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        connect: Callable[[], Coroutine[Any, Any, Client]],
        refresh: Callable[[], Coroutine[Any, Any, None]],
        step: Callable[[], Step],
        stop: asyncio.Event,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._connect = connect
        self._refresh = refresh
        self._step = step
        self._stop = stop
        self._clock = clock
        self._limit = settings.engine.connect_timeout.total_seconds()
        self._pacing = Pacing(settings.engine.renewal_backoff_max.total_seconds())

    async def first(self) -> Client:
        """The connection to start with.

        Raises:
            ConfigurationError: KuFlow refused the credentials.
            StartError: The engine or KuFlow could not be reached within the connect timeout.
        """
        last: Exception | None = None
        failures = 0
        telling = asyncio.get_running_loop().call_later(LONG, self._tell_progress)
        try:
            async with asyncio.timeout(self._limit):
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
            raise StartError(self._unreachable(last)) from last
        finally:
            telling.cancel()

    def _tell_progress(self) -> None:
        settings, step = self._settings, self._step()
        where = settings.engine.address if step is Step.CONNECTION else str(settings.kuflow.endpoint)
        log.info("still connecting", waiting_for=step.value, address=where, limit=self._limit)

    async def again(self, failures: int) -> Client:
        """The connection after one that was lost. Whatever goes wrong is logged once, and tried again for ever.

        Args:
            failures: How many there were in a row; the pause before the first try grows with it.
        """
        reported = None
        while True:
            await self._clock.wait(self._stop, self._pacing.retry(failures, remaining=0.0))
            try:
                # While KuFlow is silent the old credentials may still be good: connecting tells.
                with contextlib.suppress(TimeoutError):
                    await self._bounded(self._refresh())
                return await self._bounded(self._connect())
            except Exception as error:
                failures += 1
                if (said := engine_reason(error)) != reported:
                    log.warning("connecting to the engine fails", error=said, **request_field(error))
                    reported = said

    async def _bounded(self, wanted: Coroutine[Any, Any, Result]) -> Result:
        """Temporal's own connect timeout ends with the TCP connection: a port may accept it and stay silent."""
        try:
            async with asyncio.timeout(self._limit):
                return await wanted
        except TimeoutError:
            raise TimeoutError(self._silent()) from None

    def _refused(self, error: StatusError) -> str:
        paths = ["kuflow.client_id", "kuflow.client_secret"]
        if error.status == HTTPStatus.FORBIDDEN and self._settings.kuflow.tenant_id is not None:
            paths.append("kuflow.tenant_id")
        names = ", ".join(variable(path) for path in paths)
        said = f"KuFlow at {self._settings.kuflow.endpoint} refused the credentials"
        return f"{said} (HTTP {error.status}): {line(error)}; check {names}"

    def _unreachable(self, error: Exception | None) -> str:
        if error is None:
            return self._silent()
        if isinstance(error, StatusError):
            return f"KuFlow at {self._settings.kuflow.endpoint} does not serve: {line(error)}"
        if isinstance(error, ApiError):
            return f"KuFlow cannot be reached at {self._settings.kuflow.endpoint}: {line(error)}"
        return f"{self._engine_unreachable()}: {engine_reason(error)}"

    def _silent(self) -> str:
        if (step := self._step()) is Step.CONNECTION:
            return f"{self._engine_unreachable()}: no answer"
        endpoint = self._settings.kuflow.endpoint
        return f"KuFlow at {endpoint} does not answer within {self._limit:g} s when asked for the {step.value}"

    def _engine_unreachable(self) -> str:
        return f"the engine cannot be reached at {self._settings.engine.address} within {self._limit:g} s"


async def require_namespace(client: Client) -> None:
    """Insist that the engine knows the client's namespace, before a worker is made and announced that serves it.

    Raises:
        ConfigurationError: It does not. Whatever else is wrong with the engine is left to Temporal's own check.
    """
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        await client.workflow_service.describe_namespace(request, timeout=NAMESPACE_TIMEOUT)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise ConfigurationError(
                f"the engine has no namespace {client.namespace}: check {variable('engine.namespace')}"
            ) from None
