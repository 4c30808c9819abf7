"""Everything under /robots."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TypedDict, Unpack

from kurun_clients.http import BaseClient
from kurun_clients.kuflow.documents import DocumentDownload
from kurun_clients.kuflow.models import (
    Robot,
    RobotAssetArchitecture,
    RobotAssetPlatform,
    RobotAssetType,
    RobotFilterContext,
    RobotPage,
    RobotPageItem,
)
from kurun_clients.kuflow.resources.arguments import Id, Printer, identifier, identifiers, word, words_of
from kurun_clients.kuflow.resources.listing import Listing

ORDER = ("createdAt",)
"""Order in which the list is walked."""

_FILTERS: dict[str, Printer] = {
    "tenant_id": identifiers,
    "filter_context": words_of(RobotFilterContext),
}


class RobotFilters(TypedDict, total=False):
    """Which robots are meant; several values of one filter mean any of them.

    Attributes:
        tenant_id: Tenants.
        filter_context: All, or only those that the caller may run now.
    """

    tenant_id: Id | Iterable[Id]
    filter_context: RobotFilterContext | None


class Robots:
    """Robots, their programs and the tools these need."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client
        self._list = Listing[RobotPage, RobotPageItem](client, "/robots", RobotPage, _FILTERS)

    async def find(
        self,
        *,
        size: int | None = None,
        page: int | None = None,
        sort: str | Iterable[str] = (),
        **filters: Unpack[RobotFilters],
    ) -> RobotPage:
        """One page.

        Args:
            size: Elements a page, 0 to 1000; KuFlow's default is 25.
            page: Its number, from 0.
            sort: ``property`` or ``property,desc`` of createdAt, lastModifiedAt.
            filters: See :class:`RobotFilters`.
        """
        return await self._list.find(size=size, page=page, sort=sort, filters=filters)

    def iterate(
        self, *, size: int | None = None, sort: str | Iterable[str] = ORDER, **filters: Unpack[RobotFilters]
    ) -> AsyncIterator[RobotPageItem]:
        """Every robot that :meth:`find` finds, page by page; ``size`` is the page's."""
        return self._list.iterate(size=size, sort=sort, filters=filters)

    async def retrieve(self, id: Id) -> Robot:  # noqa: A002 - the API's own word
        """A robot with its environment variables."""
        return await self._client.call(Robot, "GET", f"/robots/{identifier(id)}")

    @asynccontextmanager
    async def download_source_code(self, id: Id) -> AsyncIterator[DocumentDownload]:  # noqa: A002
        """A robot's program as a stream: a ZIP file, if its ``source_type`` is ``PACKAGE``."""
        async with self._client.stream(f"/robots/{identifier(id)}/~actions/download-source-code") as reply:
            yield DocumentDownload.of(reply)

    @asynccontextmanager
    async def download_asset(
        self,
        id: Id,  # noqa: A002
        *,
        type: RobotAssetType,  # noqa: A002
        version: str,
        platform: RobotAssetPlatform,
        architecture: RobotAssetArchitecture,
    ) -> AsyncIterator[DocumentDownload]:
        """A tool that a robot needs, as a stream."""
        query = [
            *words_of(RobotAssetType)("type", type),
            ("version", word("version", version)),
            *words_of(RobotAssetPlatform)("platform", platform),
            *words_of(RobotAssetArchitecture)("architecture", architecture),
        ]
        async with self._client.stream(f"/robots/{identifier(id)}/~actions/download-asset", query=query) as reply:
            yield DocumentDownload.of(reply)
