"""The shape of the definitions file."""

import base64
import binascii
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator

from kurun_twin.definitions.action_entries import ArtifactActionEntry, ProcessActionEntry
from kurun_twin.definitions.entry import Code, Entry, KeyId, Name, WorkflowEntry
from kurun_twin.definitions.k2_entries import K2Entry

Email = Annotated[str, StringConstraints(min_length=3, max_length=255, pattern=r"^[^@\s]+@[^@\s]+$")]
RobotName = Annotated[str, StringConstraints(min_length=1, max_length=50)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=4000)]

KEY_BYTES = 32
"""AES-256."""


class TenantEntry(Entry):
    """The one tenant."""

    id: UUID | None = None
    name: Name = "Local"
    plan: Literal["FREE", "PREMIUM", "UNLIMITED"] = "UNLIMITED"


class ApplicationEntry(Entry):
    """A program that calls the API."""

    id: UUID | None = None
    name: Name


class UserEntry(Entry):
    """A person; ``metadata`` is what the tenant keeps about them."""

    id: UUID | None = None
    name: Name
    email: Email
    metadata: dict[str, Any] | None = None


class PrincipalsEntry(Entry):
    """Who may call the API."""

    applications: tuple[ApplicationEntry, ...] = ()
    users: tuple[UserEntry, ...] = ()


def _usual_principals() -> PrincipalsEntry:
    """A worker and a person, for a file that names nobody."""
    return PrincipalsEntry(
        applications=(ApplicationEntry(name="worker"),),
        users=(UserEntry(name="Ada Clerk", email="ada@example.com"),),
    )


class GroupEntry(Entry):
    """Principals under one name: users by their e-mail address, applications by their name."""

    id: UUID | None = None
    code: Code
    name: Name | None = None
    members: tuple[Name, ...] = ()


class AiAssistanceEntry(Entry):
    """What comes of AI assistance: with ``error_message`` it fails."""

    model: Name = "twin"
    error_message: LongText | None = None


class ProcessItemDefinitionEntry(Entry):
    """A task, message or thread that processes of a definition may have; ``data`` and ``context_data`` are schemas."""

    id: UUID | None = None
    code: Code
    type: Literal["TASK", "MESSAGE", "THREAD"] = "TASK"
    name: Name | None = None
    data: dict[str, Any] | None = None
    context_data: dict[str, Any] | None = None
    ai_assistance: AiAssistanceEntry = Field(default_factory=AiAssistanceEntry)


class ProcessDefinitionEntry(WorkflowEntry):
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
    process_item_definitions: tuple[ProcessItemDefinitionEntry, ...] | None = None
    process_action_definitions: tuple[ProcessActionEntry, ...] = ()


class ArtifactDefinitionEntry(Entry):
    """A kind of business artifact; ``data`` is a schema."""

    id: UUID | None = None
    code: Code
    name: Name | None = None
    data: dict[str, Any] | None = None
    business_artifact_action_definitions: tuple[ArtifactActionEntry, ...] = ()


class RobotAssetEntry(Entry):
    """A file that a robot needs on one kind of machine."""

    type: Literal["PYTHON", "PYTHON_PIP", "NODEJS"]
    version: Name
    platform: Literal["WINDOWS", "MAC_OS", "LINUX"]
    architecture: Literal["X86_32", "X86_64"]
    file: Name


class RobotEntry(Entry):
    """A robot. Files are named relative to the definitions file."""

    id: UUID | None = None
    code: RobotName
    name: RobotName | None = None
    description: LongText | None = None
    source_type: Literal["PACKAGE", "UNKNOWN"] = "PACKAGE"
    source_file: Name
    content_type: Name = "application/zip"
    environment_variables: dict[Name, LongText] = Field(default_factory=dict)
    ready: bool = True
    assets: tuple[RobotAssetEntry, ...] = ()


class KmsKeyEntry(Entry):
    """A key of confidential processes: 32 bytes in base64, or made when it is first asked for."""

    id: KeyId
    value: str | None = Field(default=None, repr=False)

    @field_validator("value")
    @classmethod
    def _is_key(cls, value: str | None) -> str | None:
        try:
            key = b"" if value is None else base64.b64decode(value, validate=True)
        except binascii.Error:
            raise ValueError("not base64") from None
        if value is not None and len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, this one {len(key)}")
        return value


class DefinitionsFile(Entry):
    """The whole file."""

    tenant: TenantEntry = Field(default_factory=TenantEntry)
    principals: PrincipalsEntry = Field(default_factory=_usual_principals)
    groups: tuple[GroupEntry, ...] = ()
    task_queues: tuple[Name, ...] = ()
    process_definitions: tuple[ProcessDefinitionEntry, ...] = ()
    business_artifact_definitions: tuple[ArtifactDefinitionEntry, ...] = ()
    robots: tuple[RobotEntry, ...] = ()
    kms_keys: tuple[KmsKeyEntry, ...] | None = None
    k2: K2Entry | None = None
