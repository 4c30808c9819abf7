"""Serves an ASGI application on one port of 127.0.0.1."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from kurun_twin.ports import HOST, taken

_GRACE = 2  # seconds that requests under way get at the stop
_KEEP_ALIVE = 75  # longer than clients keep idle connections, so that none is closed under a request
_BACKLOG = 2048


class HttpServer:
    """The KuFlow API's server. It leaves signals and logging to the program."""

    def __init__(self, app: ASGIApp) -> None:
        self._server = _Server(
            uvicorn.Config(
                app,
                lifespan="on",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                backlog=_BACKLOG,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        assert self._socket is not None  # noqa: S101 - narrows for the type checker
        port: int = self._socket.getsockname()[1]
        return port

    async def start(self, port: int = 0) -> None:
        """Listen; 0 takes a free port.

        Raises:
            ConfigurationError: The port is taken.
        """
        self._socket = _listen(port)
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="http-server")
        started = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait((started, self._task), return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if self._task.done():
            await self._task

    async def stop(self) -> None:
        """Answer what is under way, for a moment, and close."""
        task, self._task = self._task, None
        if task is not None:
            self._server.should_exit = True
            await task
        if self._socket is not None:
            self._socket.close()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise taken("--http-port", port, error.strerror) from None
    return listener
