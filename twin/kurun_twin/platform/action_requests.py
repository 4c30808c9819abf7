"""Request bodies of business artifacts, actions and AI assistance."""

from typing import Any
from uuid import UUID

from kurun_twin.platform.requests import JsonValueBody, Name, RequestBody, Text


class ArtifactCreate(RequestBody):
    """Create a business artifact."""

    id: UUID | None = None
    business_artifact_definition_id: UUID | None = None
    business_artifact_definition_code: Name | None = None
    tenant_id: UUID | None = None
    data: JsonValueBody | None = None


class ActionInput(RequestBody):
    """What a workflow or a signal is given."""

    input: dict[str, Any] | None = None


class NewProcessData(RequestBody):
    """What the process that an action starts begins with."""

    metadata: dict[str, Any] | None = None
    entity: dict[str, Any] | None = None


class NewArtifactData(RequestBody):
    """What the business artifact that an action creates begins with."""

    value: dict[str, Any] | None = None


class NewTask(RequestBody):
    """Where the task that an action creates belongs."""

    process_item_thread_id: UUID | None = None


class NewMessage(RequestBody):
    """The message that an action writes."""

    text: Text
    process_item_thread_id: UUID | None = None


class ProcessActionCreate(RequestBody):
    """Invoke an action of a process; at most the field of its type may be there."""

    id: UUID | None = None
    process_action_definition_code: Name
    create_task: NewTask | None = None
    create_process_item_message: NewMessage | None = None
    start_related_process: NewProcessData | None = None
    send_workflow_signal: ActionInput | None = None


class ArtifactActionCreate(RequestBody):
    """Invoke an action of a business artifact; at most the field of its type may be there."""

    id: UUID | None = None
    business_artifact_action_definition_code: Name
    start_workflow: ActionInput | None = None
    downloadable: ActionInput | None = None
    start_process: NewProcessData | None = None
    create_artifact: NewArtifactData | None = None


class ActionPrepare(RequestBody):
    """Name the action to prepare."""

    business_artifact_action_definition_code: Name


class AiAssistanceGenerate(RequestBody):
    """Start AI assistance, or ask after the attempt with this id."""

    request_id: UUID
