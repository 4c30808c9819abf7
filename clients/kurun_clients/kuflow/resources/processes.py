"""Everything under /processes."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TypedDict, Unpack

from kurun_clients.http import BaseClient
from kurun_clients.kuflow import paging
from kurun_clients.kuflow.documents import DocumentContent, DocumentDownload, document_address
from kurun_clients.kuflow.filters import FilterExpression
from kurun_clients.kuflow.models import (
    DeletedQueryParam,
    DocumentReference,
    JsonPatchOperation,
    JsonValue,
    Process,
    ProcessAction,
    ProcessActionCreateParams,
    ProcessChangeInitiatorParams,
    ProcessCreateParams,
    ProcessEntityUpdateParams,
    ProcessMetadataUpdateParams,
    ProcessPage,
    ProcessPageItem,
    ProcessState,
)
from kurun_clients.kuflow.references import KuFlowFile
from kurun_clients.kuflow.resources import shapes
from kurun_clients.kuflow.resources.arguments import (
    Id,
    Printer,
    expressions,
    identifier,
    identifiers,
    texts,
    words_of,
)
from kurun_clients.kuflow.resources.bodies import JSON_PATCH, body, patch
from kurun_clients.kuflow.resources.listing import Listing
from kurun_clients.kuflow.resources.uploads import upload
from kurun_config import KuFlowApiShape

_NOT_MODIFIED = 304
_FILTERS: dict[str, Printer] = {
    "tenant_id": identifiers,
    "process_definition_id": identifiers,
    "process_definition_code": texts,
    "state": words_of(ProcessState),
    "initiator_id": identifiers,
    "initiator_email": texts,
    "metadata": expressions,
    "deleted": words_of(DeletedQueryParam),
}
_NAMES: dict[KuFlowApiShape, dict[str, str | None]] = {
    KuFlowApiShape.CURRENT: {},
    KuFlowApiShape.SEED: {name: None for name in _FILTERS if name != "tenant_id"},
}


class ProcessFilters(TypedDict, total=False):
    """Which processes are meant; several values of one filter mean any of them.

    Attributes:
        tenant_id: Tenants.
        process_definition_id: Definitions, by id.
        process_definition_code: Definitions, by code.
        state: States.
        initiator_id: Principals that started it.
        initiator_email: E-mail addresses of principals that started it.
        metadata: Conditions on metadata fields; see :mod:`kurun_clients.kuflow.filters`.
        deleted: Whether deleted ones are among them; by default they are not.
    """

    tenant_id: Id | Iterable[Id]
    process_definition_id: Id | Iterable[Id]
    process_definition_code: str | Iterable[str]
    state: ProcessState | Iterable[ProcessState]
    initiator_id: Id | Iterable[Id]
    initiator_email: str | Iterable[str]
    metadata: FilterExpression | str | Iterable[FilterExpression | str]
    deleted: DeletedQueryParam | None


class Processes:
    """Runs of process definitions."""

    def __init__(self, client: BaseClient, shape: KuFlowApiShape) -> None:
        self._client = client
        self._shape = shape
        self._list = Listing[ProcessPage, ProcessPageItem](client, "/processes", ProcessPage, _FILTERS, _NAMES[shape])

    async def find(
        self,
        *,
        size: int | None = None,
        page: int | None = None,
        sort: str | Iterable[str] = (),
        **filters: Unpack[ProcessFilters],
    ) -> ProcessPage:
        """One page.

        Args:
            size: Elements a page, 0 to 1000; KuFlow's default is 25.
            page: Its number, from 0.
            sort: ``property`` or ``property,desc`` of id, createdAt, lastModifiedAt.
            filters: See :class:`ProcessFilters`.
        """
        return await self._list.find(size=size, page=page, sort=sort, filters=filters)

    def iterate(
        self,
        *,
        size: int | None = None,
        sort: str | Iterable[str] = paging.STABLE_ORDER,
        **filters: Unpack[ProcessFilters],
    ) -> AsyncIterator[ProcessPageItem]:
        """Every process that :meth:`find` finds, page by page; ``size`` is the page's."""
        return self._list.iterate(size=size, sort=sort, filters=filters)

    async def create(self, params: ProcessCreateParams) -> Process:
        """Start a process, or get the one that has this ``id`` already."""
        json = shapes.seed_process(params) if self._shape is KuFlowApiShape.SEED else body(params)
        return await self._client.call(Process, "POST", "/processes", json=json, idempotent=params.id is not None)

    async def retrieve(self, id: Id) -> Process:  # noqa: A002 - the API's own word
        """A process with its data."""
        return await self._client.call(Process, "GET", _path(id))

    async def delete(self, id: Id) -> None:  # noqa: A002
        """Delete a process that has ended, with its items, for good; one with anything in progress is a conflict."""
        await self._client.send("DELETE", _path(id), idempotent=True)

    async def complete(self, id: Id) -> Process:  # noqa: A002
        """End it as completed; nothing happens if it is."""
        return await self._client.call(Process, "POST", _path(id, "/~actions/complete"), idempotent=True)

    async def cancel(self, id: Id) -> Process:  # noqa: A002
        """End it and its active items as cancelled; nothing happens if it is."""
        return await self._client.call(Process, "POST", _path(id, "/~actions/cancel"), idempotent=True)

    async def cancel_process_items(self, id: Id, *, process_item_id: Id | Iterable[Id] = ()) -> Process:  # noqa: A002
        """Cancel these items of it, or all that are active. Nothing happens to those that are cancelled."""
        query = identifiers("processItemId", process_item_id)
        return await self._client.call(
            Process,
            "POST",
            _path(id, "/~actions/cancel-process-items"),
            query=query,
            idempotent=bool(query),  # all that are active may be others the second time
        )

    async def change_initiator(self, id: Id, params: ProcessChangeInitiatorParams) -> Process:  # noqa: A002
        """Name another initiator."""
        return await self._client.call(Process, "POST", _path(id, "/~actions/change-initiator"), json=body(params))

    async def update_metadata(self, id: Id, metadata: JsonValue) -> Process:  # noqa: A002
        """Replace the metadata. Invalid data is saved and flagged: look at ``metadata.valid`` of the answer."""
        params = ProcessMetadataUpdateParams(metadata=metadata)
        return await self._client.call(Process, "PUT", _path(id, "/metadata"), json=body(params))

    async def patch_metadata(self, id: Id, operations: Iterable[JsonPatchOperation]) -> Process:  # noqa: A002
        """Change parts of the metadata."""
        return await self._patch(_path(id, "/metadata"), operations)

    async def update_entity(self, id: Id, entity: JsonValue) -> Process:  # noqa: A002
        """Replace the entity. Invalid data is saved and flagged: look at ``entity.valid`` of the answer."""
        params = ProcessEntityUpdateParams(entity=entity)
        return await self._client.call(Process, "PUT", _path(id, "/entity"), json=body(params))

    async def patch_entity(self, id: Id, operations: Iterable[JsonPatchOperation]) -> Process:  # noqa: A002
        """Change parts of the entity."""
        return await self._patch(_path(id, "/entity"), operations)

    async def upload_document(
        self,
        id: Id,  # noqa: A002
        content: DocumentContent,
        *,
        file_name: str,
        content_type: str,
    ) -> DocumentReference:
        """Stream a document into the process; one that is not linked to data within hours is deleted."""
        reply = await upload(
            self._client,
            _path(id, "/~actions/upload-document"),
            content,
            file_name=file_name,
            content_type=content_type,
        )
        return reply.read(DocumentReference)

    async def upload_user_action_document(
        self,
        id: Id,  # noqa: A002
        content: DocumentContent,
        *,
        file_name: str,
        content_type: str,
        user_action_value_id: Id,
    ) -> Process | None:
        """Stream a document into a user action; ``None`` if KuFlow left the process as it was."""
        reply = await upload(
            self._client,
            _path(id, "/~actions/upload-user-action-document"),
            content,
            file_name=file_name,
            content_type=content_type,
            also=(("userActionValueId", identifier(user_action_value_id)),),
            expected=frozenset({_NOT_MODIFIED}),
        )
        return None if reply.status == _NOT_MODIFIED else reply.read(Process)

    @asynccontextmanager
    async def download_document(
        self,
        id: Id,  # noqa: A002
        document_uri: str | KuFlowFile,
    ) -> AsyncIterator[DocumentDownload]:
        """A document as a stream; leaving the block early drops the connection."""
        query = [("documentUri", document_address(document_uri))]
        async with self._client.stream(_path(id, "/~actions/download-document"), query=query) as reply:
            yield DocumentDownload.of(reply)

    async def create_action(self, id: Id, params: ProcessActionCreateParams) -> ProcessAction:  # noqa: A002
        """Start an action, or get the one that has this ``id`` already.

        Workflows and documents are made afterwards: the answer is ``REQUESTED``, and :meth:`retrieve_action` says when
        they are there. All others are done when this returns.
        """
        return await self._client.call(
            ProcessAction, "POST", _path(id, "/actions"), json=body(params), idempotent=params.id is not None
        )

    async def retrieve_action(self, id: Id, action_id: Id) -> ProcessAction:  # noqa: A002
        """An action of a process."""
        return await self._client.call(ProcessAction, "GET", _path(id, f"/actions/{identifier(action_id)}"))

    async def cancel_action(self, id: Id, action_id: Id) -> ProcessAction:  # noqa: A002
        """End an action that is only requested as cancelled; nothing happens if it has ended."""
        path = _path(id, f"/actions/{identifier(action_id)}/~actions/cancel")
        return await self._client.call(ProcessAction, "POST", path, idempotent=True)

    async def _patch(self, path: str, operations: Iterable[JsonPatchOperation]) -> Process:
        return await self._client.call(Process, "PATCH", path, json=patch(operations), content_type=JSON_PATCH)


def _path(id: Id, below: str = "") -> str:  # noqa: A002
    return f"/processes/{identifier(id)}{below}"
