"""The worker's own small http server, in a thread that a blocked event loop does not hold up."""

import asyncio
import json
import os
import socket
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self

import structlog
from aiohttp import web

from kurun_config import ConfigurationError, HealthSettings, variable
from kurun_worker.health.conditions import Health, Report
from kurun_worker.health.standstill import Standstill

log = structlog.get_logger(__name__)

MOST_CONNECTIONS = 64
KEEPALIVE_SECONDS = 15.0
MOST_LINE = 2 * 1024
MOST_HEADER = 4 * 1024
MOST_HEADERS = 64
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STOP_SECONDS = 1.0

Metrics = Callable[[], Awaitable[bytes]]
"""Everything that is measured, as Prometheus reads it; awaited on the server's loop, in the server's thread."""


class _Bounded(web.Server):
    """A further connection than the most there may be closes the oldest."""

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        if len(connections := self.connections) > MOST_CONNECTIONS:
            connections[0].force_close()


class HealthServer:
    """Serves ``/livez``, ``/readyz`` and ``/metrics``: GET and HEAD, no bodies, nothing else.

    Args:
        health: What is told.
        settings: Where to listen.
        metrics: Makes the answer of ``/metrics``; without it there is none.
    """

    def __init__(self, health: Health, settings: HealthSettings, *, metrics: Metrics | None = None) -> None:
        self._health = health
        self._host = settings.host
        self._wanted = settings.port or 0
        self._patience = settings.timeout.total_seconds()
        self._metrics = metrics
        # Told well before the worker counts as dead, which may be the end of its log.
        self._standstill = Standstill(health, settings.max_loop_lag.total_seconds() / 2)
        self._started: Future[int] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="kurun-health", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._started.result()

    def start(self) -> None:
        """Listen.

        Raises:
            ConfigurationError: The address cannot be listened on; the message names the variable to set.
        """
        self._thread.start()
        try:
            port = self._started.result()
        except (OSError, UnicodeError) as error:
            raise ConfigurationError(
                f"health.port: {self._host}:{self._wanted} cannot be listened on: {_reason(error)}: "
                f"set {variable('health.port')} or {variable('health.host')}"
            ) from None
        log.info("health is served", host=self._host, port=port)

    def stop(self) -> None:
        """Listen no more."""
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_STOP_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            # Whoever waits for the port would wait for ever.
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = _Bounded(
            self._answer,
            access_log=None,
            keepalive_timeout=KEEPALIVE_SECONDS,
            lingering_time=0,
            max_line_size=MOST_LINE,
            max_field_size=MOST_HEADER,
            max_headers=MOST_HEADERS,
        )
        listening = await self._loop.create_server(server, self._host, self._wanted)
        self._started.set_result(listening.sockets[0].getsockname()[1])
        watching = asyncio.create_task(self._standstill.run())
        try:
            await self._stop.wait()
        finally:
            watching.cancel()
            listening.close()
            await server.shutdown(_STOP_SECONDS / 10)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method not in {"GET", "HEAD"}:
            return _text(405, "only GET and HEAD", allow="GET, HEAD")
        match request.path:
            case "/livez":
                return _reported(self._health.live())
            case "/readyz":
                return _reported(self._health.ready())
            case "/metrics" if self._metrics is not None:
                return await self._measured(self._metrics)
            case _:
                return _text(404, "there is /livez, /readyz and /metrics")

    async def _measured(self, metrics: Metrics) -> web.Response:
        try:
            async with asyncio.timeout(self._patience):
                body = await metrics()
        except Exception:
            log.exception("metrics cannot be told")
            return _text(500, "metrics cannot be told, see the log")
        return _response(200, body, METRICS_TYPE)


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "this is no name of a machine"
    # asyncio's own words repeat the address; a name service has numbers and words of its own.
    if error.errno is None or isinstance(error, socket.gaierror):
        return error.strerror or str(error)
    return os.strerror(error.errno)


def _reported(report: Report) -> web.Response:
    body = json.dumps(report.body(), ensure_ascii=False).encode() + b"\n"
    return _response(200 if report.ok else 503, body, "application/json")


def _text(status: int, said: str, *, allow: str | None = None) -> web.Response:
    response = _response(status, f"{said}\n".encode(), "text/plain; charset=utf-8")
    if allow is not None:
        response.headers["Allow"] = allow
    return response


def _response(status: int, body: bytes, content_type: str) -> web.Response:
    headers = {"Content-Type": content_type, "Cache-Control": "no-store", "Server": "kurun"}
    return web.Response(status=status, body=body, headers=headers)
