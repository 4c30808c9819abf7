"""Everything under /groups."""

from collections.abc import AsyncIterator, Iterable
from typing import TypedDict, Unpack

from kurun_clients.http import BaseClient
from kurun_clients.kuflow.models import GroupPage, GroupPageItem
from kurun_clients.kuflow.resources.arguments import Id, Printer, identifiers, texts
from kurun_clients.kuflow.resources.listing import Listing

ORDER = ("id",)
"""Order in which the list is walked."""

_FILTERS: dict[str, Printer] = {
    "tenant_id": identifiers,
    "principal_id": identifiers,
    "group_id": identifiers,
    "group_code": texts,
}


class GroupFilters(TypedDict, total=False):
    """Which groups are meant; several values of one filter mean any of them.

    Attributes:
        tenant_id: Tenants.
        principal_id: A member.
        group_id: Themselves, by id.
        group_code: Themselves, by code.
    """

    tenant_id: Id | Iterable[Id]
    principal_id: Id | None
    group_id: Id | Iterable[Id]
    group_code: str | Iterable[str]


class Groups:
    """Groups of principals."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client
        self._list = Listing[GroupPage, GroupPageItem](client, "/groups", GroupPage, _FILTERS)

    async def find(
        self,
        *,
        size: int | None = None,
        page: int | None = None,
        sort: str | Iterable[str] = (),
        **filters: Unpack[GroupFilters],
    ) -> GroupPage:
        """One page.

        Args:
            size: Elements a page, 0 to 1000; KuFlow's default is 25.
            page: Its number, from 0.
            sort: ``property`` or ``property,desc`` of id, name.
            filters: See :class:`GroupFilters`.
        """
        return await self._list.find(size=size, page=page, sort=sort, filters=filters)

    def iterate(
        self, *, size: int | None = None, sort: str | Iterable[str] = ORDER, **filters: Unpack[GroupFilters]
    ) -> AsyncIterator[GroupPageItem]:
        """Every group that :meth:`find` finds, page by page; ``size`` is the page's."""
        return self._list.iterate(size=size, sort=sort, filters=filters)
