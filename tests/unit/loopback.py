"""A server on a raw loopback socket, so that it can break every rule of HTTP on purpose."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field


@dataclass
class Received:
    """A request as it came over the wire; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Peer:
    """The server's end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: "Loopback"

    async def receive(self, *, body: bool = True) -> Received:
        """The next request, recorded; raises ``IncompleteReadError`` when the client hangs up before it."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.rstrip().split("\r\n")
        method, target, _ = line.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (entry.partition(":") for entry in lines)}
        request = Received(method, target, headers)
        self.server.received.append(request)
        if body:
            request.body = await self._body(headers)
        return request

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await self.reader.readexactly(int(headers.get("content-length", "0")))
        chunks = []
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            chunks.append(await self.reader.readexactly(size))
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)
        return b"".join(chunks)

    async def answer(self, status: int = 200, body: bytes = b"{}", **headers: str) -> None:
        """A whole answer; underscores in header names become hyphens."""
        lines = {"content-type": "application/json", "content-length": str(len(body))}
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        await self.send(f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode("latin-1") + body)

    async def send(self, data: bytes) -> None:
        """Anything at all."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection with a reset instead of a farewell."""
        raw: socket.socket = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def until_gone(self) -> None:
        """Hold the connection, without a word, until the client ends it."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass


Script = Callable[[Peer], Awaitable[None]]


@dataclass
class Loopback:
    """The server.

    Attributes:
        port: Where it listens on 127.0.0.1.
        received: Every request so far.
        connections: Connections so far.
        most_at_once: Most connections at the same time.
    """

    port: int = 0
    scheme: str = "http"
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    most_at_once: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self.scheme}://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def serving(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Loopback]:
    """A server that runs ``script`` for each connection and then closes it."""
    loopback = Loopback(scheme="https" if tls else "http")
    running: set[asyncio.Task[None]] = set()

    async def serve(peer: Peer) -> None:
        try:
            await script(peer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            peer.writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await peer.writer.wait_closed()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loopback.connections += 1
        task = asyncio.get_running_loop().create_task(serve(Peer(reader, writer, loopback)))
        running.add(task)
        loopback.most_at_once = max(loopback.most_at_once, len(running))
        task.add_done_callback(running.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    loopback.port = server.sockets[0].getsockname()[1]
    try:
        yield loopback
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await server.wait_closed()


def answering(*answers: Script, last: Script | None = None) -> Script:
    """A script of keep-alive connections: one answer a request, in order over all connections; the last repeats."""
    given = iter(answers)
    final = last or answers[-1]

    async def script(peer: Peer) -> None:
        while True:
            await peer.receive()
            await next(given, final)(peer)

    return script


def status(code: int, body: bytes = b"{}", **headers: str) -> Script:
    """An answer with a status."""

    async def answer(peer: Peer) -> None:
        await peer.answer(code, body, **headers)

    return answer


async def hang_up(_peer: Peer) -> None:
    """End the connection without an answer."""
    raise ConnectionResetError


async def reset(peer: Peer) -> None:
    """Reset the connection without an answer."""
    peer.reset()
    raise ConnectionResetError


async def break_off(peer: Peer) -> None:
    """End the connection in the middle of an answer."""
    await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
    raise ConnectionResetError
