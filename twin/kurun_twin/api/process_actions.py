"""The actions of the group Process."""

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.api import parameters
from kurun_twin.api.operations import Api, Operation, caller
from kurun_twin.api.responses import created_response, json_response
from kurun_twin.platform.action_requests import ProcessActionCreate


async def create_action(api: Api, request: Request) -> Response:
    """Invoke an action."""
    platform, process_id = api.platform, parameters.path_id(request)
    wanted = await parameters.body(request, ProcessActionCreate, platform.options.max_body)
    action, created = await platform.database.run(platform.process_actions.create, caller(request), process_id, wanted)
    platform.figures.count("process_actions", int(created))
    return created_response(action, created)


async def retrieve_action(api: Api, request: Request) -> Response:
    """The whole action."""
    process_id, action_id = parameters.path_id(request), parameters.path_id(request, "actionId")
    return json_response(await api.platform.database.run(api.platform.process_actions.retrieve, process_id, action_id))


async def cancel_action(api: Api, request: Request) -> Response:
    """Cancel it with its workflow."""
    process_id, action_id = parameters.path_id(request), parameters.path_id(request, "actionId")
    actions = api.platform.process_actions
    return json_response(await api.platform.database.run(actions.cancel, caller(request), process_id, action_id))


_ACTIONS = "/processes/{id}/actions"

OPERATIONS = [
    Operation("createProcessAction", "POST", _ACTIONS, create_action),
    Operation("retrieveProcessAction", "GET", f"{_ACTIONS}/{{actionId}}", retrieve_action),
    Operation("cancelProcessAction", "POST", f"{_ACTIONS}/{{actionId}}/~actions/cancel", cancel_action),
]
