"""Requests and responses of the activities on process items and their tasks."""

from uuid import UUID

from pydantic import AliasChoices, Field, model_validator

from kurun_activities.models.base import ActivityRequest, ActivityResponse, FindRequest, SavedDataResponse, present
from kurun_clients.kuflow.models import (
    DeletedQueryParam,
    JsonPatchOperation,
    JsonValue,
    ProcessItem,
    ProcessItemMessageCreateParams,
    ProcessItemPage,
    ProcessItemTaskCreateParams,
    ProcessItemTaskLogLevel,
    ProcessItemTaskState,
    ProcessItemType,
)


class ProcessItemFindRequest(FindRequest):
    """Search process items. Absent filters do not restrict.

    Attributes:
        deleted: Whether deleted ones are wanted. KuFlow lists them only to a search that names exactly one
            process definition, by id or by code and tenant; otherwise it leaves them out without a word.
    """

    process_ids: list[UUID] | None = None
    types: list[ProcessItemType] | None = None
    task_states: list[ProcessItemTaskState] | None = None
    process_item_definition_codes: list[str] | None = None
    process_definition_ids: list[UUID] | None = None
    process_definition_codes: list[str] | None = None
    deleted: DeletedQueryParam | None = None


class ProcessItemFindResponse(ActivityResponse):
    """One page of process items."""

    process_items: ProcessItemPage


class ProcessItemResponse(SavedDataResponse):
    """A process item as it is after the activity."""

    process_item: ProcessItem

    def saved_values(self) -> list[JsonValue]:
        """The data of its task or message."""
        task, message = self.process_item.task, self.process_item.message
        return present(task.data if task else None, message.data if message else None)


class ProcessItemRequest(ActivityRequest):
    """Names the process item to act on."""

    process_item_id: UUID


class ProcessItemRetrieveRequest(ProcessItemRequest):
    """Read a process item."""


class ProcessItemRetrieveResponse(ProcessItemResponse):
    """The item."""


class ProcessItemCreateRequest(ActivityRequest):
    """Create a task, message or thread.

    The ``id`` makes the call idempotent: a second one answers with the first's item. Without one it is derived from
    the activity's identity, so that a retry creates nothing new.
    """

    id: UUID | None = None
    type: ProcessItemType
    process_id: UUID
    process_item_thread_id: UUID | None = None
    owner_id: UUID | None = None
    owner_email: str | None = None
    process_item_definition_code: str | None = Field(
        default=None,
        validation_alias=AliasChoices(
            "processItemDefinitionCode", "taskDefinitionCode", "process_item_definition_code"
        ),
        serialization_alias="processItemDefinitionCode",
    )
    task: ProcessItemTaskCreateParams | None = None
    message: ProcessItemMessageCreateParams | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> "ProcessItemCreateRequest":
        if self.type is not ProcessItemType.MESSAGE and not self.process_item_definition_code:
            raise ValueError(f"processItemDefinitionCode is required for a {self.type.value}")
        if self.type is ProcessItemType.MESSAGE and (
            self.message is None or not (self.message.text or self.message.data)
        ):
            raise ValueError("message.text or message.data is required for a MESSAGE")
        return self


class ProcessItemCreateResponse(ProcessItemResponse):
    """The new item."""


class ProcessItemTaskClaimRequest(ProcessItemRequest):
    """Claim a task for the worker's own principal."""


class ProcessItemTaskClaimResponse(ProcessItemResponse):
    """The claimed task."""


class ProcessItemTaskAssignRequest(ProcessItemRequest):
    """Give a task to someone, by id or by e-mail."""

    owner_id: UUID | None = None
    owner_email: str | None = None

    @model_validator(mode="after")
    def _names_someone(self) -> "ProcessItemTaskAssignRequest":
        if self.owner_id is None and not self.owner_email:
            raise ValueError("ownerId or ownerEmail is required")
        return self


class ProcessItemTaskAssignResponse(ProcessItemResponse):
    """The assigned task."""


class ProcessItemTaskCompleteRequest(ProcessItemRequest):
    """Complete a claimed task."""


class ProcessItemTaskCompleteResponse(ProcessItemResponse):
    """The completed task."""


class ProcessItemTaskDataUpdateRequest(ProcessItemRequest):
    """Replace the task's data."""

    data: JsonValue


class ProcessItemTaskDataUpdateResponse(ProcessItemResponse):
    """The task with its new data."""


class ProcessItemTaskDataPatchRequest(ProcessItemRequest):
    """Change the task's data in places (RFC 6902)."""

    json_patch: list[JsonPatchOperation] = Field(min_length=1)


class ProcessItemTaskDataPatchResponse(ProcessItemResponse):
    """The task with its changed data."""


class ProcessItemTaskContextDataUpdateRequest(ProcessItemRequest):
    """Replace the task's context data, which its form may show and does not change."""

    data: JsonValue


class ProcessItemTaskContextDataUpdateResponse(ProcessItemResponse):
    """The task with its new context data."""

    def saved_values(self) -> list[JsonValue]:
        """The context data alone: the data was not touched."""
        return present(self.process_item.task.context_data if self.process_item.task else None)


class ProcessItemTaskLogAppendRequest(ProcessItemRequest):
    """Append a line to the task's log."""

    message: str = Field(min_length=1)
    level: ProcessItemTaskLogLevel = ProcessItemTaskLogLevel.INFO


class ProcessItemTaskLogAppendResponse(ProcessItemResponse):
    """The task with its log."""


class ProcessItemTaskDocumentLinkRequest(ProcessItemRequest):
    """Put a document's reference into the task's data.

    Attributes:
        reference: The ``kuflow-file:`` text that the upload answered with.
        path: JSON pointer (RFC 6901) to the property that takes it; ``/-`` at the end appends to a list.
    """

    reference: str
    path: str


class ProcessItemTaskDocumentLinkResponse(ProcessItemResponse):
    """The task with the linked document."""
