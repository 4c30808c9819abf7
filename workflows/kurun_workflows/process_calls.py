"""What a workflow may do with its process as a whole."""

from collections.abc import Sequence
from uuid import UUID

from temporalio import workflow

from kurun_activities import models, names
from kurun_clients.kuflow.models import JsonPatchOperation, Process
from kurun_workflows.calls import Calls
from kurun_workflows.values import Value, insist_on_valid, json_value


class ProcessCalls:
    """Operations on the process. Each answers with the process, or the document, as it is afterwards."""

    id: UUID
    _calls: Calls

    async def retrieve(self) -> Process:
        """Read the process as it is now."""
        request = models.ProcessRetrieveRequest(process_id=self.id)
        response = await self._calls.short(names.RETRIEVE_PROCESS, request, models.ProcessRetrieveResponse)
        return response.process

    async def save_metadata(self, metadata: Value) -> Process:
        """Replace the metadata.

        Raises:
            InvalidData: KuFlow saved it but flags it.
        """
        request = models.ProcessMetadataUpdateRequest(process_id=self.id, metadata=json_value(metadata))
        response = await self._calls.short(names.UPDATE_PROCESS_METADATA, request, models.ProcessMetadataUpdateResponse)
        return self._with_valid_metadata(response.process)

    async def patch_metadata(self, operations: Sequence[JsonPatchOperation]) -> Process:
        """Change the metadata in places.

        Raises:
            InvalidData: KuFlow saved the change but flags the metadata.
        """
        request = models.ProcessMetadataPatchRequest(process_id=self.id, json_patch=list(operations))
        response = await self._calls.short(names.PATCH_PROCESS_METADATA, request, models.ProcessMetadataPatchResponse)
        return self._with_valid_metadata(response.process)

    async def save_entity(self, entity: Value) -> Process:
        """Replace the entity.

        Raises:
            InvalidData: KuFlow saved it but flags it.
        """
        request = models.ProcessEntityUpdateRequest(process_id=self.id, entity=json_value(entity))
        response = await self._calls.short(names.UPDATE_PROCESS_ENTITY, request, models.ProcessEntityUpdateResponse)
        return self._with_valid_entity(response.process)

    async def patch_entity(self, operations: Sequence[JsonPatchOperation]) -> Process:
        """Change the entity in places.

        Raises:
            InvalidData: KuFlow saved the change but flags the entity.
        """
        request = models.ProcessEntityPatchRequest(process_id=self.id, json_patch=list(operations))
        response = await self._calls.short(names.PATCH_PROCESS_ENTITY, request, models.ProcessEntityPatchResponse)
        return self._with_valid_entity(response.process)

    async def change_initiator(self, *, email: str | None = None, initiator_id: UUID | None = None) -> Process:
        """Name another initiator, by one of the two."""
        request = models.ProcessInitiatorChangeRequest(
            process_id=self.id, initiator_email=email, initiator_id=initiator_id
        )
        response = await self._calls.short(
            names.CHANGE_PROCESS_INITIATOR, request, models.ProcessInitiatorChangeResponse
        )
        return response.process

    async def create_process(
        self,
        code: str,
        *,
        metadata: Value | None = None,
        entity: Value | None = None,
        initiator_email: str | None = None,
        initiator_id: UUID | None = None,
        tenant_id: UUID | None = None,
        related: bool = True,
    ) -> Process:
        """Start another process, once, whatever is repeated.

        Args:
            code: Code of its definition.
            metadata: What it starts with.
            entity: What its entity starts with.
            initiator_email: Who starts it; the worker itself without one. Or ``initiator_id``.
            initiator_id: The same by principal id.
            tenant_id: Whose process it is; without one this process is read first, and its tenant taken.
            related: Let KuFlow show the two processes as related.

        Raises:
            InvalidData: KuFlow started it but flags its metadata or its entity.
        """
        request = models.ProcessCreateRequest(
            id=workflow.uuid4(),
            process_definition_code=code,
            tenant_id=tenant_id or (await self.retrieve()).tenant_id,
            metadata=None if metadata is None else json_value(metadata),
            entity=None if entity is None else json_value(entity),
            initiator_email=initiator_email,
            initiator_id=initiator_id,
            related_process_id=self.id if related else None,
        )
        response = await self._calls.short(names.CREATE_PROCESS, request, models.ProcessCreateResponse)
        process = response.process
        insist_on_valid(process.id, process.metadata if metadata is not None else None)
        insist_on_valid(process.id, process.entity if entity is not None else None)
        return process

    async def complete_process(self, process_id: UUID | None = None) -> Process:
        """End a process as completed: this one, unless another is named. One that is completed stays so."""
        request = models.ProcessCompleteRequest(process_id=process_id or self.id)
        response = await self._calls.short(names.COMPLETE_PROCESS, request, models.ProcessCompleteResponse)
        return response.process

    async def cancel_process(self, process_id: UUID | None = None) -> Process:
        """End a process and its active items as cancelled: this one, unless another is named.

        KuFlow then cancels the process's own workflow too.
        """
        request = models.ProcessCancelRequest(process_id=process_id or self.id)
        response = await self._calls.short(names.CANCEL_PROCESS, request, models.ProcessCancelResponse)
        return response.process

    async def upload_document(
        self,
        file_name: str,
        *,
        path: str | None = None,
        url: str | None = None,
        inline: bytes | None = None,
        content_type: str | None = None,
    ) -> models.ProcessDocumentUploadResponse:
        """Upload a document; attach what this answers with to a task, or KuFlow deletes it after 24 hours.

        Args:
            file_name: The document's name in KuFlow.
            path: A file in one of the worker's document folders (``documents.roots``).
            url: Or an http(s) address on one of the hosts that the worker may fetch from (``documents.url_hosts``).
            inline: Or the bytes themselves, for small documents only: they stay in the workflow's history.
            content_type: Media type; guessed from the name without it.
        """
        request = models.ProcessDocumentUploadRequest(
            process_id=self.id,
            file_name=file_name,
            source=models.DocumentSource(path=path, url=url, inline=inline),
            content_type=content_type,
        )
        return await self._calls.document(names.UPLOAD_PROCESS_DOCUMENT, request, models.ProcessDocumentUploadResponse)

    async def download_document(self, document_uri: str, path: str) -> models.ProcessDocumentDownloadResponse:
        """Write a document of the process to a file in one of the worker's document folders (``documents.roots``)."""
        request = models.ProcessDocumentDownloadRequest(process_id=self.id, document_uri=document_uri, path=path)
        return await self._calls.document(
            names.DOWNLOAD_PROCESS_DOCUMENT, request, models.ProcessDocumentDownloadResponse
        )

    def _with_valid_metadata(self, process: Process) -> Process:
        insist_on_valid(self.id, process.metadata)
        return process

    def _with_valid_entity(self, process: Process) -> Process:
        insist_on_valid(self.id, process.entity)
        return process
