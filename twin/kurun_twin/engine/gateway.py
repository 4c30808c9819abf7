"""The engine's door: a gRPC proxy before a real Temporal frontend that lets only known workers through.

It speaks TLS, wants a client certificate of the twin's own authority and a valid engine token on every call, and passes
bytes on as they are; a listener may read them. Streams are not supported: no call of a Temporal worker or client is
one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import grpc
import grpc.aio

from kurun_twin.engine.certificates import CertificateAuthority
from kurun_twin.engine.tokens import Refusal, TokenMint
from kurun_twin.engine.upstream import MAX_MESSAGE, unary
from kurun_twin.ports import HOST, taken

logger = logging.getLogger(__name__)

if TYPE_CHECKING:  # generic only in the type stubs
    Metadata = Sequence[tuple[str, str | bytes]] | grpc.aio.Metadata
    _Context = grpc.aio.ServicerContext[bytes, bytes]
    _Call = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]
    _Handler = grpc.RpcMethodHandler[bytes, bytes]
    _Forward = Callable[[str, _Call, bytes, _Context], Coroutine[Any, Any, bytes]]

MAX_CALLS = 10_000  # at once; a worker has some dozens of polls open
_MAX_METHODS = 500
_LOG_PAUSE = 10.0

REFUSED_ON_PURPOSE = "engine token refused: the scenario says so"

_HOP = frozenset({"authorization", "user-agent", "content-type", "te", "host", "connection", "accept-encoding"})
_HOP_PREFIXES = ("grpc-accept-", "grpc-encoding", "grpc-timeout", "grpc-internal-", "grpc-status-", ":")
_DETAILS = "grpc-status-details-bin"

_OPTIONS = [
    ("grpc.so_reuseport", 0),  # two gateways on one port would share its connections without a word
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_metadata_size", 64 * 1024),
    # Temporal clients ping idle connections every 30 s or oftener; the default takes that for an attack.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 1000),
    ("grpc.http2.min_ping_interval_without_data_ms", 1000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 20_000),
]


class GatewayFigures(Protocol):
    """Where the gateway counts."""

    def engine_call(self, method: str, token_left: float) -> None:
        """A call was let through; its token is good for ``token_left`` more seconds."""

    def engine_refusal(self, method: str, reason: str) -> None:
        """A call was answered UNAUTHENTICATED."""


Passed = Callable[[str, bytes], None]
"""Told method and request of a call that the engine took; it must not block."""


class EngineGateway:
    """The proxy on one port of 127.0.0.1."""

    def __init__(
        self,
        authority: CertificateAuthority,
        tokens: TokenMint,
        upstream: grpc.aio.Channel,
        figures: GatewayFigures,
        *,
        passed: Passed | None = None,
    ) -> None:
        self._authority = authority
        self._tokens = tokens
        self._upstream = upstream
        self._figures = figures
        self._passed = passed
        self._server: grpc.aio.Server | None = None
        self._port = 0
        self._refuse_until = 0.0
        self._logged: dict[str, float] = {}

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        return self._port

    async def start(self, port: int = 0) -> None:
        """Listen; 0 takes a free port.

        Raises:
            ConfigurationError: The port is taken.
        """
        server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=MAX_CALLS)
        server.add_generic_rpc_handlers((_PassThrough(self._upstream, self._forward),))
        try:
            self._port = server.add_secure_port(f"{HOST}:{port}", self._credentials())
        except RuntimeError:
            raise taken("--engine-port", port) from None
        await server.start()
        self._server = server

    async def stop(self, grace: float | None = None) -> None:
        """Stop listening; calls under way get ``grace`` seconds."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop(grace)

    async def cut(self) -> None:
        """Misbehave: break every connection at once. The port is open again right after."""
        await self.stop()
        await self.start(self._port)

    def refuse(self, seconds: float) -> None:
        """Misbehave: refuse every token for a while; 0 ends it."""
        self._refuse_until = time.monotonic() + seconds if seconds > 0 else 0.0

    def _credentials(self) -> grpc.ServerCredentials:
        pair = self._authority.server()
        return grpc.ssl_server_credentials(
            [(pair.key, pair.certificate)], root_certificates=self._authority.certificate, require_client_auth=True
        )

    def _check(self, metadata: Metadata) -> float | str:
        """Seconds that the caller's token is still good for, or why the call is refused."""
        bearer = next((value for key, value in metadata if key == "authorization"), "")
        if not isinstance(bearer, str) or bearer[:7].lower() != "bearer ":
            return Refusal.MISSING.value
        left = self._tokens.remaining(bearer[7:].strip())
        if isinstance(left, Refusal):
            return left.value
        if self._refuse_until and time.monotonic() < self._refuse_until:
            return REFUSED_ON_PURPOSE
        return left

    async def _forward(self, method: str, call: _Call, request: bytes, context: _Context) -> bytes:
        metadata = context.invocation_metadata() or ()
        left = self._check(metadata)
        if isinstance(left, str):
            self._refused(method, left)
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, left)
        else:
            self._figures.engine_call(method, left)
        # Cancelling this handler, as grpc does when the caller goes away, cancels the awaited call upstream.
        upstream = call(request, timeout=context.time_remaining(), metadata=_passed_on(metadata))
        try:
            response = await upstream
        except grpc.aio.AioRpcError as error:
            trailing = _passed_on(error.trailing_metadata() or (), details=True)
            await context.abort(error.code(), error.details() or "", trailing_metadata=trailing)
        if self._passed is not None:
            self._passed(method, request)
        if initial := _passed_on(await upstream.initial_metadata()):
            await context.send_initial_metadata(initial)
        if trailing := _passed_on(await upstream.trailing_metadata()):
            context.set_trailing_metadata(trailing)
        return response

    def _refused(self, method: str, reason: str) -> None:
        self._figures.engine_refusal(method, reason)
        now = time.monotonic()
        if now - self._logged.get(reason, -_LOG_PAUSE) >= _LOG_PAUSE:
            self._logged[reason] = now
            logger.warning("engine gateway refuses %s: %s", method, reason)


def _passed_on(metadata: Metadata, *, details: bool = False) -> tuple[tuple[str, str | bytes], ...]:
    """What belongs to the call rather than to one of its two connections."""
    return tuple(
        (key, value)
        for key, value in metadata
        if (key not in _HOP and not key.startswith(_HOP_PREFIXES)) or (details and key == _DETAILS)
    )


class _PassThrough(grpc.GenericRpcHandler):
    """Any method there is or will be, its messages as bytes."""

    def __init__(self, upstream: grpc.aio.Channel, forward: _Forward) -> None:
        self._upstream = upstream
        self._forward = forward
        self._handlers: dict[str, _Handler] = {}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> _Handler | None:
        path = handler_call_details.method
        handler = self._handlers.get(path)
        if handler is None and len(self._handlers) < _MAX_METHODS:
            call = unary(self._upstream, path)
            name = path.rsplit("/", 1)[-1]

            async def forward(request: bytes, context: _Context) -> bytes:
                return await self._forward(name, call, request, context)

            handler = grpc.unary_unary_rpc_method_handler(forward)
            self._handlers[path] = handler
        return handler
