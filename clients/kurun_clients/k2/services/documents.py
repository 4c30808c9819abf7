"""From the elements of an answer to models. Every function raises ``pydantic.ValidationError`` for a wrong value."""

from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from kurun_clients.k2.services.models import (
    Action,
    ActivityInstanceDestination,
    DataField,
    Destination,
    EventInstance,
    Named,
    ProcessInstance,
    Task,
    User,
    WorklistItem,
    XmlField,
)
from kurun_clients.k2.services.xml_reading import (
    K2,
    Element,
    UnreadableXml,
    child,
    children,
    contents,
    local_name,
    namespace,
    scalars,
)

Part = TypeVar("Part")

EVENT_NAMESPACE: Final = f"{K2}event/d1"
"""What tells an item's event from its activity: the contract gives both elements the same name."""


def collection(read: Callable[[Element], Part], name: str) -> Callable[[Element], tuple[Part, ...]]:
    """A reader of the parts of that name. Nothing but a list of them may look like an empty one."""
    lists = {f"{name}Collection", f"ArrayOf{name}", f"{name}s"}

    def parts(root: Element) -> tuple[Part, ...]:
        if local_name(root) == name:
            return (read(root),)
        found = _parts(root, name, read)
        if not found and (len(root) or local_name(root) not in lists):
            raise UnreadableXml(f"a list of {name} was expected, not {local_name(root)[:60]}")
        return found

    return parts


def only(name: str, read: Callable[[Element], Part], *others: str) -> Callable[[Element], Part]:
    """A reader that insists on the root's name, so that no other page is taken for the answer."""

    def part(root: Element) -> Part:
        if local_name(root) not in {name, *others}:
            raise UnreadableXml(f"{name} was expected, not {local_name(root)[:60]}")
        return read(root)

    return part


def scalar(root: Element) -> str:
    """The text of an answer that is one value."""
    if not (root.text or "").strip() or len(root):
        raise UnreadableXml(f"one value was expected, not {local_name(root)[:60]}")
    return (root.text or "").strip()


def instance_id(root: Element) -> int:
    """The id of what was started: ``<long>``, in any namespace, or a whole process instance."""
    text = scalars(root).get("ID") if local_name(root) == "ProcessInstance" else scalar(root)
    if text is None or not (text.isascii() and text.isdigit()):
        raise UnreadableXml(f"the id of an instance was expected, not {local_name(root)[:60]}")
    return int(text)


def instance_ids(root: Element) -> tuple[int, ...]:
    """The ids of all that was started."""
    if local_name(root) in {"long", "ProcessInstance"}:
        return (instance_id(root),)
    return tuple(instance_id(each) for each in children(root) if local_name(each) in {"long", "ProcessInstance"})


def data_field(element: Element) -> DataField:
    """One data field."""
    return DataField(name=element.get("Name", ""), value=contents(element))


def xml_field(element: Element) -> XmlField:
    """One XML field; its XML may be escaped or be elements."""
    return XmlField(name=element.get("Name", ""), value=contents(element))


data_fields = collection(data_field, "DataField")
xml_fields = collection(xml_field, "XmlField")


def action(element: Element) -> Action:
    """One action."""
    return Action.model_validate(scalars(element))


def destination(element: Element) -> Destination:
    """One destination; where it is plain text, that is the name."""
    return Destination.model_validate(
        ({"Name": element.text} if element.text and not len(element) else {}) | scalars(element)
    )


def event_instance(element: Element) -> EventInstance:
    """The event of an item."""
    return EventInstance.model_validate(scalars(element))


def activity_instance_destination(element: Element) -> ActivityInstanceDestination:
    """The activity of an item."""
    return ActivityInstanceDestination.model_validate({**scalars(element), **_fields(element)})


def process_instance(element: Element) -> ProcessInstance:
    """A process instance, as a document or as a part of an item."""
    return ProcessInstance.model_validate({**scalars(element), **_fields(element)})


def _fields(element: Element) -> dict[str, object]:
    return {
        "DataFields": _parts(element, "DataField", data_field),
        "XmlFields": _parts(element, "XmlField", xml_field),
    }


def _parts(element: Element, name: str, read: Callable[[Element], Part]) -> tuple[Part, ...]:
    return tuple(read(each) for each in children(element, name))


def worklist_item(element: Element) -> WorklistItem:
    """An item of the worklist."""
    process = child(element, "ProcessInstance")
    activity = next((each for each in _activities(element) if namespace(each) != EVENT_NAMESPACE), None)
    event = next((each for each in _activities(element) if namespace(each) == EVENT_NAMESPACE), None)
    event = child(element, "EventInstance") if event is None else event
    return WorklistItem.model_validate(
        {
            **scalars(element),
            "Actions": _parts(element, "Action", action),
            "ProcessInstance": None if process is None else process_instance(process),
            "ActivityInstanceDestination": None if activity is None else activity_instance_destination(activity),
            "EventInstance": None if event is None else event_instance(event),
            "DelegatedUsers": tuple(each.get("Name", "") for each in children(element, "DelegatedUser")),
        }
    )


def _activities(element: Element) -> Iterator[Element]:
    return children(element, "ActivityInstanceDestination")


def task(element: Element) -> Task:
    """A task of the Task service."""
    return Task.model_validate(
        {
            **scalars(element),
            "Actions": _parts(element, "Action", action),
            "ProcessDataFields": _task_fields(element, "ProcessDataField", DataField),
            "ProcessXmlFields": _task_fields(element, "ProcessXmlField", XmlField),
            "ActivityDataFields": _task_fields(element, "ActivityDataField", DataField),
            "ActivityXmlFields": _task_fields(element, "ActivityXmlField", XmlField),
        }
    )


def _task_fields(element: Element, name: str, kind: type[Named]) -> tuple[Named, ...]:
    return tuple(kind(name=each.get("Name", ""), value=contents(each)) for each in children(element, name))


def user(element: Element) -> User:
    """A user with its properties."""
    properties = {each.get("Name", ""): contents(each) for each in children(element, "Property")}
    return User.model_validate({**scalars(element), "Properties": properties})
