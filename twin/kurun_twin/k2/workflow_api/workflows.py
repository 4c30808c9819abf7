"""The operations of workflows, of server events and of the system."""

import re

from starlette.responses import Response

from kurun_twin.definitions.k2_models import K2Workflow
from kurun_twin.k2.platform.refusals import no_workflow
from kurun_twin.k2.workflow_api import bodies, shapes
from kurun_twin.k2.workflow_api.answers import RequestProblem, done, json_answer
from kurun_twin.k2.workflow_api.routing import Call, Operation

_NUMBER = re.compile(r"[0-9]{1,10}")


async def find(call: Call) -> Response:
    """All workflows, or those that the caller may start."""
    wanted = (call.query("type") or "").casefold()
    if wanted not in {"", "startable"} and call.k2.options.k2_unknown_filter_refused:
        raise RequestProblem(400, f"The type '{wanted}' is unknown.")
    startable = wanted == "startable"
    found = call.k2.instances.startable(call.user) if startable else call.k2.definitions.workflows
    return json_answer({"itemCount": len(found), "workflows": [shapes.workflow_label(each) for each in found]})


async def retrieve(call: Call) -> Response:
    """What a workflow is."""
    return json_answer(shapes.workflow_data(_workflow(call)))


async def retrieve_schema(call: Call) -> Response:
    """What it is started with."""
    return json_answer(shapes.workflow_schema(_workflow(call)))


async def start(call: Call) -> Response:
    """Start it."""
    k2, workflow = call.k2, _workflow(call)
    wanted = await bodies.read(call.request, bodies.StartBody, k2.options.max_body)
    started = await k2.database.run(k2.instances.start, call.user, workflow, wanted.start_input())
    answer = {"id": started} if k2.options.k2_start_answers_object else started
    return json_answer(answer, k2.options.k2_start_status)


async def retrieve_event(call: Call) -> Response:
    """A server event that waits."""
    event = await call.k2.database.run(call.k2.server_events.retrieve, call.user, call.path["serialNumber"])
    return json_answer(shapes.server_event(event))


async def finish_event(call: Call) -> Response:
    """Say that it is done."""
    k2, serial = call.k2, call.path["serialNumber"]
    required = k2.options.k2_finish_needs_body
    wanted = await bodies.read(call.request, bodies.UpdateFieldsBody, k2.options.max_body, required=required)
    await k2.database.run(k2.server_events.finish, call.user, serial, wanted.changes())
    return done(k2.options)


async def operate(call: Call) -> Response:
    """An operation that K2 keeps for itself."""
    if call.path["operation"].casefold() != "refresh":
        raise RequestProblem(404, f"The operation '{call.path['operation']}' does not exist.")
    return json_answer("Refreshed")


def _workflow(call: Call) -> K2Workflow:
    number = call.path["id"]
    if _NUMBER.fullmatch(number) is None:
        raise RequestProblem(400, f"The request is invalid. The workflow id '{number}' is no number.")
    workflow = call.k2.definitions.workflow_by_id(int(number))
    if workflow is None:
        raise no_workflow(int(number))
    return workflow


OPERATIONS = [
    Operation("Operations_Get", "GET", "/op/{operation}", operate),
    Operation("ServerEvent_Get", "GET", "/serverEvents/{serialNumber}", retrieve_event),
    Operation("ServerEvent_Finish", "POST", "/serverEvents/{serialNumber}/finish", finish_event),
    Operation("GetWorkflows", "GET", "/workflows", find),
    Operation("GetWorkflow", "GET", "/workflows/{id}", retrieve),
    Operation("StartWorkflow", "POST", "/workflows/{id}", start),
    Operation("GetWorkflowSchema", "GET", "/workflows/{id}/schema", retrieve_schema),
]
