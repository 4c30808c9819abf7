"""The async client under every API client: one request at a time, its errors, its repeats."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote, urlencode
from uuid import uuid4

import httpx2

from kurun_clients.http.body import Content, ContentStream
from kurun_clients.http.calls import Call, TooLarge
from kurun_clients.http.errors import (
    ApiError,
    InvalidRequest,
)
from kurun_clients.http.observing import UNNAMED, Observation, Observer, Service, Watch
from kurun_clients.http.replies import (
    MAX_ERROR_BODY,
    MAX_JSON_BODY,
    ErrorParser,
    Model,
    Reply,
    StreamedReply,
    read_body,
    status_error,
)
from kurun_clients.http.retry import RetryPolicy
from kurun_clients.http.transport import AiohttpTransport

Query = Iterable[tuple[str, str]]
Outcome = TypeVar("Outcome")

DEFAULT_TIMEOUT = httpx2.Timeout(connect=5.0, read=30.0, write=30.0, pool=30.0)
MAX_URL = 8 * 1024


@lru_cache(maxsize=1)
def user_agent() -> str:
    """How requests name us: ``kurun/<version>``."""
    try:
        return f"kurun/{version('kurun')}"
    except PackageNotFoundError:
        return "kurun"


# Parsing costs more than all the rest of building a request, and the address of a POST is mostly the same.
_parsed = lru_cache(maxsize=256)(httpx2.URL)


class BaseClient:
    """One API at one address, over one pool of connections.

    It builds its requests for the transport itself: ``httpx2.AsyncClient`` above the same transport doubles the CPU
    that a call costs, for redirects, cookies and hooks that no API here needs.

    Args:
        endpoint: Address of the API.
        auth: How requests say who they are.
        timeout: Seconds for connecting, for each read and write, and for a free connection.
        retry: When calls are repeated.
        transport: The seam: aiohttp unless given; :class:`httpx2.ASGITransport` runs against an app in process.
            The client closes it.
        parse_error: Reads the body of error responses.
        observers: Told of every attempt.
        service: What they are told that this API is.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        auth: httpx2.Auth | None = None,
        timeout: httpx2.Timeout = DEFAULT_TIMEOUT,
        retry: RetryPolicy | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        parse_error: ErrorParser | None = None,
        observers: Sequence[Observer] = (),
        service: Service = UNNAMED,
    ) -> None:
        address = httpx2.URL(endpoint)
        if address.scheme not in {"http", "https"} or not address.host:
            raise ValueError("the endpoint must be an http or https address")
        if address.userinfo or address.query:
            raise ValueError("the endpoint must be an address without credentials and query")
        self.endpoint = endpoint.rstrip("/")
        self._auth = auth
        self._retry = retry or RetryPolicy()
        self._transport = transport or AiohttpTransport()
        self._parse_error = parse_error
        self._observation = Observation(service, observers) if observers else None
        self._extensions = {"timeout": timeout.as_dict()}
        self._headers = [("host", address.netloc.decode("ascii")), ("user-agent", user_agent())]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.endpoint!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def call(
        self,
        model: type[Model],
        method: str,
        path: str,
        *,
        query: Query = (),
        json: bytes | None = None,
        content_type: str = "application/json",
        idempotent: bool | None = None,
    ) -> Model:
        """Send JSON, if any, and read the answer as a model; arguments and errors as for :meth:`send`."""
        reply = await self.send(method, path, query=query, body=json, content_type=content_type, idempotent=idempotent)
        return reply.read(model)

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: bytes | Content | None = None,
        content_type: str | None = None,
        idempotent: bool | None = None,
        expected: frozenset[int] = frozenset(),
        accept: str = "application/json",
        limit: int | None = None,
    ) -> Reply:
        """Send a request and read its whole answer.

        Args:
            method: HTTP method.
            path: Path below the endpoint, with a leading slash, already quoted.
            query: Names and values, in order.
            body: Bytes, or a content that is streamed and opened anew for each attempt.
            content_type: What the body is.
            idempotent: Whether the call may reach the server twice; by default GET and HEAD may.
            expected: Statuses beside 2xx that are no errors.
            accept: What the answer may be.
            limit: Largest answer that is read, in bytes; 32 MiB unless given.

        Raises:
            ApiError: See :mod:`kurun_clients.http.errors`.
        """
        call, request = self._build(method, path, query, body, content_type, accept=accept)

        async def attempt() -> Reply:
            response = await self._open(call, request, expected)
            try:
                content = await read_body(response, MAX_JSON_BODY if limit is None else limit)
            except (httpx2.RequestError, TooLarge) as error:
                raise call.failure(error) from error
            finally:
                await _close(response)
            return Reply(call, response.status_code, response.headers, content)

        watch = self._watch(call, request)
        return await self._repeating(
            watch.replies(attempt) if watch else attempt,
            idempotent=method in {"GET", "HEAD"} if idempotent is None else idempotent,
        )

    @asynccontextmanager
    async def stream(self, path: str, *, query: Query = (), accept: str = "*/*") -> AsyncIterator[StreamedReply]:
        """GET something whose body is read as it comes. What breaks after the head is not repeated.

        Raises:
            ApiError: See :mod:`kurun_clients.http.errors`; also while the chunks are read.
        """
        # Packed documents would have to be unpacked here: their size would not be known, and not be bounded.
        call, request = self._build("GET", path, query, None, None, accept=accept, encoding="identity")

        async def attempt() -> httpx2.Response:
            response = await self._open(call, request, frozenset())
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                await _close(response)
                raise call.invalid("the document is packed, which was not asked for")
            return response

        watch = self._watch(call, request)
        response = await self._repeating(watch.heads(attempt) if watch else attempt, idempotent=True)
        try:
            chunks = _chunks(call, response)
            yield StreamedReply(response.headers, watch.passing(chunks) if watch else chunks)
        finally:
            try:
                await _close(response)
            finally:
                if watch:
                    watch.close()

    def _build(
        self,
        method: str,
        path: str,
        query: Query,
        body: bytes | Content | None,
        content_type: str | None,
        *,
        accept: str,
        encoding: str = "gzip",
    ) -> tuple[Call, httpx2.Request]:
        url = self.endpoint + path
        asked = urlencode(list(query), quote_via=quote)
        if len(url) + len(asked) > MAX_URL:
            raise InvalidRequest(f"{method} {path}: the address is longer than {MAX_URL} characters: too many filters")
        request_id = uuid4().hex
        headers = [*self._headers, ("accept", accept), ("accept-encoding", encoding), ("x-request-id", request_id)]
        stream: httpx2.AsyncByteStream
        size: int | None
        if isinstance(body, bytes) or body is None:
            stream, size = httpx2.ByteStream(body or b""), len(body or b"")
        else:
            stream = ContentStream(body)
            size = stream.size
        if size is not None and method not in {"GET", "HEAD"}:
            headers.append(("content-length", str(size)))
        if body is not None and content_type is not None:
            headers.append(("content-type", content_type))
        address = _parsed(f"{url}?{asked}" if asked else url)
        call = Call(method, url, path, request_id)
        return call, httpx2.Request(method, address, headers=headers, stream=stream, extensions=self._extensions)

    def _watch(self, call: Call, request: httpx2.Request) -> Watch | None:
        return Watch(self._observation, call, request) if self._observation is not None else None

    async def _open(self, call: Call, request: httpx2.Request, expected: frozenset[int]) -> httpx2.Response:
        """One attempt, up to the head of an answer that is no refusal."""
        try:
            response = await self._authenticated(request)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise call.failure(error) from error
        if 200 <= response.status_code < 300 or response.status_code in expected:
            return response
        try:
            body = await read_body(response, MAX_ERROR_BODY)
        except (httpx2.RequestError, TooLarge):
            body = b""  # the status says enough
        finally:
            await _close(response)
        raise status_error(call, response, body, self._parse_error)

    async def _authenticated(self, request: httpx2.Request) -> httpx2.Response:
        if self._auth is None:
            return await self._transport.handle_async_request(request)
        flow = self._auth.async_auth_flow(request)
        try:
            request = await anext(flow)
            while True:
                response = await self._transport.handle_async_request(request)
                try:
                    request = await flow.asend(response)
                except StopAsyncIteration:
                    return response
                except BaseException:
                    await _close(response)
                    raise
                await _close(response)
        finally:
            await flow.aclose()

    async def _repeating(self, attempt: Callable[[], Awaitable[Outcome]], *, idempotent: bool) -> Outcome:
        started, repeated = time.monotonic(), 0
        while True:
            try:
                return await attempt()
            except ApiError as error:
                pause = self._retry.pause(
                    error, repeated=repeated, elapsed=time.monotonic() - started, idempotent=idempotent
                )
                if pause is None:
                    raise
            await asyncio.sleep(pause)
            repeated += 1


async def _chunks(call: Call, response: httpx2.Response) -> AsyncIterator[bytes]:
    assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 - narrows for the type checker
    try:
        async for chunk in response.stream:
            yield chunk
    except httpx2.RequestError as error:
        raise call.failure(error) from error


async def _close(response: httpx2.Response) -> None:
    assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 - narrows for the type checker
    await response.stream.aclose()
