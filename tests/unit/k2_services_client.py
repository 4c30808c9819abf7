"""A client of the K2 Services before a server that answers with what a test wants."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from kurun_clients.http.auth import BasicAuth
from kurun_clients.k2.services import ServicesClient
from tests.unit.loopback import Loopback, Received, Script, answering, serving, status

XML = "application/xml; charset=utf-8"

Call = Callable[[ServicesClient], Awaitable[Any]]


@asynccontextmanager
async def before(script: Script, *, retries: int = 2) -> AsyncIterator[tuple[ServicesClient, Loopback]]:
    """A client of a server that runs this script for each connection."""
    async with serving(script) as server:
        endpoint, auth = f"{server.url}/K2Services", BasicAuth("bob", "secret")
        async with ServicesClient(endpoint, auth=auth, retries=retries, max_answer=4 * 1024 * 1024) as k2:
            yield k2, server


async def asked(call: Call, answer: str | bytes, code: int = 200, content_type: str = XML) -> tuple[Received, Any]:
    """The one request of a call, and what it gave."""
    body = answer if isinstance(answer, bytes) else answer.encode()
    async with before(answering(status(code, body, content_type=content_type))) as (k2, server):
        result = await call(k2)
    assert len(server.received) == 1
    return server.received[0], result
