"""Everything under /process-items."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from kurun_clients.http import BaseClient
from kurun_clients.kuflow import paging
from kurun_clients.kuflow.documents import DocumentDownload
from kurun_clients.kuflow.models import (
    JsonPatchOperation,
    JsonValue,
    ProcessItem,
    ProcessItemCreateParams,
    ProcessItemPage,
    ProcessItemPageItem,
    ProcessItemTaskAppendLogParams,
    ProcessItemTaskAssignParams,
    ProcessItemTaskDataUpdateParams,
    ProcessItemTaskState,
    ProcessItemType,
)
from kurun_clients.kuflow.resources.arguments import JSON_PATCH, Id, identifier, identifiers, patch, texts


class ProcessItems:
    """Tasks, messages and threads of processes."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client

    async def find(
        self,
        *,
        size: int | None = None,
        page: int | None = None,
        sort: str | Iterable[str] = (),
        process_id: Id | Iterable[Id] = (),
        type: ProcessItemType | Iterable[ProcessItemType] = (),  # noqa: A002 - the API's own word
        task_state: ProcessItemTaskState | Iterable[ProcessItemTaskState] = (),
        process_item_definition_code: str | Iterable[str] = (),
        process_definition_id: Id | Iterable[Id] = (),
        process_definition_code: str | Iterable[str] = (),
        tenant_id: Id | Iterable[Id] = (),
    ) -> ProcessItemPage:
        """One page of process items; several values of one filter mean any of them.

        Args:
            size: Elements a page, 0 to 1000; KuFlow's default is 25.
            page: Its number, from 0.
            sort: ``property`` or ``property,desc`` of id, createdAt, lastModifiedAt, claimedAt, completedAt,
                cancelledAt.
            process_id: Processes they belong to.
            type: What they are.
            task_state: States of tasks.
            process_item_definition_code: Definitions, by code.
            process_definition_id: Definitions of their processes, by id.
            process_definition_code: Definitions of their processes, by code.
            tenant_id: Tenants.
        """
        query = [
            *paging.page_query(size, page),
            *texts("sort", sort),
            *identifiers("processId", process_id),
            *texts("type", type),
            *texts("taskState", task_state),
            *texts("processItemDefinitionCode", process_item_definition_code),
            *identifiers("processDefinitionId", process_definition_id),
            *texts("processDefinitionCode", process_definition_code),
            *identifiers("tenantId", tenant_id),
        ]
        return await self._client.call(ProcessItemPage, "GET", "/process-items", query=query)

    def iterate(
        self,
        *,
        size: int | None = None,
        sort: str | Iterable[str] = paging.STABLE_ORDER,
        process_id: Id | Iterable[Id] = (),
        type: ProcessItemType | Iterable[ProcessItemType] = (),  # noqa: A002
        task_state: ProcessItemTaskState | Iterable[ProcessItemTaskState] = (),
        process_item_definition_code: str | Iterable[str] = (),
        process_definition_id: Id | Iterable[Id] = (),
        process_definition_code: str | Iterable[str] = (),
        tenant_id: Id | Iterable[Id] = (),
    ) -> AsyncIterator[ProcessItemPageItem]:
        """Every item that :meth:`find` finds, page by page; ``size`` is the page's."""

        async def fetch(size: int, page: int) -> ProcessItemPage:
            return await self.find(
                size=size,
                page=page,
                sort=sort,
                process_id=process_id,
                type=type,
                task_state=task_state,
                process_item_definition_code=process_item_definition_code,
                process_definition_id=process_definition_id,
                process_definition_code=process_definition_code,
                tenant_id=tenant_id,
            )

        return paging.iterate(fetch, size=size)

    async def create(self, params: ProcessItemCreateParams) -> ProcessItem:
        """Create an item, or get the one that has this ``id`` already."""
        return await self._client.call(
            ProcessItem, "POST", "/process-items", json=params.to_wire_json(), idempotent=params.id is not None
        )

    async def retrieve(self, id: Id) -> ProcessItem:  # noqa: A002 - the API's own word
        """An item with its data."""
        return await self._client.call(ProcessItem, "GET", _path(id))

    async def claim(self, id: Id) -> ProcessItem:  # noqa: A002
        """Take a task, as the current principal."""
        return await self._client.call(ProcessItem, "POST", _path(id, "/task/~actions/claim"))

    async def assign(self, id: Id, params: ProcessItemTaskAssignParams) -> ProcessItem:  # noqa: A002
        """Give a task to a user or an application."""
        return await self._client.call(
            ProcessItem, "POST", _path(id, "/task/~actions/assign"), json=params.to_wire_json()
        )

    async def complete(self, id: Id) -> ProcessItem:  # noqa: A002
        """Complete a task; only the principal that claimed it may."""
        return await self._client.call(ProcessItem, "POST", _path(id, "/task/~actions/complete"))

    async def append_log(self, id: Id, params: ProcessItemTaskAppendLogParams) -> ProcessItem:  # noqa: A002
        """Add a line to the task's log. A repeat doubles it: after a ``TransportError`` look before you repeat."""
        return await self._client.call(
            ProcessItem, "POST", _path(id, "/task/~actions/append-log"), json=params.to_wire_json()
        )

    async def update_data(self, id: Id, data: JsonValue) -> ProcessItem:  # noqa: A002
        """Replace the task's data. Invalid data is saved and flagged: look at ``task.data.valid`` of the answer."""
        params = ProcessItemTaskDataUpdateParams(data=data)
        return await self._client.call(ProcessItem, "PUT", _path(id, "/task/data"), json=params.to_wire_json())

    async def patch_data(self, id: Id, operations: Iterable[JsonPatchOperation]) -> ProcessItem:  # noqa: A002
        """Change parts of the task's data."""
        return await self._client.call(
            ProcessItem, "PATCH", _path(id, "/task/data"), json=patch(operations), content_type=JSON_PATCH
        )

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
        async with self._client.stream(path, query=[("propertyPath", property_path)]) as reply:
            yield DocumentDownload.of(reply)


def _path(id: Id, below: str = "") -> str:  # noqa: A002
    return f"/process-items/{identifier(id)}{below}"
