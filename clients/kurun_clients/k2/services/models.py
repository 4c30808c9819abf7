"""What the K2 Services answer with. Whatever K2 leaves out is ``None``; what it adds is passed over.

Names in XML are these in PascalCase.
"""

from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from kurun_clients.k2.services.values import Flag, Moment, Whole

__all__ = [
    "Action",
    "ActivityInstanceDestination",
    "DataField",
    "Destination",
    "EventInstance",
    "InstanceStatus",
    "ItemStatus",
    "ProcessInstance",
    "Task",
    "User",
    "WorklistItem",
    "XmlField",
]


class ItemStatus(StrEnum):
    """States of a worklist item or task. A status is given as K2 writes it, so it may be none of these."""

    AVAILABLE = "Available"
    OPEN = "Open"
    ALLOCATED = "Allocated"
    SLEEP = "Sleep"
    COMPLETED = "Completed"


class InstanceStatus(StrEnum):
    """States of a process instance. A status is given as K2 writes it, so it may be none of these."""

    ERROR = "Error"
    RUNNING = "Running"
    ACTIVE = "Active"
    COMPLETED = "Completed"
    STOPPED = "Stopped"
    DELETED = "Deleted"
    NEW = "New"


class Document(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(
        alias_generator=to_pascal, validate_by_name=True, validate_by_alias=True, frozen=True, extra="ignore"
    )


class DataField(Document):
    """A data field, its value as text."""

    name: str
    value: str = ""


class XmlField(Document):
    """An XML field, its value as XML text."""

    name: str
    value: str = ""


Named = TypeVar("Named", DataField, XmlField)


class Action(Document):
    """What may be done with an item.

    Attributes:
        name: What it is called; upper and lower case are the same to K2.
        batchable: Whether it may be done without opening the item; the Task service does no others.
    """

    name: str
    batchable: Flag = None


class Destination(Document):
    """Somebody whom an item is for. Its members are in no document: these two are assumed.

    Attributes:
        name: The user, group or role, with its label.
        destination_type: Which of them it is.
    """

    name: str | None = None
    destination_type: str | None = None


class _Instance(Document):
    id: Whole = Field(default=None, alias="ID")
    name: str | None = None
    priority: Whole = None
    expected_duration: Whole = None
    start_date: Moment = None
    description: str | None = None
    metadata: str | None = None


class EventInstance(_Instance):
    """The event that made an item; ``expected_duration`` is in seconds."""


class ActivityInstanceDestination(_Instance):
    """One destination of an activity; its ``id`` is the second half of the serial number.

    Attributes:
        act_id: The activity's definition.
        act_inst_id: The instance of the activity.
        proc_inst_id: The process instance, which is the first half of the serial number.
        data_fields: Fields of the activity, if they were asked for.
        xml_fields: The same for XML fields.
    """

    act_id: Whole = Field(default=None, alias="ActID")
    act_inst_id: Whole = Field(default=None, alias="ActInstID")
    proc_inst_id: Whole = Field(default=None, alias="ProcInstID")
    data_fields: tuple[DataField, ...] = ()
    xml_fields: tuple[XmlField, ...] = ()


class ProcessInstance(_Instance):
    """A process instance.

    Attributes:
        full_name: Folder and name of its definition, joined by a backslash.
        folio: What people call the instance.
        status: See :class:`InstanceStatus`.
        view_flow: Address of the page that shows where it is.
        data_fields: Fields of the instance, if they were asked for.
        xml_fields: The same for XML fields.
    """

    full_name: str | None = None
    folder: str | None = None
    folio: str | None = None
    guid: str | None = None
    status: str | None = None
    view_flow: str | None = None
    data_fields: tuple[DataField, ...] = ()
    xml_fields: tuple[XmlField, ...] = ()


class WorklistItem(Document):
    """An item of the account's worklist.

    Attributes:
        status: See :class:`ItemStatus`.
        allocated_user: Who has opened it.
        data: Address of its form.
    """

    serial_number: str
    id: Whole = Field(default=None, alias="ID")
    status: str | None = None
    allocated_user: str | None = None
    data: str | None = None
    instruction: str | None = None
    actions: tuple[Action, ...] = ()
    process_instance: ProcessInstance | None = None
    activity_instance_destination: ActivityInstanceDestination | None = None
    event_instance: EventInstance | None = None
    delegated_users: tuple[str, ...] = ()


class Task(Document):
    """The same item as the Task service shows it, with less on the way.

    Attributes:
        status: See :class:`ItemStatus`.
        originator: Who started the process.
        data: Address of its form.
    """

    serial_number: str
    process_name: str | None = None
    process_full_name: str | None = None
    process_folio: str | None = None
    start_date: Moment = None
    activity_name: str | None = None
    priority: Whole = None
    status: str | None = None
    originator: str | None = None
    data: str | None = None
    actions: tuple[Action, ...] = ()
    process_data_fields: tuple[DataField, ...] = ()
    process_xml_fields: tuple[XmlField, ...] = ()
    activity_data_fields: tuple[DataField, ...] = ()
    activity_xml_fields: tuple[XmlField, ...] = ()


class User(Document):
    """A user; ``fqn`` is what redirects and rights want."""

    username: str | None = None
    fqn: str | None = None
    email: str | None = None
    manager: str | None = None
    display_name: str | None = None
    properties: dict[str, str] = Field(default_factory=dict)
