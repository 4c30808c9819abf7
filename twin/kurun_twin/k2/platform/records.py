"""What K2 tells of workflow instances, tasks and server events, and what it is told to change."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from kurun_twin.definitions.k2_models import K2ActionDefinition
from kurun_twin.k2.platform.users import K2User

JsonObject = dict[str, Any]


class TaskState(StrEnum):
    """A task's state as one account sees it; the order is the engine's."""

    AVAILABLE = "Available"
    OPEN = "Open"
    ALLOCATED = "Allocated"
    SLEEP = "Sleep"
    COMPLETED = "Completed"


class InstanceStatus(StrEnum):
    """Where a workflow instance stands."""

    ACTIVE = "Active"
    COMPLETED = "Completed"


@dataclass(frozen=True)
class XmlField:
    """A named field whose value is XML text."""

    name: str
    value: str


@dataclass(frozen=True)
class Changes:
    """Fields of an instance to set.

    Attributes:
        data_fields: Values by the names of data fields.
        xml_fields: They take the place of those with the same names.
        item_references: Records by the names of their SmartObjects, merged into those that there are.
    """

    data_fields: Mapping[str, Any] = field(default_factory=dict)
    xml_fields: Sequence[XmlField] = ()
    item_references: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StartInput:
    """What a workflow is started with; ``expected_duration`` is in seconds."""

    folio: str = ""
    priority: int = 1
    expected_duration: int = 0
    changes: Changes = field(default_factory=Changes)


@dataclass(frozen=True)
class InstanceUpdate:
    """What is to change in a running instance; ``None`` leaves it."""

    folio: str | None = None
    priority: int | None = None
    expected_duration: int | None = None
    changes: Changes = field(default_factory=Changes)


@dataclass(frozen=True)
class InstanceRecord:
    """A workflow instance. Times are microseconds since 1970 UTC.

    Attributes:
        workflow_full_name: The workflow's folder and name, joined by a backslash.
        expected_duration: In seconds.
    """

    id: int
    workflow_id: int
    workflow_full_name: str
    folio: str
    priority: int
    expected_duration: int
    originator: K2User
    status: InstanceStatus
    started_at: int
    completed_at: int | None
    view_flow_url: str
    data_fields_json: str = field(repr=False)
    xml_fields_json: str = field(repr=False)
    item_references_json: str = field(repr=False)

    @property
    def workflow_folder(self) -> str:
        """What stands before the workflow's name."""
        return self.workflow_full_name.rpartition("\\")[0]

    @property
    def workflow_name(self) -> str:
        """The workflow's name without its folder."""
        return self.workflow_full_name.rpartition("\\")[2]

    @cached_property
    def data_fields(self) -> JsonObject:
        """Values by the names of data fields; ``None`` where none was set."""
        fields: JsonObject = json.loads(self.data_fields_json)
        return fields

    @cached_property
    def xml_fields(self) -> tuple[XmlField, ...]:
        """The XML fields that were set."""
        return tuple(XmlField(name, value) for name, value in json.loads(self.xml_fields_json).items())

    @cached_property
    def item_references(self) -> JsonObject:
        """Records by the names of their SmartObjects."""
        references: JsonObject = json.loads(self.item_references_json)
        return references


@dataclass(frozen=True)
class TaskRecord:
    """A task as one of its destinations sees it. Times are microseconds since 1970 UTC.

    Attributes:
        serial: The instance's id and the destination's, joined by an underscore.
        owner: The destination.
        allocated_to: Who has it open, this destination or another.
        sleep_until: When it wakes; ``None`` while it is awake, or asleep until somebody wakes it.
        form_url: The page on which people would do it.
    """

    serial: str
    status: TaskState
    instance: InstanceRecord
    activity_id: int
    destination_id: int
    activity_name: str
    owner: K2User
    allocated_to: K2User | None
    started_at: int
    sleep_until: int | None
    actions: tuple[K2ActionDefinition, ...]
    form_url: str

    @property
    def event_name(self) -> str:
        """The step's one event has the step's name."""
        return self.activity_name


@dataclass(frozen=True)
class EventRecord:
    """A server event that waits to be finished. Times are microseconds since 1970 UTC."""

    serial: str
    instance: InstanceRecord
    activity_id: int
    destination_id: int
    activity_name: str
    started_at: int

    @property
    def event_name(self) -> str:
        """The step's one event has the step's name."""
        return self.activity_name
