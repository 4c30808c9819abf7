"""Activities on business artifacts."""

from kurun_activities import attempts, context
from kurun_activities.models import (
    BusinessArtifactCreateRequest,
    BusinessArtifactCreateResponse,
    BusinessArtifactDeleteRequest,
    BusinessArtifactDeleteResponse,
    BusinessArtifactFindRequest,
    BusinessArtifactFindResponse,
    BusinessArtifactPatchRequest,
    BusinessArtifactPatchResponse,
    BusinessArtifactRestoreRequest,
    BusinessArtifactRestoreResponse,
    BusinessArtifactRetrieveRequest,
    BusinessArtifactRetrieveResponse,
    BusinessArtifactUpdateRequest,
    BusinessArtifactUpdateResponse,
)
from kurun_activities.patching import patched
from kurun_clients.kuflow.models import BusinessArtifactCreateParams, JsonValue


async def find_business_artifacts(request: BusinessArtifactFindRequest) -> BusinessArtifactFindResponse:
    """One page of business artifacts."""
    page = await context.current().kuflow.business_artifacts.find(
        size=request.size,
        page=request.page,
        sort=request.sorts or (),
        tenant_id=request.tenant_ids or (),
        business_artifact_definition_id=request.business_artifact_definition_ids or (),
        business_artifact_definition_code=request.business_artifact_definition_codes or (),
        value=request.values or (),
        deleted=request.deleted,
    )
    return BusinessArtifactFindResponse(business_artifacts=page)


async def retrieve_business_artifact(request: BusinessArtifactRetrieveRequest) -> BusinessArtifactRetrieveResponse:
    """Read a business artifact with its data."""
    artifact = await context.current().kuflow.business_artifacts.retrieve(request.business_artifact_id)
    return BusinessArtifactRetrieveResponse(business_artifact=artifact)


async def create_business_artifact(request: BusinessArtifactCreateRequest) -> BusinessArtifactCreateResponse:
    """Create a business artifact; a retry answers with the one that the first attempt created."""
    params = BusinessArtifactCreateParams(
        id=request.id or attempts.derived_id(),
        business_artifact_definition_id=request.business_artifact_definition_id,
        business_artifact_definition_code=request.business_artifact_definition_code,
        tenant_id=request.tenant_id,
        data=None if request.data is None else JsonValue.of(request.data.value),
    )
    artifact = await context.current().kuflow.business_artifacts.create(params)
    return BusinessArtifactCreateResponse(business_artifact=artifact)


async def delete_business_artifact(request: BusinessArtifactDeleteRequest) -> BusinessArtifactDeleteResponse:
    """Delete a business artifact; one that is deleted already stays so."""
    artifacts, artifact_id = context.current().kuflow.business_artifacts, request.business_artifact_id
    await attempts.until_gone(lambda: artifacts.retrieve(artifact_id), lambda: artifacts.delete(artifact_id))
    return BusinessArtifactDeleteResponse()


async def restore_business_artifact(request: BusinessArtifactRestoreRequest) -> BusinessArtifactRestoreResponse:
    """Bring a deleted business artifact back; one that is not deleted stays so."""
    artifacts, artifact_id = context.current().kuflow.business_artifacts, request.business_artifact_id
    artifact = await attempts.unless_done(
        lambda: artifacts.restore(artifact_id),
        lambda: artifacts.retrieve(artifact_id),
        lambda found: found.deleted_at is None,
        by_anyone=True,
    )
    return BusinessArtifactRestoreResponse(business_artifact=artifact)


async def update_business_artifact(request: BusinessArtifactUpdateRequest) -> BusinessArtifactUpdateResponse:
    """Replace the data. Invalid data is stored and flagged: look at the response's ``valid``."""
    artifact = await context.current().kuflow.business_artifacts.update_data(
        request.business_artifact_id, JsonValue.of(request.data.value)
    )
    return BusinessArtifactUpdateResponse(business_artifact=artifact)


async def patch_business_artifact(request: BusinessArtifactPatchRequest) -> BusinessArtifactPatchResponse:
    """Change the data in places; see :func:`~kurun_activities.patching.patched` about retries."""
    artifacts, artifact_id = context.current().kuflow.business_artifacts, request.business_artifact_id
    artifact = await patched(
        request.json_patch,
        send=lambda: artifacts.patch_data(artifact_id, request.json_patch),
        read=lambda: artifacts.retrieve(artifact_id),
        value=lambda found: found.data,
    )
    return BusinessArtifactPatchResponse(business_artifact=artifact)
