"""Processes and people, as a workflow on the published SDK works with them."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from kuflow_rest import models as rest
    from kuflow_temporal_activity_kuflow import models

from tests.interop.published.run import Run, patch


async def reading(run: Run) -> None:
    """The process, by its id and by its definition."""
    retrieve = models.ProcessRetrieveRequest(process_id=run.process_id)
    process = (await run.call("retrieveProcess", retrieve, models.ProcessRetrieveResponse)).process
    vars(run.made).update(process.metadata.value)
    find = models.ProcessFindRequest(
        process_definition_codes=[process.process_definition_ref.code],
        states=[rest.ProcessState.RUNNING],
        deleted=rest.DeletedQueryParam.EXCLUDE,
        page=0,
    )
    await run.call("findProcesses", find, models.ProcessFindResponse)


async def writing(run: Run) -> None:
    """Metadata, entity and initiator."""
    process_id = run.process_id
    update = models.ProcessMetadataUpdateRequest(process_id=process_id, metadata=rest.JsonValue(value={"amount": "x"}))
    await run.call("updateProcessMetadata", update, models.ProcessMetadataUpdateResponse)
    change = models.ProcessMetadataPatchRequest(process_id=process_id, json_patch=patch("/amount", 2))
    await run.call("patchProcessMetadata", change, models.ProcessMetadataPatchResponse)
    entity = models.ProcessEntityUpdateRequest(process_id=process_id, entity=rest.JsonValue(value={"name": "Acme"}))
    await run.call("updateProcessEntity", entity, models.ProcessEntityUpdateResponse)
    patched = models.ProcessEntityPatchRequest(process_id=process_id, json_patch=patch("/name", "Acme & Co"))
    await run.call("patchProcessEntity", patched, models.ProcessEntityPatchResponse)
    initiator = models.ProcessInitiatorChangeRequest(process_id=process_id, initiator_email="grace@example.com")
    changed = await run.call("changeProcessInitiator", initiator, models.ProcessInitiatorChangeResponse)
    run.made.initiator_id = changed.process.initiator_id


async def people(run: Run) -> None:
    """Who the initiator is."""
    principal = models.PrincipalRetrieveRequest(principal_id=run.made.initiator_id)
    await run.call("retrievePrincipal", principal, models.PrincipalRetrieveResponse)
    user = models.TenantUserRetrieveRequest(tenant_user_id=run.made.tenant_user_id)
    await run.call("retrieveTenantUser", user, models.TenantUserRetrieveResponse)


async def actions(run: Run) -> None:
    """One that creates a task, and one that waits for a workflow and is cancelled."""
    ask = models.ProcessActionCreateRequest(
        process_id=run.process_id,
        id=str(workflow.uuid4()),
        process_action_definition_code="ASK",
        create_task=rest.ProcessActionCreateParamsCreateTask(),
    )
    await run.call("createProcessAction", ask, models.ProcessActionCreateResponse)
    work = models.ProcessActionCreateRequest(
        process_id=run.process_id, id=str(workflow.uuid4()), process_action_definition_code="WORK"
    )
    await run.call("createProcessAction", work, models.ProcessActionCreateResponse)
    retrieve = models.ProcessActionRetrieveRequest(process_id=run.process_id, process_action_id=work.id)
    await run.call("retrieveProcessAction", retrieve, models.ProcessActionRetrieveResponse)
    cancel = models.ProcessActionCancelRequest(process_id=run.process_id, process_action_id=work.id)
    await run.call("cancelProcessAction", cancel, models.ProcessActionCancelResponse)


async def deleting(run: Run) -> None:
    """Another process is deleted."""
    delete = models.ProcessDeleteRequest(process_id=run.made.unwanted_id)
    await run.call("deleteProcess", delete, models.ProcessDeleteResponse)
