"""The shape of actions in the definitions file: each type has keys of its own."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from kurun_twin.definitions.entry import Code, Entry, Name, WorkflowEntry


class ActionEntry(Entry):
    """What can be done with a process or a business artifact."""

    id: UUID | None = None
    code: Code
    name: Name | None = None


class ProcessWorkflowEntry(ActionEntry, WorkflowEntry):
    """A workflow does it, in the process's queue unless another is named; a downloadable's makes a document."""

    type: Literal["START_WORKFLOW", "DOWNLOADABLE"]
    workflow_type: Name
    task_queue: Name | None = None


class StartRelatedProcessEntry(ActionEntry):
    """It starts a process that is related to this one."""

    type: Literal["START_RELATED_PROCESS"]
    process_definition_code: Code


class CreateTaskEntry(ActionEntry):
    """It creates a task."""

    type: Literal["CREATE_TASK"]
    process_item_definition_code: Code


class CreateOtherItemEntry(ActionEntry):
    """It creates a message or a thread; neither needs a definition."""

    type: Literal["CREATE_PROCESS_ITEM_MESSAGE", "CREATE_PROCESS_ITEM_THREAD"]
    process_item_definition_code: Code | None = None


class SendWorkflowSignalEntry(ActionEntry):
    """It signals the process's workflow; ``input`` is a schema, without one it takes no input."""

    type: Literal["SEND_WORKFLOW_SIGNAL"]
    signal_name: Name
    input: dict[str, Any] | None = None


ProcessActionEntry = Annotated[
    ProcessWorkflowEntry | StartRelatedProcessEntry | CreateTaskEntry | CreateOtherItemEntry | SendWorkflowSignalEntry,
    Field(discriminator="type"),
]


class ArtifactWorkflowEntry(ActionEntry, WorkflowEntry):
    """A workflow does it; ``input`` is a schema, a downloadable's workflow answers with a document's URI."""

    type: Literal["START_WORKFLOW", "DOWNLOADABLE"]
    workflow_type: Name
    task_queue: Name
    input: dict[str, Any] | None = None


class StartProcessEntry(ActionEntry):
    """It starts a process whose metadata begins with ``prefill``."""

    type: Literal["START_PROCESS"]
    process_definition_code: Code
    prefill: dict[str, Any] = Field(default_factory=dict)


class CreateArtifactEntry(ActionEntry):
    """It creates a business artifact whose data begins with ``prefill``."""

    type: Literal["CREATE_BUSINESS_ARTIFACT"]
    business_artifact_definition_code: Code
    prefill: dict[str, Any] = Field(default_factory=dict)


ArtifactActionEntry = Annotated[
    ArtifactWorkflowEntry | StartProcessEntry | CreateArtifactEntry, Field(discriminator="type")
]
