"""The Process service."""

from collections.abc import Sequence
from sqlite3 import Connection

from kurun_twin.k2.platform import InstanceRecord, InstanceUpdate, K2Platform, K2User, StartInput
from kurun_twin.k2.platform.refusals import no_workflow
from kurun_twin.k2.services_api import nodes, posts
from kurun_twin.k2.services_api.answers import NoSuchThing
from kurun_twin.k2.services_api.calls import Call
from kurun_twin.k2.services_api.documents import UnreadableDocument
from kurun_twin.k2.services_api.item_parts import named
from kurun_twin.k2.services_api.operations import Operation
from kurun_twin.k2.services_api.posts import PostedFields, PostedInstance
from kurun_twin.k2.services_api.rendering import PROCESS, WORKLIST, Node, collection
from kurun_twin.k2.services_api.values import wire_moment

_INSTANCE = "/Process/Instances({id})"


async def start_by_name(call: Call) -> Node:
    """Start a process with no more than a folio: a GET that changes state."""
    call.flag("synchronous")
    folio = call.text("folio") or wire_moment(nodes.utc(call.k2.clock()))
    wanted = PostedInstance(call.name("full_name"), None, folio, None, None, PostedFields())
    (started,) = await call.run(_start, call.k2, call.user, [wanted])
    return _id(started)


async def start_instance(call: Call) -> Node:
    """Start what was posted."""
    call.flag("synchronous")
    wanted = posts.process_instance(await call.document("ProcessInstance"))
    (started,) = await call.run(_start, call.k2, call.user, [wanted])
    return _started(call, started)


async def start_instances(call: Call) -> Node:
    """Start everything that was posted, or nothing. K2's documents do not show the answer."""
    call.flag("synchronous")
    wanted = posts.process_instances(await call.document("ProcessInstances"))
    started = await call.run(_start, call.k2, call.user, wanted)
    return collection(WORKLIST, "ProcessInstanceCollection", [_started(call, each) for each in started])


async def open_instance(call: Call) -> Node:
    """An instance."""
    return nodes.process_instance(await _instance(call), call.details())


async def update_instance(call: Call) -> Node:
    """Change what the posted instance says."""
    call.flag("synchronous")
    wanted = posts.process_instance(await call.document("ProcessInstance"))
    return nodes.process_instance(await call.run(_update, call.k2, call.user, wanted), call.details())


async def data_fields(call: Call) -> Node:
    """The data fields of an instance."""
    return collection(PROCESS, "DataFieldCollection", nodes.data_fields(await _instance(call)))


async def data_field(call: Call) -> Node:
    """One of them."""
    return named(nodes.data_fields(await _instance(call)), call, "data field")


async def xml_fields(call: Call) -> Node:
    """The XML fields of an instance."""
    return collection(PROCESS, "XmlFieldCollection", nodes.xml_fields(await _instance(call)))


async def xml_field(call: Call) -> Node:
    """One of them."""
    return named(nodes.xml_fields(await _instance(call)), call, "XML field")


def _start(
    connection: Connection, k2: K2Platform, user: K2User, wanted: Sequence[PostedInstance]
) -> list[InstanceRecord]:
    started = []
    for each in wanted:
        workflow = k2.definitions.workflow_by_name(each.full_name or "")
        if workflow is None:
            raise no_workflow(each.full_name)
        given = StartInput(
            folio=each.folio or "",
            priority=StartInput.priority if each.priority is None else each.priority,
            expected_duration=each.expected_duration or 0,
            changes=each.fields.changes(workflow),
        )
        instance_id = k2.instances.start(connection, user, workflow, given)
        started.append(k2.instances.retrieve(connection, user, instance_id))
    return started


def _update(connection: Connection, k2: K2Platform, user: K2User, wanted: PostedInstance) -> InstanceRecord:
    if wanted.id is None:
        raise UnreadableDocument("ProcessInstance needs the attribute ID")
    instance = k2.instances.retrieve(connection, user, wanted.id)
    changes = wanted.fields.changes(k2.definitions.workflow_by_id(instance.workflow_id))
    update = InstanceUpdate(wanted.folio, wanted.priority, wanted.expected_duration, changes)
    k2.instances.update(connection, user, wanted.id, update)
    return k2.instances.retrieve(connection, user, wanted.id)


def _started(call: Call, instance: InstanceRecord) -> Node:
    if call.k2.options.k2_services_start_answers_instance:
        return nodes.process_instance(instance, call.details())
    return _id(instance)


def _id(instance: InstanceRecord) -> Node:
    return Node("", "long", text=instance.id)


async def _instance(call: Call) -> InstanceRecord:
    instance_id = call.number("id")
    if instance_id is None:
        raise NoSuchThing("The id of a process instance is a number.")
    return await call.run(call.k2.instances.retrieve, call.user, instance_id)


OPERATIONS = [
    Operation(
        "Process_StartNewProcessInstanceScalar", "GET", "/Process/Definitions({full_name})/StartInstance", start_by_name
    ),
    Operation("Process_StartNewProcessInstance", "POST", "/Process/Instances/StartInstance", start_instance),
    Operation("Process_StartNewProcessInstances", "POST", "/Process/Instances/StartInstances", start_instances),
    Operation("Process_OpenProcessInstance", "GET", _INSTANCE, open_instance),
    Operation("Process_UpdateProcessInstance", "POST", "/Process/Instances/UpdateProcessInstance", update_instance),
    Operation("Process_GetProcessInstanceDataFields", "GET", f"{_INSTANCE}/DataFields", data_fields),
    Operation("Process_GetProcessInstanceDataField", "GET", f"{_INSTANCE}/DataFields({{name}})", data_field),
    Operation("Process_GetProcessInstanceXmlFields", "GET", f"{_INSTANCE}/XmlFields", xml_fields),
    Operation("Process_GetProcessInstanceXmlField", "GET", f"{_INSTANCE}/XmlFields({{name}})", xml_field),
]
