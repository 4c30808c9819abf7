"""The engine gateway in front of a small gRPC server of bytes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from kurun_config import ConfigurationError
from kurun_twin.engine.certificates import CertificateAuthority
from kurun_twin.engine.gateway import REFUSED_ON_PURPOSE, EngineGateway
from kurun_twin.engine.tokens import Refusal, TokenMint
from kurun_twin.engine.upstream import MAX_MESSAGE, open_channel
from kurun_twin.figures import Figures

PATIENCE = 10.0


@dataclass
class Upstream:
    """A server whose method names say what it does; it notes what reaches it."""

    metadata: dict[str, Any] = field(default_factory=dict)
    time_left: float | None = None
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, method: str, request: bytes, context: Any) -> bytes:
        """Do what the method's name says, else answer the request backwards."""
        self.metadata = dict(context.invocation_metadata())
        self.time_left = context.time_remaining()
        if method.endswith("/Fail"):
            trailing = (("grpc-status-details-bin", b"\x08\x05details"), ("reason", "gone"))
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such thing", trailing_metadata=trailing)
        if method.endswith("/Wait"):
            self.waiting.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        await context.send_initial_metadata((("first", "1"),))
        context.set_trailing_metadata((("last-bin", b"\x00\x01"),))
        return request[::-1]


class Handler(grpc.GenericRpcHandler):
    """Hands every method to the upstream."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """One handler for every method."""

        async def answer(request: bytes, context: Any) -> bytes:
            return await self._upstream.answer(handler_call_details.method, request, context)

        return grpc.unary_unary_rpc_method_handler(answer)


@dataclass
class Setup:
    """A gateway, what is behind it, and what opens it."""

    upstream: Upstream
    authority: CertificateAuthority
    mint: TokenMint
    gateway: EngineGateway
    figures: Figures

    @asynccontextmanager
    async def client(self, *, signed_by: CertificateAuthority | None = None, bare: bool = False) -> AsyncIterator[Any]:
        """A channel with a client certificate of the given authority, or with none."""
        pair = None if bare else (signed_by or self.authority).client("worker", timedelta(hours=1))
        credentials = grpc.ssl_channel_credentials(
            self.authority.certificate, pair.key if pair else None, pair.certificate if pair else None
        )
        options = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_reconnect_backoff_ms", 100)]
        async with grpc.aio.secure_channel(f"localhost:{self.gateway.port}", credentials, options=options) as channel:
            yield channel

    def bearer(self) -> tuple[tuple[str, str], ...]:
        """Metadata with a fresh token."""
        return (("authorization", f"Bearer {self.mint.issue().token}"),)


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncIterator[Setup]:
    """A running gateway."""
    upstream = Upstream()
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", MAX_MESSAGE)])
    server.add_generic_rpc_handlers((Handler(upstream),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    authority = CertificateAuthority.open(tmp_path / "ca")
    mint, figures = TokenMint.open(tmp_path / "key", timedelta(minutes=1)), Figures()
    async with open_channel(f"127.0.0.1:{port}") as channel:
        gateway = EngineGateway(authority, mint, channel, figures)
        await gateway.start()
        yield Setup(upstream, authority, mint, gateway, figures)
        await gateway.stop()
    await server.stop(None)


async def test_bytes_and_metadata_pass_both_ways(setup: Setup) -> None:
    """What the caller sends reaches the engine as it is, except the token; so does the answer."""
    async with setup.client() as channel:
        call = channel.unary_unary("/any.Service/Echo")(b"\x00\xffab", metadata=(*setup.bearer(), ("x-own", "7")))
        answer = await call
        initial, trailing = await call.initial_metadata(), await call.trailing_metadata()

    assert b"ba\xff\x00" == answer
    assert "7" == setup.upstream.metadata["x-own"]
    assert "authorization" not in setup.upstream.metadata
    assert "1" == initial["first"]
    assert b"\x00\x01" == trailing["last-bin"]


async def test_calls_without_a_deadline_pass_without_one(setup: Setup) -> None:
    """The gateway adds no deadline of its own."""
    async with setup.client() as channel:
        await channel.unary_unary("/any.Service/Echo")(b"", metadata=setup.bearer())

    assert setup.upstream.time_left is None


async def test_errors_pass_with_their_details(setup: Setup) -> None:
    """A worker decides by Temporal's error details, so they must arrive unchanged."""
    async with setup.client() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/any.Service/Fail")(b"", metadata=setup.bearer())
    trailing = dict(caught.value.trailing_metadata() or ())

    assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.NOT_FOUND, "no such thing")
    assert b"\x08\x05details" == trailing["grpc-status-details-bin"]
    assert "gone" == trailing["reason"]


async def test_deadlines_pass(setup: Setup) -> None:
    """The engine knows how long the caller will wait, and stops when that is over."""
    async with setup.client() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/any.Service/Wait")(b"", metadata=setup.bearer(), timeout=0.3)
        async with asyncio.timeout(PATIENCE):
            await setup.upstream.cancelled.wait()

    assert grpc.StatusCode.DEADLINE_EXCEEDED is caught.value.code()
    assert setup.upstream.time_left is not None
    assert 0 < setup.upstream.time_left <= 0.3


async def test_a_cancelled_poll_is_cancelled_behind_the_gateway(setup: Setup) -> None:
    """A worker that goes away must not leave polls behind that swallow tasks."""
    async with setup.client() as channel:
        call = channel.unary_unary("/any.Service/Wait")(b"", metadata=setup.bearer())
        polling = asyncio.ensure_future(call)
        async with asyncio.timeout(PATIENCE):
            await setup.upstream.waiting.wait()
            call.cancel()
            await setup.upstream.cancelled.wait()

        assert isinstance((await asyncio.gather(polling, return_exceptions=True))[0], asyncio.CancelledError)


async def test_large_and_compressed_messages_pass(setup: Setup) -> None:
    """GRPC's own limit of 4 MiB does not apply, and gzip is understood."""
    message = bytes(20 * 1024**2) + b"end"
    async with setup.client() as channel:
        echo = channel.unary_unary("/any.Service/Echo")
        answer = await echo(message, metadata=setup.bearer(), compression=grpc.Compression.Gzip)

    assert message[::-1] == answer


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic abc", "Bearer "])
async def test_no_token_no_entry(setup: Setup, header: str | None) -> None:
    """Without a token a call is refused, and the refusal says what is missing; nothing reaches the engine."""
    metadata = () if header is None else (("authorization", header),)
    reason = await refused(setup, metadata)

    assert reason in {Refusal.MISSING, Refusal.UNKNOWN}
    assert {} == setup.upstream.metadata


async def test_foreign_and_expired_tokens_are_refused(setup: Setup, tmp_path: Path) -> None:
    """A token of another twin and one whose time is over are told apart."""
    foreign = TokenMint.open(tmp_path / "other", timedelta(minutes=1)).issue().token
    expired = TokenMint((tmp_path / "key").read_bytes(), timedelta(seconds=-1)).issue().token

    assert Refusal.UNKNOWN == await refused(setup, (("authorization", f"Bearer {foreign}"),))
    assert Refusal.EXPIRED == await refused(setup, (("authorization", f"Bearer {expired}"),))
    assert {"Echo": {Refusal.UNKNOWN: 1, Refusal.EXPIRED: 1}} == setup.figures.snapshot()["engine"]["refusals"]


async def refused(setup: Setup, metadata: tuple[tuple[str, str], ...]) -> str | None:
    """Call with this metadata; the reason of the refusal."""
    async with setup.client() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/any.Service/Echo")(b"", metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    return caught.value.details()


async def test_no_certificate_no_connection(setup: Setup) -> None:
    """TLS itself fails without a client certificate, even with a good token."""
    async with setup.client(bare=True) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/any.Service/Echo")(b"", metadata=setup.bearer())

    assert grpc.StatusCode.UNAVAILABLE is caught.value.code()
    assert {} == setup.upstream.metadata


async def test_a_certificate_of_another_authority_opens_nothing(setup: Setup, tmp_path: Path) -> None:
    """Only the twin's own authority is trusted."""
    async with setup.client(signed_by=CertificateAuthority.open(tmp_path / "foreign")) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/any.Service/Echo")(b"", metadata=setup.bearer())

    assert grpc.StatusCode.UNAVAILABLE is caught.value.code()
    assert {} == setup.upstream.metadata


async def test_it_can_be_told_to_refuse(setup: Setup) -> None:
    """Told so, it refuses good tokens, and takes them again afterwards."""
    setup.gateway.refuse(60)
    reason = await refused(setup, setup.bearer())
    setup.gateway.refuse(0)
    async with setup.client() as channel:
        answer = await channel.unary_unary("/any.Service/Echo")(b"ab", metadata=setup.bearer())

    assert reason == REFUSED_ON_PURPOSE
    assert b"ba" == answer


async def test_it_can_be_told_to_cut_connections(setup: Setup) -> None:
    """Told so, it breaks the calls under way, and the same client gets through again on the same port."""
    port = setup.gateway.port
    async with setup.client() as channel:
        polling = asyncio.ensure_future(channel.unary_unary("/any.Service/Wait")(b"", metadata=setup.bearer()))
        async with asyncio.timeout(PATIENCE):
            await setup.upstream.waiting.wait()
            await setup.gateway.cut()
            broken = (await asyncio.gather(polling, return_exceptions=True))[0]
        echo = channel.unary_unary("/any.Service/Echo")
        answer = await echo(b"ab", metadata=setup.bearer(), wait_for_ready=True, timeout=PATIENCE)

    assert isinstance(broken, grpc.aio.AioRpcError)
    assert b"ba" == answer
    assert port == setup.gateway.port


async def test_a_taken_port_is_a_configuration_error(setup: Setup, tmp_path: Path) -> None:
    """Two gateways never share a port silently."""
    async with open_channel("127.0.0.1:1") as channel:
        second = EngineGateway(CertificateAuthority.open(tmp_path / "ca"), setup.mint, channel, Figures())
        with pytest.raises(ConfigurationError) as caught:
            await second.start(setup.gateway.port)

    assert str(setup.gateway.port) in str(caught.value)


async def test_an_engine_that_is_away_is_unavailable(setup: Setup) -> None:
    """While the engine restarts, callers get the error that tells them to try again."""
    async with open_channel("127.0.0.1:1") as channel:
        gateway = EngineGateway(setup.authority, setup.mint, channel, Figures())
        await gateway.start()
        alone = Setup(setup.upstream, setup.authority, setup.mint, gateway, setup.figures)
        async with alone.client() as client:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await client.unary_unary("/any.Service/Echo")(b"", metadata=setup.bearer())
        await gateway.stop()

    assert grpc.StatusCode.UNAVAILABLE is caught.value.code()
