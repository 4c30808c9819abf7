"""Everything under /processes."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from kurun_clients.http import BaseClient
from kurun_clients.kuflow import paging
from kurun_clients.kuflow.documents import DocumentContent, DocumentDownload, document_query
from kurun_clients.kuflow.models import (
    DocumentReference,
    JsonPatchOperation,
    JsonValue,
    Process,
    ProcessChangeInitiatorParams,
    ProcessCreateParams,
    ProcessEntityUpdateParams,
    ProcessMetadataUpdateParams,
    ProcessPage,
    ProcessPageItem,
    ProcessState,
)
from kurun_clients.kuflow.resources.arguments import JSON_PATCH, Id, identifier, identifiers, patch, texts

OCTETS = "application/octet-stream"
_NOT_MODIFIED = 304


class Processes:
    """Runs of process definitions."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client

    async def find(
        self,
        *,
        size: int | None = None,
        page: int | None = None,
        sort: str | Iterable[str] = (),
        tenant_id: Id | Iterable[Id] = (),
        process_definition_id: Id | Iterable[Id] = (),
        process_definition_code: str | Iterable[str] = (),
        state: ProcessState | Iterable[ProcessState] = (),
        initiator_id: Id | Iterable[Id] = (),
        initiator_email: str | Iterable[str] = (),
        metadata: str | Iterable[str] = (),
    ) -> ProcessPage:
        """One page of processes; several values of one filter mean any of them.

        Args:
            size: Elements a page, 0 to 1000; KuFlow's default is 25.
            page: Its number, from 0.
            sort: ``property`` or ``property,desc`` of id, createdAt, lastModifiedAt.
            tenant_id: Tenants.
            process_definition_id: Definitions, by id.
            process_definition_code: Definitions, by code.
            state: States.
            initiator_id: Principals that started it.
            initiator_email: E-mail addresses of principals that started it.
            metadata: Conditions on metadata fields, ``code operation value…``, each of the words URL-encoded.
        """
        query = [
            *paging.page_query(size, page),
            *texts("sort", sort),
            *identifiers("tenantId", tenant_id),
            *identifiers("processDefinitionId", process_definition_id),
            *texts("processDefinitionCode", process_definition_code),
            *texts("state", state),
            *identifiers("initiatorId", initiator_id),
            *texts("initiatorEmail", initiator_email),
            *texts("metadata", metadata),
        ]
        return await self._client.call(ProcessPage, "GET", "/processes", query=query)

    def iterate(
        self,
        *,
        size: int | None = None,
        sort: str | Iterable[str] = paging.STABLE_ORDER,
        tenant_id: Id | Iterable[Id] = (),
        process_definition_id: Id | Iterable[Id] = (),
        process_definition_code: str | Iterable[str] = (),
        state: ProcessState | Iterable[ProcessState] = (),
        initiator_id: Id | Iterable[Id] = (),
        initiator_email: str | Iterable[str] = (),
        metadata: str | Iterable[str] = (),
    ) -> AsyncIterator[ProcessPageItem]:
        """Every process that :meth:`find` finds, page by page; ``size`` is the page's."""

        async def fetch(size: int, page: int) -> ProcessPage:
            return await self.find(
                size=size,
                page=page,
                sort=sort,
                tenant_id=tenant_id,
                process_definition_id=process_definition_id,
                process_definition_code=process_definition_code,
                state=state,
                initiator_id=initiator_id,
                initiator_email=initiator_email,
                metadata=metadata,
            )

        return paging.iterate(fetch, size=size)

    async def create(self, params: ProcessCreateParams) -> Process:
        """Start a process, or get the one that has this ``id`` already."""
        return await self._client.call(
            Process, "POST", "/processes", json=params.to_wire_json(), idempotent=params.id is not None
        )

    async def retrieve(self, id: Id) -> Process:  # noqa: A002 - the API's own word
        """A process with its data."""
        return await self._client.call(Process, "GET", _path(id))

    async def complete(self, id: Id) -> Process:  # noqa: A002
        """End it as completed; nothing happens if it is."""
        return await self._client.call(Process, "POST", _path(id, "/~actions/complete"), idempotent=True)

    async def cancel(self, id: Id) -> Process:  # noqa: A002
        """End it and its active items as cancelled; nothing happens if it is."""
        return await self._client.call(Process, "POST", _path(id, "/~actions/cancel"), idempotent=True)

    async def change_initiator(self, id: Id, params: ProcessChangeInitiatorParams) -> Process:  # noqa: A002
        """Name another initiator."""
        return await self._client.call(
            Process, "POST", _path(id, "/~actions/change-initiator"), json=params.to_wire_json()
        )

    async def update_metadata(self, id: Id, metadata: JsonValue) -> Process:  # noqa: A002
        """Replace the metadata. Invalid data is saved and flagged: look at ``metadata.valid`` of the answer."""
        params = ProcessMetadataUpdateParams(metadata=metadata)
        return await self._client.call(Process, "PUT", _path(id, "/metadata"), json=params.to_wire_json())

    async def patch_metadata(self, id: Id, operations: Iterable[JsonPatchOperation]) -> Process:  # noqa: A002
        """Change parts of the metadata."""
        return await self._patch(_path(id, "/metadata"), operations)

    async def update_entity(self, id: Id, entity: JsonValue) -> Process:  # noqa: A002
        """Replace the entity. Invalid data is saved and flagged: look at ``entity.valid`` of the answer."""
        params = ProcessEntityUpdateParams(entity=entity)
        return await self._client.call(Process, "PUT", _path(id, "/entity"), json=params.to_wire_json())

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
        """Stream a document into the process; one that is not linked to data within 24 hours is deleted."""
        reply = await self._client.send(
            "POST",
            _path(id, "/~actions/upload-document"),
            query=document_query(file_name, content_type),
            body=content,
            content_type=OCTETS,
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
        reply = await self._client.send(
            "POST",
            _path(id, "/~actions/upload-user-action-document"),
            query=[
                *document_query(file_name, content_type),
                ("userActionValueId", identifier(user_action_value_id)),
            ],
            body=content,
            content_type=OCTETS,
            expected=frozenset({_NOT_MODIFIED}),
        )
        return None if reply.status == _NOT_MODIFIED else reply.read(Process)

    @asynccontextmanager
    async def download_document(self, id: Id, document_uri: str) -> AsyncIterator[DocumentDownload]:  # noqa: A002
        """A document as a stream; leaving the block early drops the connection."""
        query = [("documentUri", document_uri)]
        async with self._client.stream(_path(id, "/~actions/download-document"), query=query) as reply:
            yield DocumentDownload.of(reply)

    async def _patch(self, path: str, operations: Iterable[JsonPatchOperation]) -> Process:
        return await self._client.call(Process, "PATCH", path, json=patch(operations), content_type=JSON_PATCH)


def _path(id: Id, below: str = "") -> str:  # noqa: A002
    return f"/processes/{identifier(id)}{below}"
