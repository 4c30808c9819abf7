"""How each way in which a call can break is named, and that nothing is ever sent twice behind our back."""

import asyncio
import datetime as dt
import socket
import ssl
from collections.abc import AsyncIterator
from ipaddress import IPv4Address
from pathlib import Path

import aiohttp
import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kurun_clients.http import (
    AiohttpTransport,
    ApiError,
    BaseClient,
    ConnectError,
    ConnectionLost,
    RetryPolicy,
)
from kurun_clients.http.failures import translated
from tests.unit.loopback import Peer, Script, answering, break_off, hang_up, reset, serving, status

ONCE = RetryPolicy(repeats=0)
QUICK = RetryPolicy(repeats=2, first_pause=0.001)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
WRITING = ["POST", "PUT", "PATCH", "DELETE"]


def client(url: str, *, retry: RetryPolicy = ONCE, connections: int = 100, **timeouts: float) -> BaseClient:
    """A client with timeouts of 5 s but for those given."""
    return BaseClient(
        url,
        timeout=httpx2.Timeout(5, **timeouts),
        retry=retry,
        transport=AiohttpTransport(max_connections=connections),
    )


def body_of(method: str) -> bytes | None:
    """A small body, for methods that have one."""
    return None if method in {"GET", "DELETE"} else b'{"a": 1}'


async def failure(api: BaseClient, method: str = "POST") -> ApiError:
    """How a call that must fail fails."""
    with pytest.raises(ApiError) as caught:
        await api.send(method, "/things", body=body_of(method), content_type="application/json")
    return caught.value


class Slices:
    """A content of which each slice waits for its gate."""

    def __init__(self, *slices: bytes, gate: asyncio.Event | None = None, size: int | None = None) -> None:
        self.slices = slices
        self.gate = gate
        self.size = size
        self.opened = 0
        self.closed = 0

    async def open(self) -> AsyncIterator[bytes]:
        """The slices."""
        self.opened += 1
        try:
            for piece in self.slices:
                if self.gate is not None:
                    await self.gate.wait()
                yield piece
        finally:
            self.closed += 1


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.parametrize("method", METHODS)
async def test_a_refused_connection_was_never_sent(method: str) -> None:
    """Nobody listens: ConnectError, for every method, naming the place."""
    port = free_port()

    async with client(f"http://127.0.0.1:{port}") as api:
        error = await failure(api, method)

    assert isinstance(error, ConnectError)
    assert not error.maybe_sent
    assert f"{method} /things: cannot connect to 127.0.0.1:{port}: " in str(error)
    assert isinstance(error.__cause__, httpx2.ConnectError)


async def test_an_unknown_host_was_never_sent() -> None:
    """A name that does not resolve: ConnectError."""
    async with client("http://nowhere.invalid") as api:
        error = await failure(api)

    assert isinstance(error, ConnectError)


async def test_a_server_without_tls_was_never_sent() -> None:
    """TLS against a server that speaks none: ConnectError."""
    async with serving(hang_up) as server, client(f"https://127.0.0.1:{server.port}") as api:
        error = await failure(api)

    assert isinstance(error, ConnectError)


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "loopback.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


async def test_tls_is_verified_against_the_given_authorities(tmp_path: Path) -> None:
    """A certificate of nobody's is refused before anything is sent; with its authority the call works."""
    file = self_signed(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(file)
    trusting = AiohttpTransport(ssl_context=ssl.create_default_context(cafile=file))

    async with serving(answering(status(200)), tls=tls) as server:
        async with client(server.url) as api:
            error = await failure(api)
        async with BaseClient(server.url, transport=trusting) as api:
            reply = await api.send("GET", "/things")

    assert isinstance(error, ConnectError)
    assert "is not trusted" in str(error)
    assert (reply.status, len(server.received)) == (200, 1)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("end", [hang_up, reset, break_off], ids=lambda end: end.__name__)
async def test_a_connection_that_breaks_after_the_request_leaves_the_outcome_unknown(method: str, end: Script) -> None:
    """The server had the request and ended the connection: ConnectionLost, and the request came exactly once."""
    async with serving(answering(end)) as server, client(server.url) as api:
        error = await failure(api, method)

    assert isinstance(error, ConnectionLost)
    assert error.maybe_sent
    assert [method] == [request.method for request in server.received]


@pytest.mark.parametrize("method", METHODS)
async def test_a_stale_connection_is_not_used_again_behind_our_back(method: str) -> None:
    """A kept connection that ends at the second request: one more request arrives, not a silent third."""
    async with serving(answering(status(200), hang_up)) as server, client(server.url) as api:
        await api.send("GET", "/first")
        error = await failure(api, method)

    assert isinstance(error, ConnectionLost)
    assert [request.target for request in server.received] == ["/first", "/things"]


async def test_a_connection_that_the_server_closed_while_idle_is_replaced() -> None:
    """The server closes after each answer: the next POST takes a new connection and succeeds."""
    closed = asyncio.Event()

    async def one_answer(peer: Peer) -> None:
        await peer.receive()
        await peer.answer()
        peer.writer.close()
        await peer.writer.wait_closed()
        closed.set()

    async with serving(one_answer) as server, client(server.url) as api:
        await api.send("POST", "/things", body=b"{}")
        await closed.wait()
        await asyncio.to_thread(int)  # one turn of the loop that reads the farewell
        await api.send("POST", "/things", body=b"{}")

    assert (server.connections, len(server.received)) == (2, 2)


async def test_a_connection_that_ends_before_the_first_byte_was_never_sent() -> None:
    """The server hangs up while the body's first bytes are still awaited: nothing left, so ConnectError."""
    content = Slices(b"late", gate=asyncio.Event())

    async with serving(hang_up) as server, client(server.url) as api:
        with pytest.raises(ConnectError, match="before anything was sent"):
            await api.send("POST", "/things", body=content)

    assert server.received == []


async def test_an_empty_content_is_sent_like_any_other() -> None:
    """No bytes is a body too: a connection that breaks after it leaves the outcome unknown."""
    async with serving(answering(hang_up)) as server, client(server.url) as api:
        with pytest.raises(ConnectionLost):
            await api.send("POST", "/things", body=Slices(size=0))

    assert len(server.received) == 1


async def test_a_write_refused_by_a_closed_connection_was_never_sent() -> None:
    """Aiohttp refusing the first write proves that nothing left; refusing a later one proves nothing."""
    request = httpx2.Request("POST", "http://127.0.0.1")
    refusal = aiohttp.ClientConnectionResetError("Cannot write to closing transport")

    first = translated(refusal, request, handed=1)
    later = translated(refusal, request, handed=2)

    assert isinstance(first, httpx2.ConnectError)
    assert isinstance(later, httpx2.WriteError)


async def test_a_connection_that_breaks_in_the_middle_of_an_upload_leaves_the_outcome_unknown() -> None:
    """The server resets after the first part of the body: ConnectionLost, and the content is closed."""

    async def reset_early(peer: Peer) -> None:
        await peer.receive(body=False)
        await peer.reader.read(10)
        peer.reset()

    content = Slices(*[b"x" * 65536] * 400, size=400 * 65536)

    async with serving(reset_early) as server, client(server.url) as api:
        with pytest.raises(ConnectionLost):
            await api.send("POST", "/things", body=content)

    assert (content.opened, content.closed) == (1, 1)
