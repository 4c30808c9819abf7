"""What is sent: what to start, what to change, and what to do; and the documents that say so."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kurun_clients.http import InvalidRequest
from kurun_clients.k2.serial_numbers import SerialNumber
from kurun_clients.k2.services.actions import TaskAction
from kurun_clients.k2.services.values import FieldValue, printed
from kurun_clients.k2.services.xml_reading import K2
from kurun_clients.k2.services.xml_writing import Node

INSTANCES_ROOT: Final = "ProcessInstances"
"""Root of the document that starts several instances; K2 names the document and shows none."""

_WORKLIST: Final = f"{K2}worklist/d1"
_PROCESS: Final = f"{K2}process/d1"
_ACTIVITY: Final = f"{K2}activity/d1"
_TASK: Final = f"{K2}task/d1"


@dataclass(frozen=True, kw_only=True)
class ProcessStart:
    """A process instance to start.

    Attributes:
        full_name: Folder and name of the definition, joined by a backslash.
        folio: What the instance is called; put your business key here, to look for it after an unknown outcome.
        expected_duration: In seconds.
        data_fields: Values by name.
        xml_fields: XML texts by name.
    """

    full_name: str
    folio: str | None = None
    priority: int | None = None
    expected_duration: int | None = None
    data_fields: Mapping[str, FieldValue] = field(default_factory=dict)
    xml_fields: Mapping[str, str] = field(default_factory=dict)

    def node(self, *, root: bool = True) -> Node:
        """The element; as a root it declares the namespaces."""
        attributes = _namespaces(_WORKLIST) if root else {}
        attributes |= {"FullName": self.full_name, **_shared(self)}
        return Node("ProcessInstance", attributes, children=_fields(self.data_fields, self.xml_fields))


@dataclass(frozen=True, kw_only=True)
class ProcessUpdate:
    """What to change in a process instance; ``None`` leaves it as it is. Attributes as of :class:`ProcessStart`."""

    id: int
    folio: str | None = None
    priority: int | None = None
    expected_duration: int | None = None
    data_fields: Mapping[str, FieldValue] = field(default_factory=dict)
    xml_fields: Mapping[str, str] = field(default_factory=dict)

    def node(self) -> Node:
        """The element."""
        attributes = {**_namespaces(_WORKLIST), "ID": str(self.id), **_shared(self)}
        return Node("ProcessInstance", attributes, children=_fields(self.data_fields, self.xml_fields))


@dataclass(frozen=True, kw_only=True)
class ItemFields:
    """Fields to change together with an action: of the process instance and of the activity, by name."""

    process_data: Mapping[str, FieldValue] = field(default_factory=dict)
    process_xml: Mapping[str, str] = field(default_factory=dict)
    activity_data: Mapping[str, FieldValue] = field(default_factory=dict)
    activity_xml: Mapping[str, str] = field(default_factory=dict)


NO_CHANGES: Final = ItemFields()


@dataclass(frozen=True, kw_only=True)
class TaskUpdate:
    """What to do with one task.

    Attributes:
        serial_number: Which task; with or without ``SN=``.
        action: An action of the workflow that is marked batchable, or one of K2's own.
        fields: What to change with it.
        id: Number under which the answer may speak of it; in a batch, its position unless given.
    """

    serial_number: str
    action: TaskAction | str
    fields: ItemFields = NO_CHANGES
    id: int | None = None

    def node(self, *, root: bool = True, position: int | None = None) -> Node:
        """The element; as a root it declares the namespaces."""
        number = position if self.id is None else self.id
        attributes: dict[str, str | None] = _namespaces(_TASK) if root else {}
        attributes |= {"ID": None if number is None else str(number), "Action": TaskAction.of(self.action).in_task}
        task = Node(
            "Task", {"SerialNumber": SerialNumber(self.serial_number)}, children=tuple(_task_fields(self.fields))
        )
        return Node("UpdateTask", attributes, children=(task,))


def starts(instances: Sequence[ProcessStart]) -> Node:
    """The document that starts several instances.

    Raises:
        InvalidRequest: There are none.
    """
    if not instances:
        raise InvalidRequest("there is nothing to start")
    return Node(INSTANCES_ROOT, _namespaces(_WORKLIST), children=tuple(each.node(root=False) for each in instances))


def task_updates(updates: Sequence[TaskUpdate]) -> Node:
    """The document that updates several tasks.

    Raises:
        InvalidRequest: There are none, or two of them have one number.
    """
    numbers = [position if each.id is None else each.id for position, each in enumerate(updates, start=1)]
    if not updates:
        raise InvalidRequest("there is nothing to update")
    if len(set(numbers)) < len(numbers):
        raise InvalidRequest("two updates have the same id")
    entries = [each.node(root=False, position=number) for each, number in zip(updates, numbers, strict=True)]
    return Node("UpdateTaskCollection", _namespaces(_TASK), children=tuple(entries))


def item_changes(serial_number: str, fields: ItemFields) -> Node:
    """The worklist item that is acted on, with what changes of it."""
    parts = []
    if fields.process_data or fields.process_xml:
        parts.append(Node("p:ProcessInstance", children=_fields(fields.process_data, fields.process_xml)))
    if fields.activity_data or fields.activity_xml:
        inside = _fields(fields.activity_data, fields.activity_xml)
        parts.append(Node("a:ActivityInstanceDestination", {"xmlns:a": _ACTIVITY}, children=inside))
    attributes = {**_namespaces(_WORKLIST), "SerialNumber": SerialNumber(serial_number)}
    return Node("WorklistItem", attributes, children=tuple(parts))


def _namespaces(default: str) -> dict[str, str | None]:
    return {"xmlns": default, "xmlns:p": _PROCESS}


def _shared(instance: ProcessStart | ProcessUpdate) -> dict[str, str | None]:
    numbers = {"Priority": instance.priority, "ExpectedDuration": instance.expected_duration}
    return {"Folio": instance.folio} | {name: None if each is None else str(each) for name, each in numbers.items()}


def _fields(data: Mapping[str, FieldValue], xml: Mapping[str, str]) -> tuple[Node, ...]:
    return (*_named("p:DataField", data), *_named("p:XmlField", xml))


def _task_fields(fields: ItemFields) -> Iterator[Node]:
    yield from _named("p:ProcessDataField", fields.process_data)
    yield from _named("p:ProcessXmlField", fields.process_xml)
    yield from _named("p:ActivityDataField", fields.activity_data)
    yield from _named("p:ActivityXmlField", fields.activity_xml)


def _named(element: str, values: Mapping[str, FieldValue]) -> Iterator[Node]:
    return (Node(element, {"Name": name}, printed(value)) for name, value in values.items())
