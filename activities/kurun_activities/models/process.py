"""Requests and responses of the activities on processes."""

from uuid import UUID

from pydantic import Field, model_validator

from kurun_activities.models.base import ActivityRequest, ActivityResponse, FindRequest, SavedDataResponse, present
from kurun_clients.kuflow.models import (
    DeletedQueryParam,
    JsonPatchOperation,
    JsonValue,
    Process,
    ProcessPage,
    ProcessState,
)


class ProcessFindRequest(FindRequest):
    """Search processes. Absent filters do not restrict.

    Attributes:
        metadata: Conditions on metadata fields, ``code operation value…``.
        deleted: Whether deleted ones are wanted. KuFlow lists them only to a search that names exactly one
            process definition, by id or by code and tenant; otherwise it leaves them out without a word.
    """

    process_definition_ids: list[UUID] | None = None
    process_definition_codes: list[str] | None = None
    states: list[ProcessState] | None = None
    initiator_ids: list[UUID] | None = None
    initiator_emails: list[str] | None = None
    metadata: list[str] | None = None
    deleted: DeletedQueryParam | None = None


class ProcessFindResponse(ActivityResponse):
    """One page of processes."""

    processes: ProcessPage


class ProcessResponse(SavedDataResponse):
    """A process as it is after the activity."""

    process: Process

    def saved_values(self) -> list[JsonValue]:
        """Its metadata and its entity."""
        return present(self.process.metadata, self.process.entity)


class ProcessRequest(ActivityRequest):
    """Names the process to act on."""

    process_id: UUID


class ProcessRetrieveRequest(ProcessRequest):
    """Read a process."""


class ProcessRetrieveResponse(ProcessResponse):
    """The process."""


class ProcessCreateRequest(ActivityRequest):
    """Start a process.

    Without an ``id`` one is derived from the activity's identity, so that a retry starts no second process.
    """

    id: UUID | None = None
    process_definition_id: UUID | None = None
    process_definition_code: str | None = None
    tenant_id: UUID | None = None
    metadata: JsonValue | None = None
    entity: JsonValue | None = None
    initiator_id: UUID | None = None
    initiator_email: str | None = None
    related_process_id: UUID | None = None

    @model_validator(mode="after")
    def _names_a_definition(self) -> "ProcessCreateRequest":
        if self.process_definition_id is None and self.process_definition_code is None:
            raise ValueError("processDefinitionId or processDefinitionCode is required")
        return self


class ProcessCreateResponse(ProcessResponse):
    """The new process."""


class ProcessCompleteRequest(ProcessRequest):
    """Complete a process."""


class ProcessCompleteResponse(ProcessResponse):
    """The completed process."""


class ProcessCancelRequest(ProcessRequest):
    """Cancel a process."""


class ProcessCancelResponse(ProcessResponse):
    """The cancelled process."""


class ProcessDeleteRequest(ProcessRequest):
    """Delete a process that has ended."""


class ProcessDeleteResponse(ActivityResponse):
    """Nothing: the process is deleted."""


class ProcessItemsCancelRequest(ProcessRequest):
    """Cancel items of a process.

    Attributes:
        process_item_ids: Which; all active items without it. An empty list is refused, because KuFlow cannot tell it
            from none and would cancel them all.
    """

    process_item_ids: list[UUID] | None = Field(default=None, min_length=1)


class ProcessItemsCancelResponse(ProcessResponse):
    """The process, which itself goes on."""

    def saved_values(self) -> list[JsonValue]:
        """None: its data was not touched."""
        return []


class ProcessInitiatorChangeRequest(ProcessRequest):
    """Name another initiator, by id or by e-mail."""

    initiator_id: UUID | None = None
    initiator_email: str | None = None

    @model_validator(mode="after")
    def _names_someone(self) -> "ProcessInitiatorChangeRequest":
        if self.initiator_id is None and not self.initiator_email:
            raise ValueError("initiatorId or initiatorEmail is required")
        return self


class ProcessInitiatorChangeResponse(ProcessResponse):
    """The process with its new initiator."""


class ProcessMetadataUpdateRequest(ProcessRequest):
    """Replace the metadata."""

    metadata: JsonValue


class ProcessMetadataUpdateResponse(ProcessResponse):
    """The process with its new metadata."""

    def saved_values(self) -> list[JsonValue]:
        """The metadata alone: the entity was not touched."""
        return present(self.process.metadata)


class ProcessMetadataPatchRequest(ProcessRequest):
    """Change the metadata in places (RFC 6902)."""

    json_patch: list[JsonPatchOperation] = Field(min_length=1)


class ProcessMetadataPatchResponse(ProcessMetadataUpdateResponse):
    """The process with its changed metadata."""


class ProcessEntityUpdateRequest(ProcessRequest):
    """Replace the entity."""

    entity: JsonValue


class ProcessEntityUpdateResponse(ProcessResponse):
    """The process with its new entity."""

    def saved_values(self) -> list[JsonValue]:
        """The entity alone: the metadata was not touched."""
        return present(self.process.entity)


class ProcessEntityPatchRequest(ProcessRequest):
    """Change the entity in places (RFC 6902)."""

    json_patch: list[JsonPatchOperation] = Field(min_length=1)


class ProcessEntityPatchResponse(ProcessEntityUpdateResponse):
    """The process with its changed entity."""
