"""What a workflow may do with one process item."""

from collections.abc import Sequence
from uuid import UUID

from kurun_activities import models, names
from kurun_clients.kuflow.models import JsonPatchOperation, ProcessItem, ProcessItemTaskLogLevel
from kurun_workflows.calls import Calls
from kurun_workflows.values import Value, insist_on_valid, json_value

ItemOrId = ProcessItem | UUID


def item_id_of(item: ItemOrId) -> UUID:
    """The id, whichever of the two was given."""
    return item.id if isinstance(item, ProcessItem) else item


class ItemCalls:
    """Operations on an item, given as it was read or by its id. Each answers with the item as it is afterwards."""

    _calls: Calls

    async def retrieve_item(self, item: ItemOrId) -> ProcessItem:
        """Read an item as it is now."""
        request = models.ProcessItemRetrieveRequest(process_item_id=item_id_of(item))
        response = await self._calls.short(names.RETRIEVE_PROCESS_ITEM, request, models.ProcessItemRetrieveResponse)
        return response.process_item

    async def claim_task(self, item: ItemOrId) -> ProcessItem:
        """Claim a task for the worker itself, which may then complete it."""
        request = models.ProcessItemTaskClaimRequest(process_item_id=item_id_of(item))
        response = await self._calls.short(names.CLAIM_PROCESS_ITEM_TASK, request, models.ProcessItemTaskClaimResponse)
        return response.process_item

    async def assign_task(
        self, item: ItemOrId, *, owner_email: str | None = None, owner_id: UUID | None = None
    ) -> ProcessItem:
        """Give a task to someone: name one of the two."""
        request = models.ProcessItemTaskAssignRequest(
            process_item_id=item_id_of(item), owner_email=owner_email, owner_id=owner_id
        )
        response = await self._calls.short(
            names.ASSIGN_PROCESS_ITEM_TASK, request, models.ProcessItemTaskAssignResponse
        )
        return response.process_item

    async def log(
        self, item: ItemOrId, text: str, level: ProcessItemTaskLogLevel = ProcessItemTaskLogLevel.INFO
    ) -> ProcessItem:
        """Append a line to a task's log, once, whatever is repeated."""
        request = models.ProcessItemTaskLogAppendRequest(process_item_id=item_id_of(item), message=text, level=level)
        response = await self._calls.short(
            names.APPEND_PROCESS_ITEM_TASK_LOG, request, models.ProcessItemTaskLogAppendResponse
        )
        return response.process_item

    async def save_data(self, item: ItemOrId, data: Value) -> ProcessItem:
        """Replace a task's data.

        Raises:
            InvalidData: KuFlow saved the data but flags it.
        """
        request = models.ProcessItemTaskDataUpdateRequest(process_item_id=item_id_of(item), data=json_value(data))
        response = await self._calls.short(
            names.UPDATE_PROCESS_ITEM_TASK_DATA, request, models.ProcessItemTaskDataUpdateResponse
        )
        return _insist(response.process_item)

    async def patch_data(self, item: ItemOrId, operations: Sequence[JsonPatchOperation]) -> ProcessItem:
        """Change a task's data in places.

        Raises:
            InvalidData: KuFlow saved the change but flags the data.
        """
        request = models.ProcessItemTaskDataPatchRequest(process_item_id=item_id_of(item), json_patch=list(operations))
        response = await self._calls.short(
            names.PATCH_PROCESS_ITEM_TASK_DATA, request, models.ProcessItemTaskDataPatchResponse
        )
        return _insist(response.process_item)

    async def save_context_data(self, item: ItemOrId, data: Value) -> ProcessItem:
        """Replace a task's context data: what its form may show beside the data that the person fills in.

        Raises:
            InvalidData: KuFlow saved it but flags it.
        """
        request = models.ProcessItemTaskContextDataUpdateRequest(
            process_item_id=item_id_of(item), data=json_value(data)
        )
        response = await self._calls.short(
            names.UPDATE_PROCESS_ITEM_TASK_CONTEXT_DATA, request, models.ProcessItemTaskContextDataUpdateResponse
        )
        saved = response.process_item
        insist_on_valid(saved.id, saved.task.context_data if saved.task else None)
        return saved

    async def attach_document(
        self, item: ItemOrId, pointer: str, document: str | models.ProcessDocumentUploadResponse
    ) -> ProcessItem:
        """Put a document's ``kuflow-file:`` reference into a task's data, once, whatever is repeated.

        Args:
            item: The task.
            pointer: JSON pointer to the property that takes it; ``/-`` at its end appends to a list.
            document: What the upload answered with, or the reference itself.

        Raises:
            InvalidData: KuFlow saved the reference but flags the data.
        """
        reference = document if isinstance(document, str) else document.reference
        request = models.ProcessItemTaskDocumentLinkRequest(
            process_item_id=item_id_of(item), path=pointer, reference=reference
        )
        response = await self._calls.short(
            names.LINK_PROCESS_ITEM_TASK_DOCUMENT, request, models.ProcessItemTaskDocumentLinkResponse
        )
        return _insist(response.process_item)


def _insist(item: ProcessItem) -> ProcessItem:
    insist_on_valid(item.id, item.task.data if item.task else None)
    return item
