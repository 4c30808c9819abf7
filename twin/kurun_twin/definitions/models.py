"""What the definitions file says, checked and with every id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from kurun_twin.definitions.k2_models import K2Definitions
from kurun_twin.json_schema import JsonSchema


class PrincipalKind(StrEnum):
    """What a principal is."""

    USER = "USER"
    APPLICATION = "APPLICATION"


class ProcessActionType(StrEnum):
    """What an action of a process does; the first two of them run a workflow, the others are done at once."""

    DOWNLOADABLE = "DOWNLOADABLE"
    START_WORKFLOW = "START_WORKFLOW"
    START_RELATED_PROCESS = "START_RELATED_PROCESS"
    CREATE_TASK = "CREATE_TASK"
    CREATE_PROCESS_ITEM_MESSAGE = "CREATE_PROCESS_ITEM_MESSAGE"
    CREATE_PROCESS_ITEM_THREAD = "CREATE_PROCESS_ITEM_THREAD"
    SEND_WORKFLOW_SIGNAL = "SEND_WORKFLOW_SIGNAL"


class ArtifactActionType(StrEnum):
    """What an action of a business artifact does; the first two of them run a workflow, the others are done at once."""

    DOWNLOADABLE = "DOWNLOADABLE"
    START_WORKFLOW = "START_WORKFLOW"
    START_PROCESS = "START_PROCESS"
    CREATE_BUSINESS_ARTIFACT = "CREATE_BUSINESS_ARTIFACT"


@dataclass(frozen=True)
class Tenant:
    """The one tenant that everything belongs to."""

    id: UUID
    name: str
    plan: str = "UNLIMITED"


@dataclass(frozen=True)
class PrincipalDefinition:
    """Who may call the API; users have an e-mail address, and perhaps metadata."""

    id: UUID
    kind: PrincipalKind
    name: str
    email: str | None = None
    metadata: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class GroupDefinition:
    """Principals under one name; ``members`` are their ids."""

    id: UUID
    code: str
    name: str
    members: frozenset[UUID]


@dataclass(frozen=True)
class ProcessItemDefinition:
    """A kind of item; without a schema any data is valid.

    Attributes:
        ai_model: The model that its AI assistance is said to use.
        ai_error: Why its AI assistance fails; ``None`` when it succeeds.
    """

    id: UUID
    version: UUID
    code: str
    type: str
    name: str | None = None
    data: JsonSchema | None = field(default=None, repr=False)
    context_data: JsonSchema | None = field(default=None, repr=False)
    ai_model: str = "twin"
    ai_error: str | None = None


@dataclass(frozen=True)
class WorkflowTarget:
    """Which workflow, the queue of its worker, and the key that encrypts what is said to it if it is confidential."""

    workflow_type: str
    task_queue: str
    kms_key_id: str | None = None


@dataclass(frozen=True)
class ProcessActionDefinition:
    """What can be done with a process.

    Attributes:
        workflow: The workflow that does it, for types that need one.
        process_code: The definition of the process that it starts.
        item_code: The definition of the item that it creates.
        signal_name: The signal that it sends to the process's workflow.
        input: What a signal's input must look like; ``None``: it takes none.
    """

    id: UUID
    code: str
    type: ProcessActionType
    workflow: WorkflowTarget | None = None
    process_code: str | None = None
    item_code: str | None = None
    signal_name: str | None = None
    input: JsonSchema | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ProcessDefinition:
    """A kind of process, and the workflow that carries it out.

    Attributes:
        version: Derived from the definition's content: it changes when the definition does.
        items: Item definitions by code; ``None`` when the file names none and any code is welcome.
        actions: What can be done with it, by code.
        kms_key_id: The key that encrypts what is said to its workflow; ``None``: it is not confidential.
    """

    id: UUID
    version: UUID
    code: str
    name: str
    workflow_type: str
    task_queue: str
    kms_key_id: str | None = None
    metadata: JsonSchema | None = field(default=None, repr=False)
    entity: JsonSchema | None = field(default=None, repr=False)
    items: Mapping[str, ProcessItemDefinition] | None = field(default=None, repr=False)
    actions: Mapping[str, ProcessActionDefinition] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class ArtifactActionDefinition:
    """What can be done with a business artifact.

    Attributes:
        workflow: The workflow that does it, for types that need one.
        process_code: The definition of the process that it starts.
        artifact_code: The definition of the artifact that it creates.
        prefill: What the process's metadata or the new artifact's data begins with; a text that begins with ``/`` is
            a JSON pointer into the artifact's data.
        input: What the workflow's input must look like; ``None``: anything.
    """

    id: UUID
    code: str
    type: ArtifactActionType
    workflow: WorkflowTarget | None = None
    process_code: str | None = None
    artifact_code: str | None = None
    prefill: Mapping[str, Any] = field(default_factory=dict, repr=False)
    input: JsonSchema | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ArtifactDefinition:
    """A kind of business artifact; without a schema any data is valid."""

    id: UUID
    code: str
    name: str
    data: JsonSchema | None = field(default=None, repr=False)
    actions: Mapping[str, ArtifactActionDefinition] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class RobotAsset:
    """A file that a robot needs on a machine of one platform and architecture."""

    type: str
    version: str
    platform: str
    architecture: str
    file: Path


@dataclass(frozen=True)
class RobotDefinition:
    """A robot and the files that make it."""

    id: UUID
    code: str
    name: str
    description: str | None
    source_type: str
    source_file: Path
    content_type: str
    environment_variables: Mapping[str, str] = field(repr=False)
    ready: bool
    assets: tuple[RobotAsset, ...] = ()


@dataclass(frozen=True)
class KmsKeyDefinition:
    """A key for confidential processes; without a value it is made when it is first asked for."""

    id: str
    value: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Definitions:
    """Everything the definitions file says.

    Attributes:
        task_queues: Queues that workers may poll; ``None`` when there is no file and any queue is welcome.
        kms_keys: The keys that there are; ``None`` when the file names none and any is made when asked for.
        k2: K2's users and workflows; ``None`` when there is no K2.
    """

    tenant: Tenant
    principals: tuple[PrincipalDefinition, ...]
    processes: tuple[ProcessDefinition, ...] = ()
    task_queues: frozenset[str] | None = None
    groups: tuple[GroupDefinition, ...] = ()
    artifacts: tuple[ArtifactDefinition, ...] = ()
    robots: tuple[RobotDefinition, ...] = ()
    kms_keys: tuple[KmsKeyDefinition, ...] | None = None
    k2: K2Definitions | None = None

    def process_by_id(self, definition_id: UUID | str) -> ProcessDefinition | None:
        """The definition with this id."""
        return next((each for each in self.processes if str(each.id) == str(definition_id)), None)

    def process_by_code(self, code: str | None) -> ProcessDefinition | None:
        """The definition with this code."""
        return next((each for each in self.processes if each.code == code), None)

    def artifact_by_id(self, definition_id: UUID | str) -> ArtifactDefinition | None:
        """The business artifact definition with this id."""
        return next((each for each in self.artifacts if str(each.id) == str(definition_id)), None)

    def artifact_by_code(self, code: str | None) -> ArtifactDefinition | None:
        """The business artifact definition with this code."""
        return next((each for each in self.artifacts if each.code == code), None)
