"""What a person or a program may do with a process beside its tasks, as its definition allows."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from kurun_clients.kuflow.models.base import Audited, Growing, Params, Resource
from kurun_clients.kuflow.models.json_data import JsonValue


class ProcessActionType(StrEnum):
    """What an action does."""

    DOWNLOADABLE = "DOWNLOADABLE"
    START_RELATED_PROCESS = "START_RELATED_PROCESS"
    START_WORKFLOW = "START_WORKFLOW"
    CREATE_TASK = "CREATE_TASK"
    CREATE_PROCESS_ITEM_MESSAGE = "CREATE_PROCESS_ITEM_MESSAGE"
    CREATE_PROCESS_ITEM_THREAD = "CREATE_PROCESS_ITEM_THREAD"
    SEND_WORKFLOW_SIGNAL = "SEND_WORKFLOW_SIGNAL"


class ProcessActionStatus(StrEnum):
    """How far an action is."""

    REQUESTED = "REQUESTED"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"
    ERROR = "ERROR"


class ProcessActionDefinitionRef(Resource):
    """Which definition an action follows."""

    id: UUID | None = None
    code: str | None = None


class ProcessActionDownloadable(Resource):
    """The document that was made, as long as it is kept."""

    document_uri: str | None = None
    document_expired: bool | None = None


class ProcessActionStartRelatedProcess(Resource):
    """The process that was started."""

    process_definition_id: UUID
    process_id: UUID


class ProcessActionCreateTask(Resource):
    """The task that was created."""

    process_item_id: UUID | None = None


class ProcessActionCreateProcessItemMessage(Resource):
    """The message that was created."""

    process_item_id: UUID | None = None


class ProcessActionCreateProcessItemThread(Resource):
    """The thread that was created."""

    process_item_id: UUID | None = None


class ProcessActionSendWorkflowSignal(Resource):
    """The signal that was sent."""

    signal_name: str | None = None
    input: JsonValue | None = None


class ProcessAction(Audited):
    """An action; of its parts the one of its type is there."""

    id: UUID
    type: Annotated[ProcessActionType, Growing]
    status: Annotated[ProcessActionStatus, Growing]
    process_action_definition_ref: ProcessActionDefinitionRef
    downloadable: ProcessActionDownloadable | None = None
    start_related_process: ProcessActionStartRelatedProcess | None = None
    create_task: ProcessActionCreateTask | None = None
    create_process_item_message: ProcessActionCreateProcessItemMessage | None = None
    create_process_item_thread: ProcessActionCreateProcessItemThread | None = None
    send_workflow_signal: ProcessActionSendWorkflowSignal | None = None


class ProcessActionCreateParamsCreateTask(Params):
    """Where to create the task."""

    process_item_thread_id: UUID | None = None


class ProcessActionCreateParamsCreateProcessItemMessage(Params):
    """What the message says, in Markdown, and where."""

    text: str
    process_item_thread_id: UUID | None = None


class ProcessActionCreateParamsStartRelatedProcess(Params):
    """What to start the process with."""

    metadata: dict[str, Any] | None = None
    entity: dict[str, Any] | None = None


class ProcessActionCreateParamsSendWorkflowSignal(Params):
    """What to send with the signal."""

    input: dict[str, Any] | None = None


class ProcessActionCreateParams(Params):
    """Start an action. With an ``id`` the call is idempotent: the second answers with the first's action."""

    id: UUID | None = None
    process_action_definition_code: str
    create_task: ProcessActionCreateParamsCreateTask | None = None
    create_process_item_message: ProcessActionCreateParamsCreateProcessItemMessage | None = None
    start_related_process: ProcessActionCreateParamsStartRelatedProcess | None = None
    send_workflow_signal: ProcessActionCreateParamsSendWorkflowSignal | None = None
