"""Looking on while requests are made, for metrics and traces."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

import httpx2

from kurun_clients.http.body import ContentStream
from kurun_clients.http.calls import Call
from kurun_clients.http.errors import InvalidRequest, StatusError, TransportError
from kurun_clients.http.replies import Reply

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Exchange:
    """One attempt of one call: what is known when it begins, and, from :meth:`Observer.end` on, how it ended.

    Attributes:
        service: Which API: ``kuflow`` or ``k2``.
        method: HTTP method.
        operation: The path below the endpoint with ``{id}`` for all that is not a word of the API itself: few values,
            none of them secret.
        request_id: What is sent as ``x-request-id``; the attempts of one call share it.
        headers: Headers to add to the request; empty at first.
        attempt: 1, and one more for each repeat.
        status: Status of an answer that was read, or of a refusal.
        error: Name of the class of what went wrong, also ``CancelledError``.
        seconds: From the beginning, waiting for a free connection included, to the end of the body.
        sent: Bytes of the request's body that were handed over.
        received: Bytes of the answer's body, unpacked; 0 for refusals.
        notes: Whatever an observer wants to keep from ``begin`` to ``end``.
    """

    service: str
    method: str
    operation: str
    request_id: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    attempt: int = 1
    status: int | None = None
    error: str | None = None
    seconds: float = 0.0
    sent: int = 0
    received: int = 0
    notes: dict[str, Any] = field(default_factory=dict)


class Observer(Protocol):
    """Told of every attempt. It must not block; what it raises is logged once and changes nothing."""

    def begin(self, exchange: Exchange) -> None:
        """An attempt begins."""

    def end(self, exchange: Exchange) -> None:
        """It has ended, in whatever way; called exactly once for each :meth:`begin`."""


@dataclass(frozen=True)
class Service:
    """An API as observers see it.

    Attributes:
        name: What it is called.
        operation: The operation of a path below the endpoint.
    """

    name: str
    operation: Callable[[str], str]


def operations(words: Collection[str]) -> Callable[[str], str]:
    """Turns paths into operations: these words stay, everything else is an id.

    ``/processes/7a0c…/~actions/cancel`` becomes ``/processes/{id}/~actions/cancel``, and ``/Items(12_34)`` becomes
    ``/Items({id})``. With a closed list no name that a server or a user chose ever becomes an operation of its own.
    """
    known = frozenset(words)

    def part(segment: str) -> str:
        word, parenthesis, _ = segment.partition("(")
        if word not in known:
            return "{id}"
        return f"{word}({{id}})" if parenthesis else word

    return lambda path: "/".join(["", *(part(each) for each in path.split("/")[1:])])


UNNAMED = Service("other", operations(()))


class Observation:
    """The observers of one client, and what they are told.

    Args:
        service: The API.
        observers: Told in this order.
    """

    def __init__(self, service: Service, observers: Sequence[Observer]) -> None:
        self._service = service
        self._observers = tuple(observers)
        self._failed: set[int] = set()

    def begin(self, call: Call, request: httpx2.Request, attempt: int) -> Exchange:
        """An attempt begins; the headers that observers want are put into the request."""
        exchange = Exchange(
            self._service.name, call.method, self._service.operation(call.path), call.request_id, attempt=attempt
        )
        if isinstance(request.stream, ContentStream):
            request.stream.sent = 0  # an attempt that never comes to the body leaves the count of the one before
        exchange.seconds = -perf_counter()
        for observer in self._observers:
            self._guarded(observer, observer.begin, exchange)
        if exchange.headers:
            self._add(request, exchange.headers)
        return exchange

    def end(self, exchange: Exchange, request: httpx2.Request, error: BaseException | None) -> None:
        """It has ended."""
        exchange.seconds += perf_counter()
        exchange.sent = _sent(request, error)
        if error is not None:
            exchange.error = type(error).__name__
        if isinstance(error, StatusError):
            exchange.status = error.status
        for observer in self._observers:
            self._guarded(observer, observer.end, exchange)

    def _add(self, request: httpx2.Request, headers: Sequence[tuple[str, str]]) -> None:
        for name, value in headers:
            if name.isascii() and value.isascii() and (name + value).isprintable():
                request.headers[name] = value

    def _guarded(self, observer: Observer, tell: Callable[[Exchange], None], exchange: Exchange) -> None:
        try:
            tell(exchange)
        except Exception:
            if id(observer) not in self._failed:
                self._failed.add(id(observer))
                _log.exception("an observer of requests fails; this is said once: %s", type(observer).__name__)


class Watch:
    """What observers see of one call, over all its attempts.

    Args:
        observation: Whom to tell.
        call: The call.
        request: Its request, which all attempts share.
    """

    def __init__(self, observation: Observation, call: Call, request: httpx2.Request) -> None:
        self._observation = observation
        self._call = call
        self._request = request
        self._attempts = 0
        self._open: Exchange | None = None
        self._failure: BaseException | None = None

    def replies(self, attempt: Callable[[], Awaitable[Reply]]) -> Callable[[], Awaitable[Reply]]:
        """The same attempt, observed from its beginning to the end of its answer."""

        async def observed() -> Reply:
            exchange = self._begin()
            try:
                reply = await attempt()
            except BaseException as error:
                self._observation.end(exchange, self._request, error)
                raise
            exchange.status, exchange.received = reply.status, len(reply.content)
            self._observation.end(exchange, self._request, None)
            return reply

        return observed

    def heads(self, attempt: Callable[[], Awaitable[httpx2.Response]]) -> Callable[[], Awaitable[httpx2.Response]]:
        """The same attempt, observed to its end if it fails, and else until :meth:`close`."""

        async def observed() -> httpx2.Response:
            exchange = self._begin()
            try:
                response = await attempt()
            except BaseException as error:
                self._observation.end(exchange, self._request, error)
                raise
            exchange.status, self._open = response.status_code, exchange
            return response

        return observed

    async def passing(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The chunks of the body, counted."""
        try:
            async for chunk in chunks:
                if self._open is not None:
                    self._open.received += len(chunk)
                yield chunk
        except GeneratorExit:
            raise
        except BaseException as error:
            self._failure = error
            raise

    def close(self) -> None:
        """Nobody reads the body any more."""
        if (exchange := self._open) is not None:
            self._open = None
            self._observation.end(exchange, self._request, self._failure)

    def _begin(self) -> Exchange:
        self._attempts += 1
        return self._observation.begin(self._call, self._request, self._attempts)


def _sent(request: httpx2.Request, error: BaseException | None) -> int:
    stream = request.stream
    if isinstance(stream, ContentStream):
        return stream.sent
    if isinstance(error, InvalidRequest) or (isinstance(error, TransportError) and not error.maybe_sent):
        return 0
    return int(request.headers.get("content-length", "0"))
