"""Processes: one run of a process definition."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AliasChoices, Field

from kurun_clients.kuflow.models.base import Deletable, Growing, Page, Params, Resource
from kurun_clients.kuflow.models.json_data import JsonValue


class ProcessState(StrEnum):
    """Where a process stands."""

    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class ProcessDefinitionRef(Resource):
    """Which definition, in which version, a process follows. The API's older shape calls it a summary."""

    id: UUID
    version: str | None = None
    code: str | None = None
    name: str | None = None


def _definition_ref() -> ProcessDefinitionRef | None:
    # Both shapes under v2024-06-14 are read; the current one is written.
    ref: ProcessDefinitionRef | None = Field(
        default=None,
        validation_alias=AliasChoices("processDefinitionRef", "processDefinition", "process_definition_ref"),
        serialization_alias="processDefinitionRef",
    )
    return ref


class ProcessRelated(Resource):
    """Ids of processes that point here, and to which this one points (``outcoming`` is KuFlow's own word)."""

    incoming: list[UUID] | None = None
    outcoming: list[UUID] | None = None


class ProcessPageItem(Deletable):
    """A process in a list, without its data."""

    id: UUID
    uri: str | None = None
    state: Annotated[ProcessState, Growing]
    process_definition_ref: ProcessDefinitionRef | None = _definition_ref()
    initiator_id: UUID | None = None
    tenant_id: UUID | None = None


class Process(ProcessPageItem):
    """A process with its data."""

    metadata: JsonValue | None = None
    entity: JsonValue | None = None
    process_related: ProcessRelated | None = None


class ProcessPage(Page[ProcessPageItem]):
    """A page of processes."""


class ProcessCreateParams(Params):
    """Start a process. With an ``id`` the call is idempotent: the second answers with the first's process."""

    id: UUID | None = None
    process_definition_id: UUID | None = None
    process_definition_code: str | None = None
    tenant_id: UUID | None = None
    metadata: JsonValue | None = None
    entity: JsonValue | None = None
    initiator_id: UUID | None = None
    initiator_email: str | None = None
    related_process_id: UUID | None = None


class ProcessChangeInitiatorParams(Params):
    """Name the new initiator, by id or by e-mail: one is enough."""

    initiator_id: UUID | None = None
    initiator_email: str | None = None


class ProcessMetadataUpdateParams(Params):
    """Replace the metadata."""

    metadata: JsonValue


class ProcessEntityUpdateParams(Params):
    """Replace the entity."""

    entity: JsonValue
