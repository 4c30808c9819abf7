"""The group Business Artifact, except its documents and actions."""

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.api import parameters
from kurun_twin.api.operations import Api, Operation, caller
from kurun_twin.api.responses import created_response, json_response
from kurun_twin.platform.action_requests import ArtifactCreate
from kurun_twin.platform.queries import ArtifactFilter, Deleted
from kurun_twin.platform.requests import DataUpdate


async def find_artifacts(api: Api, request: Request) -> Response:
    """A page of business artifacts."""
    wanted = ArtifactFilter(
        tenant_id=parameters.ids(request, "tenantId"),
        definition_id=parameters.ids(request, "businessArtifactDefinitionId"),
        definition_code=parameters.texts(request, "businessArtifactDefinitionCode"),
        value=parameters.texts(request, "value"),
        deleted=parameters.choice(request, "deleted", Deleted) or Deleted.EXCLUDE,
    )
    page = parameters.page(request)
    return json_response(await api.platform.database.run(api.platform.queries.artifacts, wanted, page))


async def create_artifact(api: Api, request: Request) -> Response:
    """Create a business artifact."""
    platform = api.platform
    wanted = await parameters.body(request, ArtifactCreate, platform.options.max_body)
    artifact, created = await platform.database.run(platform.artifacts.create, caller(request), wanted)
    platform.figures.count("business_artifacts", int(created))
    return created_response(artifact, created)


async def retrieve_artifact(api: Api, request: Request) -> Response:
    """The whole business artifact."""
    artifact_id = parameters.path_id(request)
    return json_response(await api.platform.database.run(api.platform.artifacts.retrieve, artifact_id))


async def delete_artifact(api: Api, request: Request) -> Response:
    """Delete it, until it is restored."""
    artifact_id = parameters.path_id(request)
    await api.platform.database.run(api.platform.artifacts.delete, caller(request), artifact_id)
    return Response(status_code=204)


async def restore_artifact(api: Api, request: Request) -> Response:
    """Bring it back."""
    artifact_id = parameters.path_id(request)
    return json_response(await api.platform.database.run(api.platform.artifacts.restore, caller(request), artifact_id))


async def update_data(api: Api, request: Request) -> Response:
    """Replace its data."""
    artifact_id = parameters.path_id(request)
    wanted = await parameters.body(request, DataUpdate, api.platform.options.max_body)
    artifacts = api.platform.artifacts
    return json_response(
        await api.platform.database.run(artifacts.save, caller(request), artifact_id, wanted.data.value)
    )


async def patch_data(api: Api, request: Request) -> Response:
    """Change its data."""
    artifact_id = parameters.path_id(request)
    operations = await parameters.patch(request, api.platform.options.max_body)
    artifacts = api.platform.artifacts
    return json_response(await api.platform.database.run(artifacts.patch, caller(request), artifact_id, operations))


_ONE = "/business-artifacts/{id}"

OPERATIONS = [
    Operation("findBusinessArtifacts", "GET", "/business-artifacts", find_artifacts),
    Operation("createBusinessArtifact", "POST", "/business-artifacts", create_artifact),
    Operation("retrieveBusinessArtifact", "GET", _ONE, retrieve_artifact),
    Operation("deleteBusinessArtifact", "DELETE", _ONE, delete_artifact),
    Operation("restoreBusinessArtifact", "POST", f"{_ONE}/~actions/restore", restore_artifact),
    Operation("updateBusinessArtifactData", "PUT", f"{_ONE}/data", update_data),
    Operation("patchBusinessArtifactData", "PATCH", f"{_ONE}/data", patch_data),
]
