"""What the Workflow REST API answers, read leniently: unknown fields are kept, absent ones are ``None`` or empty.

Names on the wire are those of K2's samples, which are camelCase but for ``ID`` and ``URL``.
"""

import json
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from kurun_clients.growing import Growing
from kurun_clients.k2.fields import DataFields, FieldChanges, ItemReferences, XmlFields

ASSUMED_ZONE: Final[tzinfo] = UTC
"""Zone of a moment that names none. K2's example is in UTC; what other servers mean is not documented."""

Element = TypeVar("Element")


def _in_a_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=ASSUMED_ZONE)


Moment = Annotated[datetime, AfterValidator(_in_a_zone)]
OptionalMoment = Annotated[Moment | None, BeforeValidator(lambda value: None if value == "" else value)]
Several = Annotated[tuple[Element, ...], BeforeValidator(lambda value: () if value is None else value)]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join({"id": "ID", "url": "URL"}.get(word, word.capitalize()) for word in rest)


class K2Model(BaseModel):
    """Something that K2 answers with."""

    model_config = ConfigDict(
        alias_generator=_camel,
        validate_by_name=True,
        validate_by_alias=True,
        frozen=True,
        extra="allow",
        coerce_numbers_to_str=True,
    )


class TaskState(StrEnum):
    """Where a task stands for the caller."""

    AVAILABLE = "Available"
    OPEN = "Open"
    ALLOCATED = "Allocated"
    SLEEP = "Sleep"
    COMPLETED = "Completed"


class User(K2Model):
    r"""A user of K2; ``fqn`` is the full name with its label, such as ``K2:DENALLIX\Bob``."""

    username: str | None = None
    fqn: str | None = None
    email: str | None = None
    manager: str | None = None
    display_name: str | None = None


class TaskActions(K2Model):
    """What can be done with a task.

    Attributes:
        batchable_actions: The workflow's actions that need no form.
        non_batchable_actions: The workflow's actions that are meant to be chosen in the form.
        system_actions: K2's own, such as redirect; their spelling is not documented.
    """

    batchable_actions: Several[str] = ()
    non_batchable_actions: Several[str] = ()
    system_actions: Several[str] = ()


class TaskSummary(K2Model):
    """A task as lists show it."""

    serial_number: str
    status: Annotated[TaskState, Growing()] | None = None
    task_start_date: OptionalMoment = None
    sleep_until: OptionalMoment = None
    priority: int | None = None
    form_url: str | None = None
    view_flow_url: str | None = None
    workflow_id: int | None = None
    workflow_name: str | None = None
    workflow_display_name: str | None = None
    workflow_category: str | None = None
    workflow_instance_id: int | None = None
    workflow_instance_folio: str | None = None
    activity_instance_id: int | None = None
    activity_instance_destination_id: int | None = None
    activity_name: str | None = None
    event_name: str | None = None
    event_description: str | None = None
    originator: User | None = None
    actions: TaskActions | None = None
    instruction: str | None = None


class Task(TaskSummary):
    """A task with its fields."""

    activity_data_fields: DataFields = {}
    workflow_instance_data_fields: DataFields = {}
    workflow_instance_data_fields_string: str | None = None
    workflow_instance_xml_fields: XmlFields = ()
    item_references: ItemReferences = {}
    item_references_string: str | None = None
    data_fields: DataFields = {}

    @property
    def fields(self) -> dict[str, JsonValue]:
        """The workflow instance's data fields, in whichever of the three members K2 put them."""
        return (
            self.workflow_instance_data_fields or _object(self.workflow_instance_data_fields_string) or self.data_fields
        )


class TaskList(K2Model):
    """The caller's tasks; K2 has no pages, so this is all of them."""

    item_count: int | None = None
    tasks: Several[TaskSummary] = ()

    @model_validator(mode="after")
    def _is_a_list(self) -> Self:
        # An object that is none would look like an account whose tasks are all gone.
        if "tasks" not in self.model_fields_set and self.item_count != 0:
            raise ValueError("an object without tasks")
        return self


class EventInstance(K2Model):
    """The step behind a server event."""

    id: int | None = None
    name: str | None = None
    description: str | None = None
    metadata: str | None = None
    priority: int | None = None
    expected_duration: int | None = None
    start_date: OptionalMoment = None


class ServerEvent(K2Model):
    """An asynchronous server event that waits to be finished."""

    serial_number: str
    workflow_name: str | None = None
    workflow_display_name: str | None = None
    workflow_category: str | None = None
    workflow_instance_id: int | None = None
    workflow_instance_folio: str | None = None
    activity_instance_id: int | None = None
    activity_instance_destination_id: int | None = None
    activity_name: str | None = None
    event_name: str | None = None
    event_description: str | None = None
    event_instance: EventInstance | None = None
    data_fields: DataFields = {}
    xml_fields: XmlFields = ()
    item_references: ItemReferences = {}
    workflow_instance_data_fields_string: str | None = None
    item_references_string: str | None = None
    view_flow_url: str | None = None

    @property
    def fields(self) -> dict[str, JsonValue]:
        """The workflow instance's data fields, as an object or out of their text."""
        return self.data_fields or _object(self.workflow_instance_data_fields_string)


class WorkflowLabel(K2Model):
    """A workflow definition as lists show it; ``id`` stays the same over its versions."""

    id: int
    default_version_id: int | None = Field(default=None, alias="defaultVersionId")
    name: str | None = None
    folder: str | None = None
    system_name: str | None = None


class WorkflowList(K2Model):
    """The workflows that the caller may see."""

    item_count: int | None = None
    workflows: Several[WorkflowLabel] = ()


class WorkflowDefinition(K2Model):
    """What a workflow is called; ``expected_duration`` is in seconds."""

    name: str | None = None
    description: str | None = None
    folder: str | None = None
    system_name: str | None = None
    expected_duration: int | None = None


class WorkflowDetails(K2Model):
    """A workflow definition; ``workflow_schema`` is the JSON Schema of its start, as text."""

    workflow_info: WorkflowDefinition | None = None
    workflow_schema: str | None = None


class WorkflowStart(FieldChanges):
    """What a workflow instance begins with; everything may be absent.

    Attributes:
        folio: What people know the instance by. K2 does not keep it unique.
        priority: Its priority; K2 does not document the numbers.
        expected_duration: Seconds.
    """

    folio: str | None = None
    priority: int | None = None
    expected_duration: int | None = None


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
