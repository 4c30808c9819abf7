"""Everything under /tenants."""

from collections.abc import AsyncIterator, Iterable
from typing import TypedDict, Unpack

from kurun_clients.http import BaseClient
from kurun_clients.kuflow.models import Tenant, TenantPage, TenantPageItem
from kurun_clients.kuflow.resources.arguments import Id, Printer, identifier, identifiers
from kurun_clients.kuflow.resources.listing import Listing

ORDER = ("id",)
"""Order in which the list is walked."""

_FILTERS: dict[str, Printer] = {
    "tenant_id": identifiers,
}


class TenantFilters(TypedDict, total=False):
    """Which tenants are meant; several values of one filter mean any of them.

    Attributes:
        tenant_id: Themselves, by id.
    """

    tenant_id: Id | Iterable[Id]


class Tenants:
    """The organisations that the caller may work in."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client
        self._list = Listing[TenantPage, TenantPageItem](client, "/tenants", TenantPage, _FILTERS)

    async def find(
        self,
        *,
        size: int | None = None,
        page: int | None = None,
        sort: str | Iterable[str] = (),
        **filters: Unpack[TenantFilters],
    ) -> TenantPage:
        """One page.

        Args:
            size: Elements a page, 0 to 1000; KuFlow's default is 25.
            page: Its number, from 0.
            sort: ``property`` or ``property,desc`` of id, name.
            filters: See :class:`TenantFilters`.
        """
        return await self._list.find(size=size, page=page, sort=sort, filters=filters)

    def iterate(
        self, *, size: int | None = None, sort: str | Iterable[str] = ORDER, **filters: Unpack[TenantFilters]
    ) -> AsyncIterator[TenantPageItem]:
        """Every tenant that :meth:`find` finds, page by page; ``size`` is the page's."""
        return self._list.iterate(size=size, sort=sort, filters=filters)

    async def retrieve(self, id: Id) -> Tenant:  # noqa: A002 - the API's own word
        """A tenant."""
        return await self._client.call(Tenant, "GET", f"/tenants/{identifier(id)}")
