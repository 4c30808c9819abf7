"""What observers of requests are told."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from kurun_clients.http import (
    ApiError,
    BaseClient,
    ConnectError,
    Exchange,
    InvalidRequest,
    NotFound,
    RetryPolicy,
    Service,
)
from kurun_clients.http.observing import operations
from kurun_clients.k2 import WorkflowClient
from kurun_clients.k2.services import ServicesClient
from kurun_clients.kuflow import BasicAuth, KuFlowClient
from kurun_twin.api import OPERATIONS as SERVED
from tests.k2_calls.services_posts import POSTS
from tests.k2_calls.services_reads import READS
from tests.k2_calls.workflow_api import OPERATIONS as K2_OPERATIONS
from tests.kuflow_calls import OPERATIONS
from tests.unit.loopback import Peer, answering, hang_up, serving, status

QUICK = RetryPolicy(repeats=2, first_pause=0.001)
THINGS = Service("kuflow", operations(["things"]))


class Looker:
    """Keeps what it is told, and adds a header."""

    def __init__(self) -> None:
        self.begun: list[Exchange] = []
        self.ended: list[Exchange] = []

    def begin(self, exchange: Exchange) -> None:
        """Keep it."""
        exchange.headers.append(("traceparent", f"attempt-{exchange.attempt}"))
        self.begun.append(exchange)

    def end(self, exchange: Exchange) -> None:
        """Keep it, once for each beginning."""
        assert exchange in self.begun
        assert exchange not in self.ended
        self.ended.append(exchange)


class Broken:
    """Raises whenever it is told something."""

    def begin(self, exchange: Exchange) -> None:
        """Raise."""
        raise RuntimeError(exchange.operation)

    def end(self, exchange: Exchange) -> None:
        """Raise."""
        raise RuntimeError(exchange.operation)


class Stream:
    """A content that is streamed."""

    def __init__(self, *chunks: bytes, size: int | None = None) -> None:
        self.chunks = chunks
        self.size = size

    async def open(self) -> AsyncIterator[bytes]:
        """The chunks."""
        for chunk in self.chunks:
            yield chunk


def client(url: str, *observers: Looker | Broken) -> BaseClient:
    """A client that observers look at."""
    return BaseClient(url, retry=QUICK, observers=observers, service=THINGS)


async def test_an_exchange_tells_what_was_asked_and_how_it_ended() -> None:
    """Service, operation, request id, bytes both ways and time are told, and the header is on the wire."""
    looker = Looker()
    async with serving(answering(status(200, b'{"a": 1}'))) as server, client(server.url, looker) as api:
        await api.send("POST", "/things/7", body=b"12345", content_type="text/plain")

    (exchange,), (request,) = looker.ended, server.received
    assert (exchange.service, exchange.method, exchange.operation) == ("kuflow", "POST", "/things/{id}")
    assert (exchange.status, exchange.error, exchange.attempt) == (200, None, 1)
    assert (exchange.sent, exchange.received) == (5, 8)
    assert 0 < exchange.seconds < 30
    assert request.headers["traceparent"] == "attempt-1"
    assert request.headers["x-request-id"] == exchange.request_id


async def test_each_attempt_is_told_by_itself() -> None:
    """A repeat is another exchange with its own header and the same request id."""
    looker = Looker()
    async with serving(answering(hang_up, status(503), status(200))) as server, client(server.url, looker) as api:
        await api.send("GET", "/things")

    assert [(each.attempt, each.status, each.error) for each in looker.ended] == [
        (1, None, "ConnectionLost"),
        (2, 503, "ServerError"),
        (3, 200, None),
    ]
    assert len({each.request_id for each in looker.ended}) == 1
    assert [each.headers["traceparent"] for each in server.received] == ["attempt-1", "attempt-2", "attempt-3"]


async def test_a_refusal_has_its_status_and_the_name_of_its_class() -> None:
    """404 is told as NotFound, and still raised."""
    looker = Looker()
    async with serving(answering(status(404))) as server, client(server.url, looker) as api:
        with pytest.raises(NotFound):
            await api.send("GET", "/things/1")

    assert [(each.status, each.error) for each in looker.ended] == [(404, "NotFound")]


async def test_nothing_counts_as_sent_where_nobody_listens() -> None:
    """Without a connection there is no status, and no byte was sent."""
    looker = Looker()
    async with BaseClient("http://127.0.0.1:9", retry=RetryPolicy(repeats=0), observers=[looker]) as api:
        with pytest.raises(ConnectError):
            await api.send("POST", "/things", body=b"12345", content_type="text/plain")

    assert [(each.status, each.error, each.sent) for each in looker.ended] == [(None, "ConnectError", 0)]


async def test_a_cancelled_call_ends_too() -> None:
    """An exchange that is cancelled is told as ended, with no status."""
    looker, asked = Looker(), asyncio.Event()

    async def silent(peer: Peer) -> None:
        await peer.receive()
        asked.set()
        await peer.until_gone()

    async with serving(silent) as server, client(server.url, looker) as api:
        call = asyncio.create_task(api.send("GET", "/things"))
        await asked.wait()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)

    assert [(each.status, each.error) for each in looker.ended] == [(None, "CancelledError")]


async def test_a_streamed_body_is_counted_as_far_as_it_went() -> None:
    """A content that is longer than announced is told as refused, with the bytes that were handed over."""
    looker = Looker()
    async with serving(answering(status(200), status(200))) as server, client(server.url, looker) as api:
        await api.send("PUT", "/things", body=Stream(b"12345", b"67"), content_type="text/plain")
        with pytest.raises(InvalidRequest):
            await api.send("PUT", "/things", body=Stream(b"12345", b"67890", size=7), content_type="text/plain")

    assert [(each.sent, each.error) for each in looker.ended] == [(7, None), (0, "InvalidRequest")]


async def test_a_repeat_that_never_connects_sends_nothing() -> None:
    """The bytes of the attempt before it are not counted again."""
    looker = Looker()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n0\r\n\r\n")
        server.close()
        writer.close()

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    async with client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", looker) as api:
        with pytest.raises(ConnectError):
            await api.send("PUT", "/things", body=Stream(b"12345"), content_type="text/plain", idempotent=True)

    assert [(each.sent, each.error) for each in looker.ended] == [
        (5, "ConnectionLost"),
        (0, "ConnectError"),
        (0, "ConnectError"),
    ]


async def test_a_download_ends_when_its_body_does() -> None:
    """The exchange of a streamed answer is told once its reader is done, with the bytes that were read."""
    looker = Looker()
    async with (
        serving(answering(status(200, b"x" * 1000))) as server,
        client(server.url, looker) as api,
        api.stream("/things/1") as reply,
    ):
        assert looker.ended == []
        read = b"".join([chunk async for chunk in reply.chunks])

    assert [(each.status, each.received, each.error) for each in looker.ended] == [(200, len(read), None)]
    assert len(read) == 1000


async def test_a_download_that_breaks_off_is_told_as_lost() -> None:
    """Bytes that came count, and the error is named."""
    looker = Looker()

    async def half(peer: Peer) -> None:
        await peer.receive()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + b"x" * 10)
        peer.writer.close()

    async with serving(half) as server, client(server.url, looker) as api, api.stream("/things/1") as reply:
        with pytest.raises(ApiError):
            [chunk async for chunk in reply.chunks]

    assert [(each.status, each.received, each.error) for each in looker.ended] == [(200, 10, "ConnectionLost")]


async def test_a_reader_who_has_enough_is_no_error() -> None:
    """A download that its reader leaves ends without an error, whatever the reader's own trouble was."""
    looker = Looker()
    async with serving(answering(status(200, b"x" * 1000))) as server, client(server.url, looker) as api:
        with pytest.raises(ZeroDivisionError):
            async with api.stream("/things/1"):
                raise ZeroDivisionError

    assert [(each.status, each.error) for each in looker.ended] == [(200, None)]


async def test_a_broken_observer_breaks_nothing_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The call succeeds, the other observer is told, and one line is logged for all failures."""
    looker = Looker()
    async with (
        serving(answering(status(200), status(200))) as server,
        client(server.url, Broken(), looker) as api,
    ):
        with caplog.at_level(logging.ERROR):
            await api.send("GET", "/things")
            await api.send("GET", "/things")

    assert [each.status for each in looker.ended] == [200, 200]
    assert [record.getMessage() for record in caplog.records] == [
        "an observer of requests fails; this is said once: Broken"
    ]


async def test_a_header_that_cannot_be_sent_is_left_out() -> None:
    """A line break in a header of an observer never reaches the wire."""

    class Smuggler(Looker):
        def begin(self, exchange: Exchange) -> None:
            super().begin(exchange)
            exchange.headers.append(("x-evil", "a\r\nx-more: b"))

    async with serving(answering(status(200))) as server, client(server.url, Smuggler()) as api:
        await api.send("GET", "/things")

    assert server.received[0].headers.keys() & {"x-evil", "x-more"} == set()


def test_operations_know_their_words_alone() -> None:
    """What is no word of the API is an id, also inside parentheses, so that ids and names never get through."""
    operation = operations(["Items", "Actions", "Execute", "~actions"])

    assert operation("/Items(12_34)/Actions(Approve)/Execute") == "/Items({id})/Actions({id})/Execute"
    assert operation("/Items/~actions/contract.pdf") == "/Items/~actions/{id}"
    assert operation("/secret") == "/{id}"


def test_every_operation_of_kuflow_is_named_as_it_is_documented() -> None:
    """The paths of all operations that KuFlow documents become the documented templates with ``{id}``."""
    seen = Looker()
    kuflow = KuFlowClient("http://x", auth=BasicAuth("a", "b"), observers=[seen])
    operation = kuflow._client._observation._service.operation  # type: ignore[union-attr]
    expected = {_with_ids(each.path) for each in SERVED}
    named = {operation(_path(call[3])) for call in OPERATIONS.values()}

    assert named <= expected
    assert {operation(_with_ids(each.path)) for each in SERVED} == expected


def test_operations_of_k2_are_few() -> None:
    """No serial number, name or id of K2 is part of an operation's name, and no two operations share one by chance."""
    workflow = WorkflowClient("http://x", auth=BasicAuth("a", "b"), observers=[Looker()])
    services = ServicesClient("http://x", auth=BasicAuth("a", "b"), observers=[Looker()])
    rest = workflow._client._observation._service.operation  # type: ignore[union-attr]
    soap = services._client._observation._service.operation  # type: ignore[union-attr]
    named = {rest(_path(call[3]).removeprefix("/v1")) for call in K2_OPERATIONS.values()}
    named_of_services = {soap(_path(f"/{call[1]}")) for call in [*POSTS, *READS]}

    assert not {each for each in named | named_of_services if any(c.isdigit() for c in each)}
    assert not {each for each in named if each.startswith("/{id}")}
    assert not {each for each in named_of_services if "/{id}" in each}
    assert "/tasks/{id}/actions/{id}" in named
    assert "/Worklist/Items({id})/Actions({id})/Execute" in named_of_services


def _path(target: str) -> str:
    return target.partition("?")[0]


def _with_ids(path: str) -> str:
    return "/".join("{id}" if part.startswith("{") else part for part in path.split("/"))
