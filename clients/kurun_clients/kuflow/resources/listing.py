"""The list operations, which all work alike."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Generic, TypeVar

from pydantic.alias_generators import to_camel

from kurun_clients.http import BaseClient, InvalidRequest
from kurun_clients.kuflow import paging
from kurun_clients.kuflow.models import Page
from kurun_clients.kuflow.paging import Item
from kurun_clients.kuflow.resources.arguments import Printer, sorting

FoundPage = TypeVar("FoundPage", bound=Page[Any])


class Listing(Generic[FoundPage, Item]):
    """A list operation.

    Args:
        client: What sends.
        path: Where the list lies.
        page: The model of one page.
        filters: The filters there are, in order, and how their values are printed.
        names: What filters are called on the wire where that is not their own name in camelCase; ``None`` for one
            that the API's shape in use does not have.
    """

    def __init__(
        self,
        client: BaseClient,
        path: str,
        page: type[FoundPage],
        filters: Mapping[str, Printer],
        names: Mapping[str, str | None] | None = None,
    ) -> None:
        self._client = client
        self._path = path
        self._page = page
        self._filters = filters
        self._names = names or {}

    async def find(
        self, *, size: int | None, page: int | None, sort: str | Iterable[str], filters: Mapping[str, object]
    ) -> FoundPage:
        """One page."""
        return await self._fetch(size, page, [*sorting(sort), *self._query(filters)])

    def iterate(
        self, *, size: int | None, sort: str | Iterable[str], filters: Mapping[str, object]
    ) -> AsyncIterator[Item]:
        """Every element, page by page."""
        query = [*sorting(sort), *self._query(filters)]

        async def fetch(size: int, page: int) -> "Page[Item]":
            return await self._fetch(size, page, query)

        return paging.iterate(fetch, size=size)

    async def _fetch(self, size: int | None, page: int | None, query: list[tuple[str, str]]) -> FoundPage:
        return await self._client.call(self._page, "GET", self._path, query=[*paging.page_query(size, page), *query])

    def _query(self, filters: Mapping[str, object]) -> list[tuple[str, str]]:
        if unknown := filters.keys() - self._filters.keys():
            raise TypeError(f"{self._path} has no filter {', '.join(sorted(unknown))}")
        return [
            pair
            for name, printed in self._filters.items()
            if (value := filters.get(name)) is not None
            for pair in self._renamed(name, printed(to_camel(name), value))
        ]

    def _renamed(self, name: str, printed: list[tuple[str, str]]) -> list[tuple[str, str]]:
        if not printed or name not in self._names:
            return printed
        renamed = self._names[name]
        if renamed is None:
            raise InvalidRequest(f"the older shape of the API has no filter {to_camel(name)}")
        return [(renamed, value) for _, value in printed]
