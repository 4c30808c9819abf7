"""The actions of the group Business Artifact."""

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.api import parameters
from kurun_twin.api.operations import Api, Operation, caller
from kurun_twin.api.responses import created_response, json_response
from kurun_twin.platform.action_requests import ActionPrepare, ArtifactActionCreate


async def create_action(api: Api, request: Request) -> Response:
    """Invoke an action."""
    platform, artifact_id = api.platform, parameters.path_id(request)
    wanted = await parameters.body(request, ArtifactActionCreate, platform.options.max_body)
    action, created = await platform.database.run(
        platform.artifact_actions.create, caller(request), artifact_id, wanted
    )
    platform.figures.count("business_artifact_actions", int(created))
    return created_response(action, created)


async def retrieve_action(api: Api, request: Request) -> Response:
    """The whole action."""
    artifact_id, action_id = parameters.path_id(request), parameters.path_id(request, "actionId")
    return json_response(
        await api.platform.database.run(api.platform.artifact_actions.retrieve, artifact_id, action_id)
    )


async def cancel_action(api: Api, request: Request) -> Response:
    """Cancel it with its workflow."""
    artifact_id, action_id = parameters.path_id(request), parameters.path_id(request, "actionId")
    actions = api.platform.artifact_actions
    return json_response(await api.platform.database.run(actions.cancel, caller(request), artifact_id, action_id))


async def prepare_create_artifact(api: Api, request: Request) -> Response:
    """What the new business artifact would begin with."""
    artifact_id, code = await _preparation(api, request)
    actions = api.platform.artifact_actions
    return json_response(await api.platform.database.run(actions.prepare_artifact, artifact_id, code))


async def prepare_start_process(api: Api, request: Request) -> Response:
    """What the new process would begin with."""
    artifact_id, code = await _preparation(api, request)
    actions = api.platform.artifact_actions
    return json_response(await api.platform.database.run(actions.prepare_process, artifact_id, code))


async def _preparation(api: Api, request: Request) -> tuple[str, str]:
    artifact_id = parameters.path_id(request)
    wanted = await parameters.body(request, ActionPrepare, api.platform.options.max_body)
    return artifact_id, wanted.business_artifact_action_definition_code


_ONE = "/business-artifacts/{id}"
_ACTION = f"{_ONE}/actions/{{actionId}}"

OPERATIONS = [
    Operation("createBusinessArtifactAction", "POST", f"{_ONE}/actions", create_action),
    Operation("retrieveBusinessArtifactAction", "GET", _ACTION, retrieve_action),
    Operation("cancelBusinessArtifactAction", "POST", f"{_ACTION}/~actions/cancel", cancel_action),
    Operation(
        "prepareBusinessArtifactCreateArtifact",
        "POST",
        f"{_ONE}/~actions/prepare-create-artifact",
        prepare_create_artifact,
    ),
    Operation(
        "prepareBusinessArtifactStartProcess",
        "POST",
        f"{_ONE}/~actions/prepare-start-process",
        prepare_start_process,
    ),
]
