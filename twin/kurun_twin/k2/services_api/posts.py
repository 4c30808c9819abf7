"""What is posted to the K2 Services: items, instances and updates of tasks."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import from_json

from kurun_twin.definitions.k2_models import K2Workflow
from kurun_twin.k2.platform import Changes, XmlField
from kurun_twin.k2.services_api.documents import Element, UnreadableDocument
from kurun_twin.k2.services_api.values import BOOLEANS

_WHOLE: Final = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_MAX_ENTRIES: Final = 5000


@dataclass(frozen=True)
class PostedFields:
    """Fields that are to change, as text; they become typed once their workflow is known.

    Attributes:
        data: Data fields of the instance.
        xml: XML fields of the instance.
        activity: Names of fields of the activity.
    """

    data: Mapping[str, str] = field(default_factory=dict)
    xml: tuple[XmlField, ...] = ()
    activity: tuple[str, ...] = ()

    def changes(self, workflow: K2Workflow | None) -> Changes:
        """The changes, with values of the types that the workflow's data fields have.

        Raises:
            UnreadableDocument: Fields of the activity are among them, and activities have none.
        """
        if self.activity:
            raise UnreadableDocument(f"the activity has no field {self.activity[0][:60]!r}")
        known = workflow.data_fields if workflow else {}
        values = {
            name: _typed(text, known[name].document) if name in known else text for name, text in self.data.items()
        }
        return Changes(data_fields=values, xml_fields=self.xml)


@dataclass(frozen=True)
class PostedInstance:
    """An instance that is to be started or changed; ``None`` leaves what there is."""

    full_name: str | None
    id: int | None
    folio: str | None
    priority: int | None
    expected_duration: int | None
    fields: PostedFields


@dataclass(frozen=True)
class PostedUpdate:
    """A task that is to be acted on; ``id`` tells the items of a batch apart."""

    id: str | None
    action: str
    serial: str
    fields: PostedFields


def worklist_item(element: Element) -> tuple[str, PostedFields]:
    """The serial number and the fields of a WorklistItem."""
    process = [part for each in element.all("ProcessInstance") for part in each.children]
    activity = [part for each in element.all("ActivityInstanceDestination") for part in each.children]
    return _required(element, "SerialNumber"), _fields(process, activity)


def process_instance(element: Element) -> PostedInstance:
    """A ProcessInstance."""
    return PostedInstance(
        full_name=element.attributes.get("FullName"),
        id=_whole(element, "ID"),
        folio=element.attributes.get("Folio"),
        priority=_whole(element, "Priority"),
        expected_duration=_whole(element, "ExpectedDuration"),
        fields=_fields(element.children),
    )


def process_instances(element: Element) -> list[PostedInstance]:
    """The instances of a collection."""
    return [process_instance(each) for each in _bounded(element, "ProcessInstance")]


def update_task(element: Element) -> PostedUpdate:
    """An UpdateTask."""
    tasks = list(element.all("Task"))
    if len(tasks) != 1:
        raise UnreadableDocument("UpdateTask holds one Task")
    parts = tasks[0].children
    return PostedUpdate(
        id=element.attributes.get("ID"),
        action=_required(element, "Action"),
        serial=_required(tasks[0], "SerialNumber"),
        fields=_fields(parts, parts, "Process", "Activity"),
    )


def update_tasks(element: Element) -> list[PostedUpdate]:
    """The updates of a batch."""
    return [update_task(each) for each in _bounded(element, "UpdateTask")]


def _fields(
    process: Iterable[Element], activity: Iterable[Element] = (), prefix: str = "", activity_prefix: str = ""
) -> PostedFields:
    process = list(process)
    activity_names = {f"{activity_prefix}DataField", f"{activity_prefix}XmlField"}
    return PostedFields(
        data={_required(each, "Name"): each.value() for each in process if each.name == f"{prefix}DataField"},
        xml=tuple(
            XmlField(_required(each, "Name"), each.value()) for each in process if each.name == f"{prefix}XmlField"
        ),
        activity=tuple(_required(each, "Name") for each in activity if each.name in activity_names),
    )


def _bounded(element: Element, name: str) -> list[Element]:
    found = list(element.all(name))
    if len(found) > _MAX_ENTRIES:
        raise UnreadableDocument(f"at most {_MAX_ENTRIES} are accepted at once")
    return found


def _required(element: Element, attribute: str) -> str:
    value = element.attributes.get(attribute, "").strip()
    if not value:
        raise UnreadableDocument(f"{element.name} needs the attribute {attribute}")
    return value


def _whole(element: Element, attribute: str) -> int | None:
    text = element.attributes.get(attribute)
    if text is None:
        return None
    if _WHOLE.fullmatch(text) is None:
        raise UnreadableDocument(f"{element.name}: {attribute} is a whole number")
    return int(text)


def _typed(text: str, schema: Mapping[str, Any]) -> object:
    """The text as the type that the schema names; what is none of it stays text, and the schema refuses it."""
    kind = schema.get("type", "string")
    if kind == "boolean":
        return BOOLEANS.get(text.strip().lower(), text)
    if kind == "string":
        return text
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return text
