"""Everything under /process-items."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TypedDict, Unpack

from kurun_clients.http import BaseClient
from kurun_clients.kuflow import paging
from kurun_clients.kuflow.documents import DocumentDownload
from kurun_clients.kuflow.models import (
    DeletedQueryParam,
    JsonPatchOperation,
    JsonValue,
    ProcessItem,
    ProcessItemAiAssistance,
    ProcessItemAiAssistanceGenerateParams,
    ProcessItemCreateParams,
    ProcessItemPage,
    ProcessItemPageItem,
    ProcessItemTaskAppendLogParams,
    ProcessItemTaskAssignParams,
    ProcessItemTaskContextDataUpdateParams,
    ProcessItemTaskDataUpdateParams,
    ProcessItemTaskState,
    ProcessItemType,
)
from kurun_clients.kuflow.resources import shapes
from kurun_clients.kuflow.resources.arguments import (
    Id,
    Printer,
    identifier,
    identifiers,
    pointer,
    texts,
    words_of,
)
from kurun_clients.kuflow.resources.bodies import JSON_PATCH, body, patch
from kurun_clients.kuflow.resources.listing import Listing
from kurun_config import KuFlowApiShape

_FILTERS: dict[str, Printer] = {
    "process_id": identifiers,
    "type": words_of(ProcessItemType),
    "task_state": words_of(ProcessItemTaskState),
    "process_item_definition_code": texts,
    "process_definition_id": identifiers,
    "process_definition_code": texts,
    "tenant_id": identifiers,
    "deleted": words_of(DeletedQueryParam),
}
_NAMES: dict[KuFlowApiShape, dict[str, str | None]] = {
    KuFlowApiShape.CURRENT: {},
    KuFlowApiShape.SEED: {
        "process_item_definition_code": "taskDefinitionCode",
        "process_definition_id": None,
        "process_definition_code": None,
        "deleted": None,
    },
}


class ProcessItemFilters(TypedDict, total=False):
    """Which process items are meant; several values of one filter mean any of them.

    Attributes:
        process_id: Their processes.
        type: Their types.
        task_state: States of tasks.
        process_item_definition_code: Their own definitions, by code.
        process_definition_id: Definitions of their processes, by id.
        process_definition_code: Definitions of their processes, by code.
        tenant_id: Tenants.
        deleted: Whether deleted ones are among them; by default they are not.
    """

    process_id: Id | Iterable[Id]
    type: ProcessItemType | Iterable[ProcessItemType]
    task_state: ProcessItemTaskState | Iterable[ProcessItemTaskState]
    process_item_definition_code: str | Iterable[str]
    process_definition_id: Id | Iterable[Id]
    process_definition_code: str | Iterable[str]
    tenant_id: Id | Iterable[Id]
    deleted: DeletedQueryParam | None


class ProcessItems:
    """Tasks, messages and threads of processes."""

    def __init__(self, client: BaseClient, shape: KuFlowApiShape) -> None:
        self._client = client
        self._shape = shape
        self._list = Listing[ProcessItemPage, ProcessItemPageItem](
            client, "/process-items", ProcessItemPage, _FILTERS, _NAMES[shape]
        )

    async def find(
        self,
        *,
        size: int | None = None,
        page: int | None = None,
        sort: str | Iterable[str] = (),
        **filters: Unpack[ProcessItemFilters],
    ) -> ProcessItemPage:
        """One page.

        Args:
            size: Elements a page, 0 to 1000; KuFlow's default is 25.
            page: Its number, from 0.
            sort: ``property`` or ``property,desc`` of id, createdAt, lastModifiedAt, claimedAt, completedAt,
                cancelledAt.
            filters: See :class:`ProcessItemFilters`.
        """
        return await self._list.find(size=size, page=page, sort=sort, filters=filters)

    def iterate(
        self,
        *,
        size: int | None = None,
        sort: str | Iterable[str] = paging.STABLE_ORDER,
        **filters: Unpack[ProcessItemFilters],
    ) -> AsyncIterator[ProcessItemPageItem]:
        """Every item that :meth:`find` finds, page by page; ``size`` is the page's."""
        return self._list.iterate(size=size, sort=sort, filters=filters)

    async def create(self, params: ProcessItemCreateParams) -> ProcessItem:
        """Create an item, or get the one that has this ``id`` already."""
        json = shapes.seed_process_item(params) if self._shape is KuFlowApiShape.SEED else body(params)
        return await self._client.call(
            ProcessItem, "POST", "/process-items", json=json, idempotent=params.id is not None
        )

    async def retrieve(self, id: Id) -> ProcessItem:  # noqa: A002 - the API's own word
        """An item with its data."""
        return await self._client.call(ProcessItem, "GET", _path(id))

    async def claim(self, id: Id) -> ProcessItem:  # noqa: A002
        """Take a task, as the current principal."""
        return await self._client.call(ProcessItem, "POST", _path(id, "/task/~actions/claim"))

    async def assign(self, id: Id, params: ProcessItemTaskAssignParams) -> ProcessItem:  # noqa: A002
        """Give a task to a user or an application."""
        return await self._client.call(ProcessItem, "POST", _path(id, "/task/~actions/assign"), json=body(params))

    async def complete(self, id: Id) -> ProcessItem:  # noqa: A002
        """Complete a task; only the principal that claimed it may."""
        return await self._client.call(ProcessItem, "POST", _path(id, "/task/~actions/complete"))

    async def append_log(self, id: Id, params: ProcessItemTaskAppendLogParams) -> ProcessItem:  # noqa: A002
        """Add a line to the task's log. A repeat doubles it: after a ``TransportError`` look before you repeat."""
        return await self._client.call(ProcessItem, "POST", _path(id, "/task/~actions/append-log"), json=body(params))

    async def update_data(self, id: Id, data: JsonValue) -> ProcessItem:  # noqa: A002
        """Replace the task's data. Invalid data is saved and flagged: look at ``task.data.valid`` of the answer."""
        params = ProcessItemTaskDataUpdateParams(data=data)
        return await self._client.call(ProcessItem, "PUT", _path(id, "/task/data"), json=body(params))

    async def patch_data(self, id: Id, operations: Iterable[JsonPatchOperation]) -> ProcessItem:  # noqa: A002
        """Change parts of the task's data."""
        return await self._client.call(
            ProcessItem, "PATCH", _path(id, "/task/data"), json=patch(operations), content_type=JSON_PATCH
        )

    async def update_context_data(self, id: Id, data: JsonValue) -> ProcessItem:  # noqa: A002
        """Replace the task's context data. Invalid data is saved and flagged, as in :meth:`update_data`."""
        params = ProcessItemTaskContextDataUpdateParams(data=data)
        return await self._client.call(ProcessItem, "PUT", _path(id, "/task/context-data"), json=body(params))

    async def retrieve_ai_assistance(self, id: Id) -> ProcessItemAiAssistance:  # noqa: A002
        """The latest run of AI assistance; ``NotFound`` if there never was one."""
        return await self._client.call(ProcessItemAiAssistance, "GET", _path(id, "/~actions/ai-assistance"))

    async def generate_ai_assistance(
        self,
        id: Id,  # noqa: A002
        params: ProcessItemAiAssistanceGenerateParams,
    ) -> ProcessItemAiAssistance:
        """Begin a run of AI assistance, or look at it if it has this ``request_id`` already.

        While another run is pending, it is a conflict.
        """
        path = _path(id, "/~actions/ai-assistance")
        return await self._client.call(ProcessItemAiAssistance, "POST", path, json=body(params), idempotent=True)

    @asynccontextmanager
    async def download_webforms_as_document(
        self,
        id: Id,  # noqa: A002
        property_path: str,
    ) -> AsyncIterator[DocumentDownload]:
        """A web form of the task's data as PDF, or several of them as a ZIP of PDFs.

        Args:
            id: The item.
            property_path: JSON pointer (RFC 6901) to the form, such as ``/form/0``.
        """
        path = _path(id, "/task/data/~actions/download-webforms-as-document")
        async with self._client.stream(
            path, query=[("propertyPath", pointer("property_path", property_path))]
        ) as reply:
            yield DocumentDownload.of(reply)


def _path(id: Id, below: str = "") -> str:  # noqa: A002
    return f"/process-items/{identifier(id)}{below}"
