"""Requests and responses of the activities on processes."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field, model_validator

from kurun_activities.models.base import ActivityRequest, ActivityResponse, SavedDataResponse, present
from kurun_clients.kuflow.models import JsonPatchOperation, JsonValue, Process, ProcessPage, ProcessState


class DeletedQueryParam(StrEnum):
    """Whether a search looks at deleted resources."""

    EXCLUDE = "EXCLUDE"
    INCLUDE = "INCLUDE"
    ONLY = "ONLY"


class ProcessFindRequest(ActivityRequest):
    """Search processes. Absent filters do not restrict; ``sorts`` are ``property,asc`` or ``property,desc``."""

    page: int | None = None
    size: int | None = None
    sorts: list[str] | None = None
    tenant_ids: list[UUID] | None = None
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
