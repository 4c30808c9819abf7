"""httpx2's transport seam over an aiohttp session, with every failure named for what it is.

A call costs a fraction of what it costs over httpx2's own transport. What is our own here, and why:

- aiohttp repeats GET, PUT and DELETE by itself when a connection breaks. Repeats belong to one owner, so a middleware
  takes such failures past it.
- aiohttp's ``connect`` timeout mixes waiting for a free connection with connecting; a semaphore keeps them apart.
- aiohttp has no write timeout; :class:`WatchedBody` is one.
- Connections idle for longer than servers commonly keep them (5 s) are not used again. A POST on a connection that
  breaks is reported as sent, unless nothing was written.
- ``trust_env`` of aiohttp looks into files in a thread for each request; the proxies are read once instead.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
from yarl import URL

from kurun_clients.http.body import WatchedBody
from kurun_clients.http.failures import NotRepeated, translated

KEEPALIVE_SECONDS = 4.0
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
_SMALL_BODY = 32 * 1024  # goes out in one write that no peer can hold up


async def _not_repeated(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise NotRepeated from error


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Send httpx2 requests through aiohttp: no redirects, no cookies, no repeats, no decoding.

    Timeouts come with each request, as httpx2 passes them: ``extensions["timeout"]`` with ``connect``, ``read``,
    ``write`` and ``pool`` in seconds. The session is made at the first request, on the running loop.

    Args:
        ssl_context: What to trust; without it, one context with the system's authorities serves the whole process.
        max_connections: Connections at the same time; further requests wait.
        trust_env: Use the proxies that the environment names (``HTTPS_PROXY``, ``NO_PROXY``, …).
    """

    def __init__(
        self, *, ssl_context: ssl.SSLContext | None = None, max_connections: int = 100, trust_env: bool = True
    ) -> None:
        self._ssl: ssl.SSLContext | bool = ssl_context or True
        self._slots = asyncio.Semaphore(max_connections)
        self._proxies = getproxies() if trust_env else {}
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and return when the head of the answer is there.

        Raises:
            httpx2.TransportError: By its class: never sent (ConnectError, ConnectTimeout, PoolTimeout, ProxyError,
                UnsupportedProtocol, LocalProtocolError), or sent without an answer (all others).
        """
        limits: Mapping[str, float | None] = request.extensions.get("timeout", {})
        session = self._open_session()
        await self._take_slot(request, limits.get("pool"))
        body = _watched(request, limits)
        try:
            response = await self._send(session, request, limits, body)
        except BaseException:
            self._slots.release()
            if body is not None:
                await body.aclose()
            raise
        return httpx2.Response(
            response.status,
            headers=httpx2.Headers(response.raw_headers, encoding="latin-1"),  # else each look-up guesses anew
            stream=_ResponseStream(request, response, body, self._slots.release),
            request=request,
        )

    async def aclose(self) -> None:
        """Close every connection; the transport cannot be used again."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._closed:
            raise RuntimeError("the client is closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_SECONDS, ssl=self._ssl),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                middlewares=(_not_repeated,),
            )
        return self._session

    async def _take_slot(self, request: httpx2.Request, seconds: float | None) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise httpx2.PoolTimeout(f"no connection was free for {seconds:g} s", request=request) from None

    async def _send(
        self,
        session: aiohttp.ClientSession,
        request: httpx2.Request,
        limits: Mapping[str, float | None],
        body: WatchedBody | None,
    ) -> aiohttp.ClientResponse:
        options: dict[str, Any] = {
            "headers": [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in request.headers.raw
                if name.lower() != b"transfer-encoding"  # aiohttp frames the body itself
            ],
            "allow_redirects": False,
            "proxy": self._proxy(request.url),
            "timeout": aiohttp.ClientTimeout(connect=limits.get("connect"), sock_read=limits.get("read")),
        }
        if request.method in _BODY_METHODS and "content-type" not in request.headers:
            options["skip_auto_headers"] = ("Content-Type",)
        url = URL(str(request.url), encoded=True)
        try:
            if body is None:
                return await session.request(request.method, url, data=_whole(request) or None, **options)
            async with body.deadline:
                try:
                    return await session.request(request.method, url, data=body, **options)
                finally:
                    body.unwatch()
        except (aiohttp.ClientError, NotRepeated, OSError, ValueError) as error:
            if body is not None and body.failure is not None:
                raise body.failure from None
            if body is not None and body.deadline.expired():
                reason = "the server did not take the request within the timeout"
                raise httpx2.WriteTimeout(reason, request=request) from None
            raise translated(error, request, handed=1 if body is None else body.handed) from error

    def _proxy(self, url: httpx2.URL) -> URL | None:
        if not self._proxies:
            return None
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if not proxy or proxy_bypass(url.host):
            return None
        return URL(proxy if "://" in proxy else f"http://{proxy}")


def _whole(request: httpx2.Request) -> bytes:
    return b"".join(request.stream) if isinstance(request.stream, httpx2.ByteStream) else b""


def _watched(request: httpx2.Request, limits: Mapping[str, float | None]) -> WatchedBody | None:
    """The body, if it is streamed or so large that a peer could hold up its writing."""
    if isinstance(request.stream, httpx2.ByteStream) and len(_whole(request)) <= _SMALL_BODY:
        return None
    assert isinstance(request.stream, httpx2.AsyncByteStream)  # noqa: S101 - narrows for the type checker
    return WatchedBody(request.stream, write=limits.get("write"), answer=limits.get("read"))


class _ResponseStream(httpx2.AsyncByteStream):
    def __init__(
        self,
        request: httpx2.Request,
        response: aiohttp.ClientResponse,
        body: WatchedBody | None,
        released: Callable[[], None],
    ) -> None:
        self._request = request
        self._response = response
        self._body = body
        self._released: Callable[[], None] | None = released

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, OSError) as error:
            raise translated(error, self._request, handed=None) from error

    async def aclose(self) -> None:
        """Give the connection back if everything was read, and drop it if not."""
        if self._released is None:
            return
        released, self._released = self._released, None
        self._response.close()
        released()
        if self._body is not None:
            await self._body.aclose()
