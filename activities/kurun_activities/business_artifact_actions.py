"""Activities on the actions of a business artifact."""

from kurun_activities import attempts, context
from kurun_activities.models import (
    BusinessArtifactActionCancelRequest,
    BusinessArtifactActionCancelResponse,
    BusinessArtifactActionCreateArtifactPrepareRequest,
    BusinessArtifactActionCreateArtifactPrepareResponse,
    BusinessArtifactActionCreateRequest,
    BusinessArtifactActionCreateResponse,
    BusinessArtifactActionPrepareRequest,
    BusinessArtifactActionRetrieveRequest,
    BusinessArtifactActionRetrieveResponse,
    BusinessArtifactActionStartProcessPrepareRequest,
    BusinessArtifactActionStartProcessPrepareResponse,
    BusinessArtifactCreateArtifactPrepareRequest,
    BusinessArtifactCreateArtifactPrepareResponse,
)
from kurun_clients.kuflow.models import (
    BusinessArtifactAction,
    BusinessArtifactActionCreateArtifactPrepare,
    BusinessArtifactActionCreateArtifactPrepareParams,
    BusinessArtifactActionCreateParams,
    BusinessArtifactActionStartProcessPrepareParams,
    BusinessArtifactActionStatus,
)


async def create_business_artifact_action(
    request: BusinessArtifactActionCreateRequest,
) -> BusinessArtifactActionCreateResponse:
    """Invoke an action; a retry answers with the action that the first attempt invoked."""
    params = BusinessArtifactActionCreateParams(
        id=request.id or attempts.derived_id(),
        business_artifact_action_definition_code=request.business_artifact_action_definition_code,
        start_workflow=request.start_workflow,
        downloadable=request.downloadable,
        start_process=request.start_process,
        create_artifact=request.create_artifact,
    )
    artifacts = context.current().kuflow.business_artifacts
    action = await artifacts.create_action(request.business_artifact_id, params)
    return BusinessArtifactActionCreateResponse(business_artifact_action=action)


async def retrieve_business_artifact_action(
    request: BusinessArtifactActionRetrieveRequest,
) -> BusinessArtifactActionRetrieveResponse:
    """Read an action, to learn how one that runs in the background stands."""
    artifacts = context.current().kuflow.business_artifacts
    action = await artifacts.retrieve_action(request.business_artifact_id, request.business_artifact_action_id)
    return BusinessArtifactActionRetrieveResponse(business_artifact_action=action)


async def cancel_business_artifact_action(
    request: BusinessArtifactActionCancelRequest,
) -> BusinessArtifactActionCancelResponse:
    """Cancel an action; one that is cancelled already stays so."""
    artifacts = context.current().kuflow.business_artifacts
    place = (request.business_artifact_id, request.business_artifact_action_id)
    action = await attempts.unless_done(
        lambda: artifacts.cancel_action(*place),
        lambda: artifacts.retrieve_action(*place),
        _is_cancelled,
        by_anyone=True,
    )
    return BusinessArtifactActionCancelResponse(business_artifact_action=action)


async def prepare_create_artifact(
    request: BusinessArtifactActionCreateArtifactPrepareRequest,
) -> BusinessArtifactActionCreateArtifactPrepareResponse:
    """What an action that creates an artifact would fill in; nothing is changed."""
    return BusinessArtifactActionCreateArtifactPrepareResponse(
        business_artifact_action_create_artifact_prepare=await _prepared_artifact(request)
    )


async def prepare_create_artifact_as_before(
    request: BusinessArtifactCreateArtifactPrepareRequest,
) -> BusinessArtifactCreateArtifactPrepareResponse:
    """What an action that creates an artifact would fill in, as KuFlow's Java SDK and older Python SDKs ask for it."""
    return BusinessArtifactCreateArtifactPrepareResponse(
        business_artifact_create_artifact_prepare=await _prepared_artifact(request)
    )


async def prepare_start_process(
    request: BusinessArtifactActionStartProcessPrepareRequest,
) -> BusinessArtifactActionStartProcessPrepareResponse:
    """What an action that starts a process would fill in; nothing is changed."""
    prepared = await context.current().kuflow.business_artifacts.prepare_action_start_process(
        request.business_artifact_id,
        BusinessArtifactActionStartProcessPrepareParams(
            business_artifact_action_definition_code=request.business_artifact_action_definition_code
        ),
    )
    return BusinessArtifactActionStartProcessPrepareResponse(business_artifact_action_start_process_prepare=prepared)


async def _prepared_artifact(
    request: BusinessArtifactActionPrepareRequest,
) -> BusinessArtifactActionCreateArtifactPrepare:
    return await context.current().kuflow.business_artifacts.prepare_action_create_artifact(
        request.business_artifact_id,
        BusinessArtifactActionCreateArtifactPrepareParams(
            business_artifact_action_definition_code=request.business_artifact_action_definition_code
        ),
    )


def _is_cancelled(action: BusinessArtifactAction) -> bool:
    return action.status == BusinessArtifactActionStatus.CANCELED
