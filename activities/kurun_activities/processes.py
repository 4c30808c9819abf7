"""Activities on processes."""

from collections.abc import Callable

from kurun_activities import attempts, context
from kurun_activities.models import (
    ProcessCancelRequest,
    ProcessCancelResponse,
    ProcessCompleteRequest,
    ProcessCompleteResponse,
    ProcessCreateRequest,
    ProcessCreateResponse,
    ProcessDeleteRequest,
    ProcessDeleteResponse,
    ProcessEntityPatchRequest,
    ProcessEntityPatchResponse,
    ProcessEntityUpdateRequest,
    ProcessEntityUpdateResponse,
    ProcessFindRequest,
    ProcessFindResponse,
    ProcessInitiatorChangeRequest,
    ProcessInitiatorChangeResponse,
    ProcessItemsCancelRequest,
    ProcessItemsCancelResponse,
    ProcessMetadataPatchRequest,
    ProcessMetadataPatchResponse,
    ProcessMetadataUpdateRequest,
    ProcessMetadataUpdateResponse,
    ProcessRetrieveRequest,
    ProcessRetrieveResponse,
)
from kurun_activities.patching import patched
from kurun_clients.kuflow.models import (
    JsonValue,
    Process,
    ProcessChangeInitiatorParams,
    ProcessCreateParams,
    ProcessState,
)


async def find_processes(request: ProcessFindRequest) -> ProcessFindResponse:
    """One page of processes."""
    page = await context.current().kuflow.processes.find(
        size=request.size,
        page=request.page,
        sort=request.sorts or (),
        tenant_id=request.tenant_ids or (),
        process_definition_id=request.process_definition_ids or (),
        process_definition_code=request.process_definition_codes or (),
        state=request.states or (),
        initiator_id=request.initiator_ids or (),
        initiator_email=request.initiator_emails or (),
        metadata=request.metadata or (),
        deleted=request.deleted,
    )
    return ProcessFindResponse(processes=page)


async def retrieve_process(request: ProcessRetrieveRequest) -> ProcessRetrieveResponse:
    """Read a process with its metadata and entity."""
    return ProcessRetrieveResponse(process=await context.current().kuflow.processes.retrieve(request.process_id))


async def create_process(request: ProcessCreateRequest) -> ProcessCreateResponse:
    """Start a process; a retry answers with the process that the first attempt started."""
    params = ProcessCreateParams(
        id=request.id or attempts.derived_id(),
        process_definition_id=request.process_definition_id,
        process_definition_code=request.process_definition_code,
        tenant_id=request.tenant_id,
        metadata=_bare(request.metadata),
        entity=_bare(request.entity),
        initiator_id=request.initiator_id,
        initiator_email=request.initiator_email,
        related_process_id=request.related_process_id,
    )
    return ProcessCreateResponse(process=await context.current().kuflow.processes.create(params))


async def complete_process(request: ProcessCompleteRequest) -> ProcessCompleteResponse:
    """Complete a process; one that is completed already stays so."""
    processes, process_id = context.current().kuflow.processes, request.process_id
    process = await attempts.unless_done(
        lambda: processes.complete(process_id),
        lambda: processes.retrieve(process_id),
        _is(ProcessState.COMPLETED),
        by_anyone=True,
    )
    return ProcessCompleteResponse(process=process)


async def cancel_process(request: ProcessCancelRequest) -> ProcessCancelResponse:
    """Cancel a process; one that is cancelled already stays so."""
    processes, process_id = context.current().kuflow.processes, request.process_id
    process = await attempts.unless_done(
        lambda: processes.cancel(process_id),
        lambda: processes.retrieve(process_id),
        _is(ProcessState.CANCELLED),
        by_anyone=True,
    )
    return ProcessCancelResponse(process=process)


async def cancel_process_items(request: ProcessItemsCancelRequest) -> ProcessItemsCancelResponse:
    """Cancel the named items of a process, or all active ones; the process itself goes on.

    What is cancelled already stays so. Without names a retry also cancels what was created since the first attempt.
    """
    process = await context.current().kuflow.processes.cancel_process_items(
        request.process_id, process_item_id=request.process_item_ids or ()
    )
    return ProcessItemsCancelResponse(process=process)


async def delete_process(request: ProcessDeleteRequest) -> ProcessDeleteResponse:
    """Delete a process that has ended; one that is deleted already stays so.

    While its workflow or one of its actions runs, KuFlow refuses (409): a process cannot delete itself.
    """
    processes, process_id = context.current().kuflow.processes, request.process_id
    await attempts.until_gone(lambda: processes.retrieve(process_id), lambda: processes.delete(process_id))
    return ProcessDeleteResponse()


async def change_process_initiator(request: ProcessInitiatorChangeRequest) -> ProcessInitiatorChangeResponse:
    """Name another initiator; naming the same one again changes nothing."""
    params = ProcessChangeInitiatorParams(initiator_id=request.initiator_id, initiator_email=request.initiator_email)
    process = await context.current().kuflow.processes.change_initiator(request.process_id, params)
    return ProcessInitiatorChangeResponse(process=process)


async def update_process_metadata(request: ProcessMetadataUpdateRequest) -> ProcessMetadataUpdateResponse:
    """Replace the metadata. Invalid metadata is stored and flagged: look at the response's ``valid``."""
    process = await context.current().kuflow.processes.update_metadata(
        request.process_id, JsonValue.of(request.metadata.value)
    )
    return ProcessMetadataUpdateResponse(process=process)


async def patch_process_metadata(request: ProcessMetadataPatchRequest) -> ProcessMetadataPatchResponse:
    """Change the metadata in places; see :func:`~kurun_activities.patching.patched` about retries."""
    processes, process_id = context.current().kuflow.processes, request.process_id
    process = await patched(
        request.json_patch,
        send=lambda: processes.patch_metadata(process_id, request.json_patch),
        read=lambda: processes.retrieve(process_id),
        value=lambda found: found.metadata,
    )
    return ProcessMetadataPatchResponse(process=process)


async def update_process_entity(request: ProcessEntityUpdateRequest) -> ProcessEntityUpdateResponse:
    """Replace the entity. An invalid entity is stored and flagged: look at the response's ``valid``."""
    process = await context.current().kuflow.processes.update_entity(
        request.process_id, JsonValue.of(request.entity.value)
    )
    return ProcessEntityUpdateResponse(process=process)


async def patch_process_entity(request: ProcessEntityPatchRequest) -> ProcessEntityPatchResponse:
    """Change the entity in places; see :func:`~kurun_activities.patching.patched` about retries."""
    processes, process_id = context.current().kuflow.processes, request.process_id
    process = await patched(
        request.json_patch,
        send=lambda: processes.patch_entity(process_id, request.json_patch),
        read=lambda: processes.retrieve(process_id),
        value=lambda found: found.entity,
    )
    return ProcessEntityPatchResponse(process=process)


def _is(state: ProcessState) -> Callable[[Process], bool]:
    return lambda process: process.state is state


def _bare(value: JsonValue | None) -> JsonValue | None:
    # What a workflow read comes with KuFlow's verdict, which is not ours to send.
    return None if value is None else JsonValue.of(value.value)
