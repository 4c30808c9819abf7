"""What the clients of all APIs share: an address, and connections that are closed."""

from types import TracebackType
from typing import Self

from kurun_clients.http.base import BaseClient


class ApiClient:
    """A client of one API, made of its nouns over one :class:`BaseClient`.

    Use it as an async context manager, or call :meth:`aclose`.

    Args:
        client: Sends the requests; closed with this one.
    """

    def __init__(self, client: BaseClient) -> None:
        self._client = client

    @property
    def endpoint(self) -> str:
        """Address of the API."""
        return self._client.endpoint

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
        await self._client.aclose()
