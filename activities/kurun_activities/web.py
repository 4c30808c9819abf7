"""Fetching documents from the web, from the allowed hosts only."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Final

import httpx2

from kurun_activities.failures import failure, validation_failure
from kurun_clients.http import AiohttpTransport
from kurun_clients.http.base import user_agent
from kurun_config import variable

MAX_REDIRECTS: Final = 5
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_WORTH_WAITING: Final = frozenset({408, 425, 429})
_TIMEOUT: Final = httpx2.Timeout(30, connect=5).as_dict()


class WebClient:
    """One connection pool for all documents that come from the web.

    It keeps no cookies and sends no credentials: one document's source learns nothing about another's.

    Args:
        transport: Sends the requests; aiohttp's if absent.
    """

    def __init__(self, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._transport = transport

    @asynccontextmanager
    async def get(self, address: str, hosts: Collection[str]) -> AsyncIterator[httpx2.Response]:
        """Open an address and hand over the answer, its body unread.

        Args:
            address: An http(s) URL.
            hosts: The allowed hosts, as ``host`` (its default ports) or ``host:port``; they bind redirects too.

        Raises:
            ApplicationError: A validation failure if the address is not allowed, otherwise a failure that says
                whether the source may answer later. Messages leave out the query: it may hold a signature.
        """
        response = await self._follow(_parsed(address), hosts)
        try:
            yield response
        except httpx2.TransportError as error:
            raise failure(f"GET {shown(response.request.url)}: {error}") from error
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close the connections; a later :meth:`get` opens new ones."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def _follow(self, url: httpx2.URL, hosts: Collection[str]) -> httpx2.Response:
        for _ in range(MAX_REDIRECTS + 1):
            _refuse_unless_allowed(url, hosts)
            response = await self._send(url)
            if response.status_code == 200:
                return response
            await response.aclose()
            if not response.has_redirect_location:
                waits = response.status_code in _WORTH_WAITING or response.status_code >= 500
                raise failure(f"GET {shown(url)}: {response.status_code}", terminal=not waits)
            target = _joined(url, response.headers["location"])
            if (url.scheme, target.scheme) == ("https", "http"):
                raise failure(f"GET {shown(url)}: redirected from https to http", terminal=True)
            url = target
        raise failure(f"GET {shown(url)}: more than {MAX_REDIRECTS} redirects", terminal=True)

    async def _send(self, url: httpx2.URL) -> httpx2.Response:
        if self._transport is None:
            self._transport = AiohttpTransport()
        request = httpx2.Request(
            "GET",
            url,
            headers={"accept-encoding": "identity", "user-agent": user_agent()},
            extensions={"timeout": _TIMEOUT},
        )
        try:
            response = await self._transport.handle_async_request(request)
        except httpx2.TransportError as error:
            raise failure(f"GET {shown(url)}: {error}") from error
        response.request = request
        return response


def shown(url: httpx2.URL) -> str:
    """An address for a message: without user, query and fragment."""
    return str(url.copy_with(username=None, password=None, query=None, fragment=None))


def _parsed(address: str) -> httpx2.URL:
    try:
        return httpx2.URL(address)
    except httpx2.InvalidURL:
        raise validation_failure("the document's url is not a URL") from None


def _joined(url: httpx2.URL, location: str) -> httpx2.URL:
    try:
        return url.join(location)
    except httpx2.InvalidURL:
        raise failure(f"GET {shown(url)}: redirected to what is no URL", terminal=True) from None


def _refuse_unless_allowed(url: httpx2.URL, hosts: Collection[str]) -> None:
    if url.scheme not in _DEFAULT_PORTS:
        raise validation_failure(f"documents are fetched over http and https, not {url.scheme or 'without a scheme'}")
    if not url.host:
        raise validation_failure("the document's url names no host")
    if url.userinfo:
        raise validation_failure("the document's url must not hold credentials: they would stay in the history")
    host = f"[{url.host}]" if ":" in url.host else url.host
    default = _DEFAULT_PORTS[url.scheme]
    port = url.port or default
    allowed = {entry.lower() for entry in hosts}
    if f"{host}:{port}" not in allowed and not (port == default and host in allowed):
        setting = variable("documents.url_hosts")
        raise validation_failure(f"the worker may not fetch documents from {host}:{port} ({setting})")
