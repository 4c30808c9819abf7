"""Request bodies as the API reads them: both shapes it has had, fields it does not know left aside."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Text = Annotated[str, StringConstraints(max_length=65_536)]


class ProcessItemType(StrEnum):
    """What an item is."""

    TASK = "TASK"
    MESSAGE = "MESSAGE"
    THREAD = "THREAD"


class LogLevel(StrEnum):
    """How serious a log line is."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


class CredentialType(StrEnum):
    """What POST /authentications can hand out."""

    ENGINE_TOKEN = "ENGINE_TOKEN"  # noqa: S105 - the name of a kind
    ENGINE_CERTIFICATE = "ENGINE_CERTIFICATE"


class RequestBody(BaseModel):
    """A body, or a part of one."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore", hide_input_in_errors=True)


class JsonValueBody(RequestBody):
    """Data to be stored; what the sender claims about its validity is left aside."""

    value: dict[str, Any]


class AuthenticationCreate(RequestBody):
    """Ask for an engine credential."""

    type: CredentialType
    tenant_id: UUID | None = None


class WorkerCreate(RequestBody):
    """Announce a worker."""

    identity: Name
    task_queue: Name
    workflow_types: list[Name] | None = None
    activity_types: list[Name] | None = None
    hostname: Name
    ip: Annotated[str, StringConstraints(min_length=7, max_length=40)]
    installation_id: UUID | None = None
    robot_ids: list[UUID] | None = None
    tenant_id: UUID | None = None


class ProcessCreate(RequestBody):
    """Start a process."""

    id: UUID | None = None
    process_definition_id: UUID | None = None
    process_definition_code: Name | None = None
    tenant_id: UUID | None = None
    metadata: JsonValueBody | None = None
    entity: JsonValueBody | None = None
    initiator_id: UUID | None = None
    initiator_email: str | None = None
    related_process_id: UUID | None = None


class ChangeInitiator(RequestBody):
    """Name a process's new initiator."""

    initiator_id: UUID | None = None
    initiator_email: str | None = None


class MetadataUpdate(RequestBody):
    """Replace a process's metadata."""

    metadata: JsonValueBody


class EntityUpdate(RequestBody):
    """Replace a process's entity."""

    entity: JsonValueBody


class TaskCreate(RequestBody):
    """What a new task starts with; the older shape names its definition here."""

    data: JsonValueBody | None = None
    context_data: JsonValueBody | None = None
    task_definition_code: Name | None = None


class MessageCreate(RequestBody):
    """What a new message says."""

    text: Text | None = None
    data: JsonValueBody | None = None
    data_structure_data_definition_code: Name | None = None


class ProcessItemCreate(RequestBody):
    """Create an item."""

    id: UUID | None = None
    type: ProcessItemType
    process_id: UUID
    process_item_thread_id: UUID | None = None
    owner_id: UUID | None = None
    owner_email: str | None = None
    process_item_definition_code: Name | None = Field(
        default=None, validation_alias=AliasChoices("processItemDefinitionCode", "taskDefinitionCode")
    )
    task: TaskCreate | None = None
    message: MessageCreate | None = None

    @property
    def definition_code(self) -> str | None:
        """The item definition's code, wherever the caller wrote it."""
        return self.process_item_definition_code or (self.task.task_definition_code if self.task else None)


class Assign(RequestBody):
    """Name a task's new owner."""

    owner_id: UUID | None = None
    owner_email: str | None = None


class AppendLog(RequestBody):
    """A line for a task's log."""

    message: Text
    level: LogLevel


class DataUpdate(RequestBody):
    """Replace a task's data or context data."""

    data: JsonValueBody
