"""Business artifacts, as a workflow on the published SDK works with them."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from kuflow_rest import models as rest
    from kuflow_rest.utils import encode_filter_expression
    from kuflow_temporal_activity_kuflow import models

from tests.interop.published.run import Run, patch


async def artifacts(run: Run) -> None:
    """Created, changed and found."""
    artifact_id = run.made.artifact_id = str(workflow.uuid4())
    create = models.BusinessArtifactCreateRequest(
        id=artifact_id,
        business_artifact_definition_code="CUSTOMER",
        tenant_id=run.made.tenant_id,
        data=rest.JsonValue(value={"name": "Acme"}),
    )
    await run.call("createBusinessArtifact", create, models.BusinessArtifactCreateResponse)
    update = models.BusinessArtifactUpdateRequest(
        business_artifact_id=artifact_id, data=rest.JsonValue(value={"name": artifact_id, "rating": "high"})
    )
    await run.call("updateBusinessArtifact", update, models.BusinessArtifactUpdateResponse)
    change = models.BusinessArtifactPatchRequest(business_artifact_id=artifact_id, json_patch=patch("/rating", 5))
    await run.call("patchBusinessArtifact", change, models.BusinessArtifactPatchResponse)
    retrieve = models.BusinessArtifactRetrieveRequest(business_artifact_id=artifact_id)
    await run.call("retrieveBusinessArtifact", retrieve, models.BusinessArtifactRetrieveResponse)
    find = models.BusinessArtifactFindRequest(
        business_artifact_definition_codes=["CUSTOMER"],
        values=[encode_filter_expression("name", "eq", artifact_id)],
        deleted=rest.DeletedQueryParam.EXCLUDE,
        size=10,
    )
    await run.call("findBusinessArtifacts", find, models.BusinessArtifactFindResponse)


async def preparing(run: Run) -> None:
    """What actions would begin with."""
    artifact_id = run.made.artifact_id
    copy = models.BusinessArtifactActionCreateArtifactPrepareRequest(
        business_artifact_id=artifact_id, business_artifact_action_definition_code="COPY"
    )
    await run.call(
        "prepareBusinessArtifactActionCreateArtifact", copy, models.BusinessArtifactActionCreateArtifactPrepareResponse
    )
    start = models.BusinessArtifactActionStartProcessPrepareRequest(
        business_artifact_id=artifact_id, business_artifact_action_definition_code="START"
    )
    await run.call(
        "prepareBusinessArtifactActionStartProcess", start, models.BusinessArtifactActionStartProcessPrepareResponse
    )


async def acting(run: Run) -> None:
    """One that copies, and one that waits for a workflow and is cancelled; then the artifact is deleted."""
    artifact_id = run.made.artifact_id
    copy = models.BusinessArtifactActionCreateRequest(
        business_artifact_id=artifact_id,
        id=str(workflow.uuid4()),
        business_artifact_action_definition_code="COPY",
        create_artifact=rest.BusinessArtifactActionCreateParamsCreateArtifact(value={"name": "Second"}),
    )
    await run.call("createBusinessArtifactAction", copy, models.BusinessArtifactActionCreateResponse)
    work = models.BusinessArtifactActionCreateRequest(
        business_artifact_id=artifact_id,
        id=str(workflow.uuid4()),
        business_artifact_action_definition_code="WORK",
        start_workflow=rest.BusinessArtifactActionCreateParamsStartWorkflow(input={"days": 2}),
    )
    await run.call("createBusinessArtifactAction", work, models.BusinessArtifactActionCreateResponse)
    retrieve = models.BusinessArtifactActionRetrieveRequest(
        business_artifact_id=artifact_id, business_artifact_action_id=work.id
    )
    await run.call("retrieveBusinessArtifactAction", retrieve, models.BusinessArtifactActionRetrieveResponse)
    cancel = models.BusinessArtifactActionCancelRequest(
        business_artifact_id=artifact_id, business_artifact_action_id=work.id
    )
    await run.call("cancelBusinessArtifactAction", cancel, models.BusinessArtifactActionCancelResponse)
    delete = models.BusinessArtifactDeleteRequest(business_artifact_id=artifact_id)
    await run.call("deleteBusinessArtifact", delete, models.BusinessArtifactDeleteResponse)
