"""What the K2 Services show of items, tasks, instances and users, without regard to XML or JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from kurun_twin.definitions.k2_models import K2ActionDefinition
from kurun_twin.k2.platform import InstanceRecord, K2User, TaskRecord
from kurun_twin.k2.services_api.rendering import ACTIVITY, EVENT, PROCESS, TASK, USER, WORKLIST, Group, Node
from kurun_twin.k2.services_api.values import field_text

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Details:
    """Which fields are asked for. Activities of the twin have none of their own."""

    data_fields: bool = False
    xml_fields: bool = False
    activity_data_fields: bool = False
    activity_xml_fields: bool = False


def worklist_item(task: TaskRecord, details: Details) -> Node:
    """A task as the Worklist service shows it."""
    return Node(
        WORKLIST,
        "WorklistItem",
        {
            "AllocatedUser": task.allocated_to.fqn if task.allocated_to else None,
            "ID": task.destination_id,
            "SerialNumber": task.serial,
            "Status": task.status.value,
        },
        [
            Node(WORKLIST, "Data", text=task.form_url),
            Group("Actions", actions(task.actions, WORKLIST)),
            process_instance(task.instance, details, PROCESS),
            activity_instance_destination(task, details),
            event_instance(task),
        ],
    )


def sync_task(task: TaskRecord, details: Details) -> Node:
    """A task as the Task service shows it."""
    instance = task.instance
    return Node(
        TASK,
        "Task",
        {"SerialNumber": task.serial},
        [
            Node(TASK, "ProcessName", text=instance.workflow_name),
            Node(TASK, "StartDate", text=utc(task.started_at)),
            Node(TASK, "ProcessFullName", text=instance.workflow_full_name),
            Node(TASK, "ProcessFolio", text=instance.folio),
            Node(TASK, "ActivityName", text=task.activity_name),
            Node(TASK, "Priority", text=instance.priority),
            Node(TASK, "Status", text=task.status.value),
            Node(TASK, "Originator", text=instance.originator.fqn),
            Node(TASK, "Data", text=task.form_url),
            Group("Actions", actions(task.actions, TASK)),
            *_fields(instance, details, "Process"),
        ],
    )


def process_instance(instance: InstanceRecord, details: Details, namespace: str = WORKLIST) -> Node:
    """An instance: as a document it is in the worklist's namespace, inside an item in the process's."""
    return Node(
        namespace,
        "ProcessInstance",
        {
            "ExpectedDuration": instance.expected_duration,
            "Folder": instance.workflow_folder,
            "Folio": instance.folio,
            "FullName": instance.workflow_full_name,
            "Guid": str(UUID(int=instance.id)),
            "ID": instance.id,
            "Name": instance.workflow_name,
            "Priority": instance.priority,
            "StartDate": utc(instance.started_at),
            "Status": instance.status.value,
        },
        [Node(PROCESS, "Description", text=""), Node(PROCESS, "Metadata", text=""), *_fields(instance, details)],
    )


def activity_instance_destination(task: TaskRecord, details: Details) -> Node:
    """The step of an item, for its one destination."""
    data_fields = [Group("DataFields", [])] if details.activity_data_fields else []
    xml_fields = [Group("XmlFields", [])] if details.activity_xml_fields else []
    return Node(
        ACTIVITY,
        "ActivityInstanceDestination",
        {
            "ActID": task.activity_id,
            "ActInstID": task.activity_id,
            "ExpectedDuration": 0,
            "ID": task.destination_id,
            "Name": task.activity_name,
            "Priority": task.instance.priority,
            "ProcInstID": task.instance.id,
            "StartDate": utc(task.started_at),
        },
        [Node(ACTIVITY, "Description", text=""), Node(ACTIVITY, "Metadata", text=""), *data_fields, *xml_fields],
    )


def event_instance(task: TaskRecord, name: str = "ActivityInstanceDestination") -> Node:
    """The event of an item. Inside it the contract gives the element the activity's name, in the event's namespace."""
    return Node(
        EVENT,
        name,
        {
            "ExpectedDuration": 0,
            "ID": task.activity_id,
            "Name": task.event_name,
            "Priority": task.instance.priority,
            "StartDate": utc(task.started_at),
        },
        [Node(EVENT, "Description", text=""), Node(EVENT, "Metadata", text="")],
        member="EventInstance",
    )


def actions(definitions: Iterable[K2ActionDefinition], namespace: str) -> list[Node]:
    """The workflow's actions."""
    return [Node(namespace, "Action", {"Name": each.name, "Batchable": each.batchable}) for each in definitions]


def data_fields(instance: InstanceRecord, name: str = "DataField") -> list[Node]:
    """The data fields of an instance, each as text."""
    return [Node(PROCESS, name, {"Name": key}, text=field_text(value)) for key, value in instance.data_fields.items()]


def xml_fields(instance: InstanceRecord, name: str = "XmlField") -> list[Node]:
    """The XML fields of an instance, each as text."""
    return [Node(PROCESS, name, {"Name": each.name}, text=each.value) for each in instance.xml_fields]


def user(account: K2User) -> Node:
    """An account."""
    return Node(
        USER,
        "User",
        {
            "Username": account.username,
            "Fqn": account.fqn,
            "Email": account.email,
            "Manager": account.manager,
            "DisplayName": account.display_name,
        },
    )


def utc(microseconds: int) -> datetime:
    """A moment of the database."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _fields(instance: InstanceRecord, details: Details, prefix: str = "") -> Sequence[Group]:
    groups = []
    if details.data_fields:
        groups.append(Group(f"{prefix}DataFields", data_fields(instance, f"{prefix}DataField")))
    if details.xml_fields:
        groups.append(Group(f"{prefix}XmlFields", xml_fields(instance, f"{prefix}XmlField")))
    return groups
