"""Process items: the tasks, messages and threads of a process."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AliasChoices, Field, model_validator

from kurun_clients.kuflow.models.base import Deletable, Growing, Moment, Page, Params, Resource
from kurun_clients.kuflow.models.json_data import JsonValue


class ProcessItemType(StrEnum):
    """What an item is."""

    TASK = "TASK"
    MESSAGE = "MESSAGE"
    THREAD = "THREAD"


class ProcessItemTaskState(StrEnum):
    """Where a task stands."""

    READY = "READY"
    CLAIMED = "CLAIMED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class ProcessItemTaskLogLevel(StrEnum):
    """How serious a log line is."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


class ProcessItemDefinitionRef(Resource):
    """Which definition an item follows. The API's older shape calls it ``taskDefinition``, inside the task."""

    id: UUID
    version: str | None = None
    code: str | None = None
    name: str | None = None


class ProcessItemTaskLog(Resource):
    """One line of a task's log, stamped by KuFlow."""

    id: UUID
    timestamp: Moment
    message: str
    level: Annotated[ProcessItemTaskLogLevel, Growing]


class ProcessItemTaskPageItem(Resource):
    """A task in a list, without its data."""

    state: Annotated[ProcessItemTaskState, Growing]


class ProcessItemTask(ProcessItemTaskPageItem):
    """A task: its state, its data and its log."""

    data: JsonValue | None = None
    context_data: JsonValue | None = None
    logs: list[ProcessItemTaskLog] | None = None


class ProcessItemMessagePageItem(Resource):
    """A message in a list; ``text`` is Markdown."""

    text: str | None = None
    data_structure_data_definition_code: str | None = None


class ProcessItemMessage(ProcessItemMessagePageItem):
    """A message with its data."""

    data: JsonValue | None = None


class _ProcessItemFields(Deletable):
    id: UUID
    uri: str | None = None
    type: Annotated[ProcessItemType, Growing]
    process_id: UUID
    process_item_thread_id: UUID | None = None
    owner_id: UUID | None = None
    tenant_id: UUID | None = None
    process_item_definition_ref: ProcessItemDefinitionRef | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_the_older_shape(cls, data: Any) -> Any:
        task = data.get("task") if isinstance(data, dict) else None
        if not isinstance(task, dict) or "processItemDefinitionRef" in data or not task.get("taskDefinition"):
            return data
        rest = {name: value for name, value in task.items() if name != "taskDefinition"}
        return {**data, "task": rest, "processItemDefinitionRef": task["taskDefinition"]}


class ProcessItemPageItem(_ProcessItemFields):
    """An item in a list."""

    task: ProcessItemTaskPageItem | None = None
    message: ProcessItemMessagePageItem | None = None


class ProcessItem(_ProcessItemFields):
    """A process item; ``task`` or ``message`` is there according to its type."""

    task: ProcessItemTask | None = None
    message: ProcessItemMessage | None = None


class ProcessItemPage(Page[ProcessItemPageItem]):
    """A page of process items."""


class ProcessItemTaskCreateParams(Params):
    """What a new task starts with."""

    data: JsonValue | None = None
    context_data: JsonValue | None = None


class ProcessItemMessageCreateParams(Params):
    """What a new message says; ``text`` is Markdown."""

    text: str | None = None
    data: JsonValue | None = None
    data_structure_data_definition_code: str | None = None


class ProcessItemCreateParams(Params):
    """Create an item. With an ``id`` the call is idempotent: the second answers with the first's item."""

    id: UUID | None = None
    type: ProcessItemType
    process_id: UUID
    process_item_thread_id: UUID | None = None
    owner_id: UUID | None = None
    owner_email: str | None = None
    process_item_definition_code: str | None = Field(
        default=None,
        validation_alias=AliasChoices(
            "processItemDefinitionCode", "taskDefinitionCode", "process_item_definition_code"
        ),
        serialization_alias="processItemDefinitionCode",
    )
    task: ProcessItemTaskCreateParams | None = None
    message: ProcessItemMessageCreateParams | None = None


class ProcessItemTaskAssignParams(Params):
    """Name the new owner, by id or by e-mail: one is enough."""

    owner_id: UUID | None = None
    owner_email: str | None = None


class ProcessItemTaskAppendLogParams(Params):
    """A line for the task's log. It has no id: a blind repeat doubles it."""

    message: str
    level: ProcessItemTaskLogLevel = ProcessItemTaskLogLevel.INFO


class ProcessItemTaskDataUpdateParams(Params):
    """Replace the task's data."""

    data: JsonValue


class ProcessItemTaskContextDataUpdateParams(Params):
    """Replace the task's context data, which informs whoever does the task."""

    data: JsonValue
