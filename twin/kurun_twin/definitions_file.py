"""The shape of the definitions file."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^\S+$")]
Email = Annotated[str, StringConstraints(min_length=3, max_length=255, pattern=r"^[^@\s]+@[^@\s]+$")]


class Entry(BaseModel):
    """A part of the file. A key that nobody knows is a mistake; ids are optional, see ``Definitions``."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid", hide_input_in_errors=True)


class TenantEntry(Entry):
    """The one tenant."""

    id: UUID | None = None
    name: Name = "Local"


class ApplicationEntry(Entry):
    """A program that calls the API."""

    id: UUID | None = None
    name: Name


class UserEntry(Entry):
    """A person."""

    id: UUID | None = None
    name: Name
    email: Email


class PrincipalsEntry(Entry):
    """Who may call the API."""

    applications: list[ApplicationEntry] = []
    users: list[UserEntry] = []


def _usual_principals() -> PrincipalsEntry:
    """A worker and a person, for a file that names nobody."""
    return PrincipalsEntry(
        applications=[ApplicationEntry(name="worker")], users=[UserEntry(name="Ada Clerk", email="ada@example.com")]
    )


class ProcessItemDefinitionEntry(Entry):
    """A task, message or thread that processes of a definition may have; ``data`` and ``context_data`` are schemas."""

    id: UUID | None = None
    code: Code
    type: Literal["TASK", "MESSAGE", "THREAD"] = "TASK"
    name: Name | None = None
    data: dict[str, Any] | None = None
    context_data: dict[str, Any] | None = None


class ProcessDefinitionEntry(Entry):
    """A process that can be started; ``metadata`` and ``entity`` are schemas.

    Without ``process_item_definitions`` the process may have items of any code.
    """

    id: UUID | None = None
    code: Code
    name: Name | None = None
    workflow_type: Name
    task_queue: Name
    metadata: dict[str, Any] | None = None
    entity: dict[str, Any] | None = None
    process_item_definitions: list[ProcessItemDefinitionEntry] | None = None


class DefinitionsFile(Entry):
    """The whole file."""

    tenant: TenantEntry = Field(default_factory=TenantEntry)
    principals: PrincipalsEntry = Field(default_factory=_usual_principals)
    task_queues: list[Name] = []
    process_definitions: list[ProcessDefinitionEntry] = []
