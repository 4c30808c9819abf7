"""Everything under /tenant-users."""

from collections.abc import AsyncIterator, Iterable
from typing import TypedDict, Unpack

from kurun_clients.http import BaseClient
from kurun_clients.kuflow.models import TenantUser, TenantUserPage, TenantUserPageItem
from kurun_clients.kuflow.resources.arguments import Id, Printer, identifier, identifiers, texts
from kurun_clients.kuflow.resources.listing import Listing
from kurun_config import KuFlowApiShape

ORDER = ("createdAt", "id")
"""Order in which the list is walked."""

_FILTERS: dict[str, Printer] = {
    "group_id": identifiers,
    "group_code": texts,
    "email": texts,
    "tenant_id": identifiers,
}
_NAMES: dict[KuFlowApiShape, dict[str, str | None]] = {
    KuFlowApiShape.CURRENT: {},
    KuFlowApiShape.SEED: {"group_code": None},
}


class TenantUserFilters(TypedDict, total=False):
    """Which tenant users are meant; several values of one filter mean any of them.

    Attributes:
        group_id: Groups they are in, by id.
        group_code: Groups they are in, by code.
        email: E-mail addresses.
        tenant_id: Tenants.
    """

    group_id: Id | Iterable[Id]
    group_code: str | Iterable[str]
    email: str | Iterable[str]
    tenant_id: Id | Iterable[Id]


class TenantUsers:
    """People as members of tenants."""

    def __init__(self, client: BaseClient, shape: KuFlowApiShape) -> None:
        self._client = client
        self._list = Listing[TenantUserPage, TenantUserPageItem](
            client, "/tenant-users", TenantUserPage, _FILTERS, _NAMES[shape]
        )

    async def find(
        self,
        *,
        size: int | None = None,
        page: int | None = None,
        sort: str | Iterable[str] = (),
        **filters: Unpack[TenantUserFilters],
    ) -> TenantUserPage:
        """One page.

        Args:
            size: Elements a page, 0 to 1000; KuFlow's default is 25.
            page: Its number, from 0.
            sort: ``property`` or ``property,desc`` of id, createdAt, lastModifiedAt.
            filters: See :class:`TenantUserFilters`.
        """
        return await self._list.find(size=size, page=page, sort=sort, filters=filters)

    def iterate(
        self, *, size: int | None = None, sort: str | Iterable[str] = ORDER, **filters: Unpack[TenantUserFilters]
    ) -> AsyncIterator[TenantUserPageItem]:
        """Every tenant user that :meth:`find` finds, page by page; ``size`` is the page's."""
        return self._list.iterate(size=size, sort=sort, filters=filters)

    async def retrieve(self, id: Id) -> TenantUser:  # noqa: A002 - the API's own word
        """A tenant user with the tenant's data of it."""
        return await self._client.call(TenantUser, "GET", f"/tenant-users/{identifier(id)}")
