"""Timeouts, limits and odd answers: each has its own class, and none takes a connection with it."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from kurun_clients.http import (
    BaseClient,
    ConnectError,
    ConnectionLost,
    InvalidRequest,
    InvalidResponse,
    PayloadTooLarge,
    RequestTimeout,
    StatusError,
    TransportError,
)
from tests.unit.loopback import Peer, answering, break_off, hang_up, reset, serving, status
from tests.unit.test_http_failures import QUICK, Slices, client, failure


async def test_a_connection_that_is_not_established_in_time() -> None:
    """The server accepts but never answers the TLS greeting: RequestTimeout in phase connect, never sent."""

    async def silent(peer: Peer) -> None:
        await peer.until_gone()

    async with serving(silent) as server, client(f"https://127.0.0.1:{server.port}", connect=0.1) as api:
        error = await failure(api)

    assert isinstance(error, RequestTimeout)
    assert (error.phase, error.maybe_sent) == ("connect", False)


async def test_an_answer_that_does_not_come_in_time() -> None:
    """RequestTimeout in phase read: the request may have been acted on, and came once."""

    async def silent(peer: Peer) -> None:
        await peer.receive()
        await peer.until_gone()

    async with serving(silent) as server, client(server.url, read=0.1) as api:
        error = await failure(api)

    assert isinstance(error, RequestTimeout)
    assert (error.phase, error.maybe_sent, len(server.received)) == ("read", True, 1)


async def test_an_answer_that_stops_in_the_middle() -> None:
    """The head came and the body does not: RequestTimeout in phase read."""

    async def stops(peer: Peer) -> None:
        await peer.receive()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
        await peer.until_gone()

    async with serving(stops) as server, client(server.url, read=0.1) as api:
        error = await failure(api)

    assert isinstance(error, RequestTimeout)
    assert error.phase == "read"


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_server_that_does_not_take_the_body(*, streamed: bool) -> None:
    """More than the sockets buffer, and the server reads nothing: RequestTimeout in phase write."""
    size = 64 * 1024 * 1024
    gone = asyncio.Event()

    async def full(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await gone.wait()

    body = Slices(*[b"x" * 2**20] * 64, size=size) if streamed else b"x" * size

    async with serving(full) as server, client(server.url, write=0.2) as api:
        with pytest.raises(RequestTimeout) as caught:
            await api.send("POST", "/things", body=body)
        gone.set()

    assert caught.value.phase == "write"
    if isinstance(body, Slices):
        assert body.closed == 1


async def test_a_slow_source_is_not_the_servers_fault() -> None:
    """The write timeout measures the server: a content that takes longer than it does no harm."""
    gate = asyncio.Event()
    content = Slices(b"one", b"two", gate=gate)

    async with serving(answering(status(200))) as server, client(server.url, write=0.05) as api:
        sending = asyncio.create_task(api.send("POST", "/things", body=content))
        asyncio.get_running_loop().call_later(0.3, gate.set)
        await sending

    assert [request.body for request in server.received] == [b"onetwo"]


async def test_a_slow_answer_to_an_upload_has_the_read_timeout() -> None:
    """After the last byte the server has its time to answer, however short the write timeout is."""

    async def thoughtful(peer: Peer) -> None:
        await peer.receive()
        await asyncio.sleep(0.3)  # the behaviour under test is a duration
        await peer.answer()

    async with serving(thoughtful) as server, client(server.url, write=0.05) as api:
        reply = await api.send("POST", "/things", body=Slices(b"all"))

    assert reply.status == 200


async def test_waiting_for_a_free_connection_is_bounded() -> None:
    """All connections busy: RequestTimeout in phase pool, never sent; a freed one serves the next call."""
    here, go = asyncio.Event(), asyncio.Event()

    async def waits(peer: Peer) -> None:
        while True:
            await peer.receive()
            here.set()
            await go.wait()
            await peer.answer()

    async with serving(waits) as server, client(server.url, connections=1, pool=0.1) as api:
        first = asyncio.create_task(api.send("GET", "/first"))
        await here.wait()
        error = await failure(api)
        go.set()
        await first
        await api.send("GET", "/second")

    assert isinstance(error, RequestTimeout)
    assert (error.phase, error.maybe_sent) == ("pool", False)
    assert [request.target for request in server.received] == ["/first", "/second"]


async def test_connections_are_limited() -> None:
    """Twenty calls over three connections: never a fourth, and all succeed."""
    async with serving(answering(status(200))) as server, client(server.url, connections=3) as api:
        replies = await asyncio.gather(*(api.send("POST", "/things", body=b"{}") for _ in range(20)))

    assert [reply.status for reply in replies] == [200] * 20
    assert server.most_at_once <= 3


async def test_a_failed_call_frees_its_connection() -> None:
    """After failures of every kind the only connection there may be is free again."""
    script = answering(hang_up, reset, break_off, status(500), status(200))

    async with serving(script) as server, client(server.url, connections=1, pool=0.5) as api:
        for _ in range(4):
            await failure(api)
        reply = await api.send("POST", "/things")

    assert (reply.status, len(server.received)) == (200, 5)


async def test_cancelling_stays_cancelling() -> None:
    """A cancelled call raises CancelledError at once, is not repeated, and frees its connection."""
    held = asyncio.Event()

    async def hold_first(peer: Peer) -> None:
        while True:
            request = await peer.receive()
            if request.target == "/held":
                held.set()
                await peer.until_gone()
            await peer.answer()

    async with serving(hold_first) as server, client(server.url, retry=QUICK, connections=1, pool=1) as api:
        call = asyncio.create_task(api.send("GET", "/held"))
        await held.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await api.send("GET", "/next")

    assert [request.target for request in server.received] == ["/held", "/next"]


async def test_an_answer_that_is_not_http() -> None:
    """Garbage instead of an answer: ConnectionLost, for the server had the request."""

    async def garbage(peer: Peer) -> None:
        await peer.receive()
        await peer.send(b"\x00\x01garbage\r\n\r\n")

    async with serving(garbage) as server, client(server.url) as api:
        error = await failure(api)

    assert isinstance(error, ConnectionLost)
    assert len(server.received) == 1


async def test_a_refusal_during_an_upload_is_heard() -> None:
    """The server answers 413 before it read the body: PayloadTooLarge, and the content is closed."""

    async def refuse(peer: Peer) -> None:
        await peer.receive(body=False)
        await peer.answer(413, connection="close")
        await peer.until_gone()

    content = Slices(*[b"x" * 65536] * 400, size=400 * 65536)

    async with serving(refuse) as server, client(server.url) as api:
        with pytest.raises(PayloadTooLarge):
            await api.send("POST", "/things", body=content)

    assert content.closed == 1


@pytest.mark.parametrize(("size", "said"), [(3, "longer than the 3 bytes"), (9, "ended after 6 of the 9 bytes")])
async def test_a_content_of_another_length_than_announced(size: int, said: str) -> None:
    """InvalidRequest names both lengths, is not repeated, and the server never has a whole request."""
    content = Slices(b"abc", b"def", size=size)

    async with serving(answering(status(200))) as server, client(server.url, retry=QUICK) as api:
        with pytest.raises(InvalidRequest, match=said):
            await api.send("POST", "/things", body=content)

    assert not any(request.body for request in server.received)
    assert (content.opened, content.closed) == (1, 1)


async def test_a_source_that_fails_is_not_taken_for_the_network() -> None:
    """What the content itself raises comes out as it is."""

    class Unreadable:
        size = 10

        async def open(self) -> AsyncIterator[bytes]:
            yield b"12345"
            raise PermissionError("not yours")

    async with serving(answering(status(200))) as server, client(server.url, retry=QUICK) as api:
        with pytest.raises(PermissionError, match="not yours"):
            await api.send("POST", "/things", body=Unreadable())

    assert server.connections == 1


async def test_redirects_are_not_followed() -> None:
    """A redirect is an error that says where it leads, without the query."""
    script = answering(status(302, b"", location="http://elsewhere.example/login?token=secret"))

    async with serving(script) as server, client(server.url) as api:
        error = await failure(api, "GET")

    assert isinstance(error, StatusError)
    assert str(error) == (
        "GET /things: 302 Found: redirects are not followed; this one leads to http://elsewhere.example/login"
    )
    assert len(server.received) == 1


async def test_cookies_are_not_kept() -> None:
    """What one answer sets does not come back with the next request."""
    async with serving(answering(status(200, set_cookie="a=b"))) as server, client(server.url) as api:
        await api.send("GET", "/one")
        await api.send("GET", "/two")

    assert [request.headers.get("cookie") for request in server.received] == [None, None]


async def test_proxies_of_the_environment_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY receives the whole address with its own credentials; NO_PROXY goes past it."""
    async with serving(answering(status(200))) as proxy:
        monkeypatch.setenv("http_proxy", f"http://user:word@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with client("http://far.example/api") as api:
            await api.send("GET", "/things")
        async with serving(answering(status(200))) as server, client(server.url) as api:
            await api.send("GET", "/things")

    assert [(request.target, request.headers["proxy-authorization"]) for request in proxy.received] == [
        ("http://far.example/api/things", "Basic dXNlcjp3b3Jk")
    ]
    assert [request.target for request in server.received] == ["/things"]


async def test_a_closed_client_says_so() -> None:
    """A call after the end is a mistake of the caller's, not of the network."""
    api = client("http://127.0.0.1:9")
    await api.aclose()

    with pytest.raises(RuntimeError, match="closed"):
        await api.send("GET", "/things")


async def test_the_seam_takes_an_app_in_process() -> None:
    """The same client runs against an ASGI app without a socket."""

    async def app(scope: dict[str, object], _receive: object, send: object) -> None:
        assert callable(send)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": str(scope["path"]).encode()})

    transport = httpx2.ASGITransport(app)  # type: ignore[arg-type]
    async with BaseClient("http://twin/v1", transport=transport) as api:
        reply = await api.send("POST", "/things", body=b"{}")

    assert reply.content == b"/v1/things"


async def test_every_transport_error_tells_whether_it_may_have_been_sent() -> None:
    """Whoever decides on a repeat asks one attribute."""
    where = ("POST", "http://x/things", "/things", "broken")

    kinds: list[TransportError] = [
        ConnectError(*where),
        ConnectionLost(*where),
        RequestTimeout(*where, phase="pool"),
        RequestTimeout(*where, phase="connect"),
        RequestTimeout(*where, phase="write"),
        RequestTimeout(*where, phase="read"),
    ]

    assert [error.maybe_sent for error in kinds] == [False, True, False, False, True, True]


async def test_an_answer_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body beyond the limit is an InvalidResponse, not a full memory."""
    monkeypatch.setattr("kurun_clients.http.base.MAX_JSON_BODY", 1000)

    async with serving(answering(status(200, b"x" * 2000))) as server, client(server.url) as api:
        error = await failure(api)

    assert isinstance(error, InvalidResponse)
    assert "larger than 1000 bytes" in str(error)
