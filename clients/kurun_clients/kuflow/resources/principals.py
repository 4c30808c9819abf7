"""Everything under /principals."""

from collections.abc import AsyncIterator, Iterable
from typing import TypedDict, Unpack

from kurun_clients.http import BaseClient
from kurun_clients.kuflow.models import Principal, PrincipalPage, PrincipalPageItem, PrincipalType
from kurun_clients.kuflow.resources.arguments import Id, Printer, identifier, identifiers, texts, words_of
from kurun_clients.kuflow.resources.listing import Listing
from kurun_config import KuFlowApiShape

ORDER = ("id",)
"""Order in which the list is walked."""

_FILTERS: dict[str, Printer] = {
    "type": words_of(PrincipalType),
    "group_id": identifiers,
    "group_code": texts,
    "tenant_id": identifiers,
}
_NAMES: dict[KuFlowApiShape, dict[str, str | None]] = {
    KuFlowApiShape.CURRENT: {},
    KuFlowApiShape.SEED: {"group_code": None},
}


class PrincipalFilters(TypedDict, total=False):
    """Which principals are meant; several values of one filter mean any of them.

    Attributes:
        type: Their type.
        group_id: Groups they are in, by id.
        group_code: Groups they are in, by code.
        tenant_id: Tenants.
    """

    type: PrincipalType | None
    group_id: Id | Iterable[Id]
    group_code: str | Iterable[str]
    tenant_id: Id | Iterable[Id]


class Principals:
    """Whoever acts in KuFlow."""

    def __init__(self, client: BaseClient, shape: KuFlowApiShape) -> None:
        self._client = client
        self._list = Listing[PrincipalPage, PrincipalPageItem](
            client, "/principals", PrincipalPage, _FILTERS, _NAMES[shape]
        )

    async def find(
        self,
        *,
        size: int | None = None,
        page: int | None = None,
        sort: str | Iterable[str] = (),
        **filters: Unpack[PrincipalFilters],
    ) -> PrincipalPage:
        """One page.

        Args:
            size: Elements a page, 0 to 1000; KuFlow's default is 25.
            page: Its number, from 0.
            sort: ``property`` or ``property,desc`` of id, name.
            filters: See :class:`PrincipalFilters`.
        """
        return await self._list.find(size=size, page=page, sort=sort, filters=filters)

    def iterate(
        self, *, size: int | None = None, sort: str | Iterable[str] = ORDER, **filters: Unpack[PrincipalFilters]
    ) -> AsyncIterator[PrincipalPageItem]:
        """Every principal that :meth:`find` finds, page by page; ``size`` is the page's."""
        return self._list.iterate(size=size, sort=sort, filters=filters)

    async def retrieve(self, id: Id) -> Principal:  # noqa: A002 - the API's own word
        """A principal."""
        return await self._client.call(Principal, "GET", f"/principals/{identifier(id)}")
