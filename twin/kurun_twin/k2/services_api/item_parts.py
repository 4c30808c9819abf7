"""The parts of a worklist item, each under a path of its own. The contract names them; the paths are inferred."""

from collections.abc import Callable, Sequence

from kurun_twin.k2.platform import TaskRecord
from kurun_twin.k2.services_api import nodes
from kurun_twin.k2.services_api.answers import NoSuchThing
from kurun_twin.k2.services_api.calls import Call
from kurun_twin.k2.services_api.operations import Handler, Operation
from kurun_twin.k2.services_api.rendering import PROCESS, WORKLIST, Node, collection

_ITEM = "/Worklist/Items({serial})"
_PROCESS = f"{_ITEM}/ProcessInstance"
_ACTIVITY = f"{_ITEM}/ActivityInstanceDestination"
_DESTINATIONS = f"{_ITEM}/Destinations"


def named(parts: Sequence[Node], call: Call, kind: str) -> Node:
    """The part whose ``Name`` stands in the path; upper and lower case do not matter.

    Raises:
        NoSuchThing: There is none.
    """
    wanted = call.name()
    for each in parts:
        if str(each.attributes["Name"]).casefold() == wanted.casefold():
            return each
    raise NoSuchThing(f"The {kind} '{wanted[:255]}' does not exist.")


def _part(read: Callable[[TaskRecord, Call], Node]) -> Handler:
    async def handle(call: Call) -> Node:
        return read(await call.run(call.k2.tasks.retrieve, call.user, call.serial), call)

    return handle


def _actions(task: TaskRecord) -> list[Node]:
    return nodes.actions(task.actions, WORKLIST)


async def destinations(call: Call) -> Node:
    """Whom the item's step is for."""
    return collection(WORKLIST, "DestinationCollection", await _destinations(call))


async def destination(call: Call) -> Node:
    """One of them, counted from 0."""
    index, found = call.number("index"), await _destinations(call)
    if index is None or index >= len(found):
        raise NoSuchThing("There is no destination with this index.")
    return found[index]


async def _destinations(call: Call) -> list[Node]:
    users = await call.run(call.k2.tasks.destinations, call.user, call.serial)
    return [Node(WORKLIST, "Destination", {"Name": each.fqn, "Type": "User"}) for each in users]


OPERATIONS = [
    Operation(
        "Worklist_OpenWorklistItemActions",
        "GET",
        f"{_ITEM}/Actions",
        _part(lambda task, _: collection(WORKLIST, "ActionCollection", _actions(task))),
    ),
    Operation(
        "Worklist_OpenWorklistItemAction",
        "GET",
        f"{_ITEM}/Actions({{name}})",
        _part(lambda task, call: named(_actions(task), call, "action")),
    ),
    Operation(
        "Worklist_OpenWorklistItemProcessInstance",
        "GET",
        _PROCESS,
        _part(lambda task, call: nodes.process_instance(task.instance, call.details())),
    ),
    Operation(
        "Worklist_OpenWorklistItemProcessInstanceDataFields",
        "GET",
        f"{_PROCESS}/DataFields",
        _part(lambda task, _: collection(PROCESS, "DataFieldCollection", nodes.data_fields(task.instance))),
    ),
    Operation(
        "Worklist_OpenWorklistItemProcessInstanceDataField",
        "GET",
        f"{_PROCESS}/DataFields({{name}})",
        _part(lambda task, call: named(nodes.data_fields(task.instance), call, "data field")),
    ),
    Operation(
        "Worklist_OpenWorklistItemProcessInstanceXmlFields",
        "GET",
        f"{_PROCESS}/XmlFields",
        _part(lambda task, _: collection(PROCESS, "XmlFieldCollection", nodes.xml_fields(task.instance))),
    ),
    Operation(
        "Worklist_OpenWorklistItemProcessInstanceXmlField",
        "GET",
        f"{_PROCESS}/XmlFields({{name}})",
        _part(lambda task, call: named(nodes.xml_fields(task.instance), call, "XML field")),
    ),
    Operation(
        "Worklist_OpenWorklistItemActivityInstanceDestination",
        "GET",
        _ACTIVITY,
        _part(lambda task, call: nodes.activity_instance_destination(task, call.details())),
    ),
    Operation(
        "Worklist_OpenWorklistItemActivityInstanceDestinationDataFields",
        "GET",
        f"{_ACTIVITY}/DataFields",
        _part(lambda _task, _call: collection(PROCESS, "DataFieldCollection", [])),
    ),
    Operation(
        "Worklist_OpenWorklistItemActivityInstanceDestinationDataField",
        "GET",
        f"{_ACTIVITY}/DataFields({{name}})",
        _part(lambda _, call: named([], call, "activity data field")),
    ),
    Operation(
        "Worklist_OpenWorklistItemActivityInstanceDestinationXmlFields",
        "GET",
        f"{_ACTIVITY}/XmlFields",
        _part(lambda _task, _call: collection(PROCESS, "XmlFieldCollection", [])),
    ),
    Operation(
        "Worklist_OpenWorklistItemActivityInstanceDestinationXmlField",
        "GET",
        f"{_ACTIVITY}/XmlFields({{name}})",
        _part(lambda _, call: named([], call, "activity XML field")),
    ),
    Operation(
        "Worklist_OpenWorklistItemEventInstance",
        "GET",
        f"{_ITEM}/EventInstance",
        _part(lambda task, _: nodes.event_instance(task, "EventInstance")),
    ),
    Operation("Worklist_OpenWorklistItemDestinations", "GET", _DESTINATIONS, destinations),
    Operation("Worklist_OpenWorklistItemDestination", "GET", f"{_DESTINATIONS}({{index}})", destination),
]
