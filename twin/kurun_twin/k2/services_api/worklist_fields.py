"""The fields that Criteria documents name, read of tasks."""

from collections.abc import Callable, Mapping
from typing import Final

from kurun_twin.k2.platform import TaskRecord, TaskState
from kurun_twin.k2.services_api.criteria import NO_FIELD
from kurun_twin.k2.services_api.nodes import utc
from kurun_twin.k2.services_api.values import Enumerated

OWNER: Final = "WorklistItemOwner"
STATUS: Final = "WorklistItemStatus"
_TASK_STATES: Final = tuple(each.value for each in TaskState)
_PROCESS_STATES: Final = ("Error", "Running", "Active", "Completed", "Stopped", "Deleted", "New")

_READERS: Final[Mapping[str, Callable[[TaskRecord], object]]] = {
    "ProcessName": lambda task: task.instance.workflow_name,
    "ProcessFolder": lambda task: task.instance.workflow_folder,
    "ProcessFullName": lambda task: task.instance.workflow_full_name,
    "ProcessDescription": lambda _: "",
    "ProcessMetaData": lambda _: "",
    "ProcessStatus": lambda task: Enumerated(task.instance.status.value, _PROCESS_STATES),
    "ProcessPriority": lambda task: task.instance.priority,
    "ProcessStartDate": lambda task: utc(task.instance.started_at),
    "ProcessExpectedDuration": lambda task: task.instance.expected_duration,
    "ProcessID": lambda task: task.instance.id,
    "ProcessFolio": lambda task: task.instance.folio,
    "ActivityName": lambda task: task.activity_name,
    "ActivityPriority": lambda task: task.instance.priority,
    "ActivityDescription": lambda _: "",
    "ActivityMetaData": lambda _: "",
    "ActivityStartDate": lambda task: utc(task.started_at),
    "ActivityExpectedDuration": lambda _: 0,
    "EventName": lambda task: task.event_name,
    "EventMetaData": lambda _: "",
    "EventDescription": lambda _: "",
    "EventPriority": lambda task: task.instance.priority,
    "EventStartDate": lambda task: utc(task.started_at),
    "EventExpectedDuration": lambda _: 0,
    STATUS: lambda task: Enumerated(task.status.value, _TASK_STATES),
    "SerialNumber": lambda task: task.serial,
}

_WITH_SUB_FIELD: Final[Mapping[str, Callable[[TaskRecord, str], object]]] = {
    "ProcessData": lambda task, name: task.instance.data_fields.get(name),
    "ProcessXml": lambda task, name: next((each.value for each in task.instance.xml_fields if each.name == name), None),
    "ActivityData": lambda _task, _name: None,
    "ActivityXml": lambda _task, _name: None,
    # Lists hold the caller's own tasks alone: all are mine, none is shared by another.
    OWNER: lambda _, name: {"me": "Me", "other": None}.get(name.lower()),
}

KNOWN_FIELDS: Final = frozenset({*_READERS, *_WITH_SUB_FIELD, NO_FIELD})


def read_field(task: TaskRecord, field: str, sub_field: str) -> object:
    """The value of a field; ``None`` where there is none."""
    reader = _READERS.get(field)
    if reader is not None:
        return reader(task)
    with_sub_field = _WITH_SUB_FIELD.get(field)
    return with_sub_field(task, sub_field) if with_sub_field is not None else None
