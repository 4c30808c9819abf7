"""Activities on process items and the tasks among them."""

from kurun_activities import attempts, context
from kurun_activities.models import (
    ProcessItemCreateRequest,
    ProcessItemCreateResponse,
    ProcessItemFindRequest,
    ProcessItemFindResponse,
    ProcessItemRetrieveRequest,
    ProcessItemRetrieveResponse,
    ProcessItemTaskAssignRequest,
    ProcessItemTaskAssignResponse,
    ProcessItemTaskClaimRequest,
    ProcessItemTaskClaimResponse,
    ProcessItemTaskCompleteRequest,
    ProcessItemTaskCompleteResponse,
    ProcessItemTaskContextDataUpdateRequest,
    ProcessItemTaskContextDataUpdateResponse,
    ProcessItemTaskDataPatchRequest,
    ProcessItemTaskDataPatchResponse,
    ProcessItemTaskDataUpdateRequest,
    ProcessItemTaskDataUpdateResponse,
)
from kurun_activities.patching import patched
from kurun_clients.kuflow.models import (
    JsonValue,
    ProcessItem,
    ProcessItemCreateParams,
    ProcessItemTaskAssignParams,
    ProcessItemTaskState,
)


async def find_process_items(request: ProcessItemFindRequest) -> ProcessItemFindResponse:
    """One page of process items."""
    page = await context.current().kuflow.process_items.find(
        size=request.size,
        page=request.page,
        sort=request.sorts or (),
        tenant_id=request.tenant_ids or (),
        process_id=request.process_ids or (),
        type=request.types or (),
        task_state=request.task_states or (),
        process_item_definition_code=request.process_item_definition_codes or (),
        process_definition_id=request.process_definition_ids or (),
        process_definition_code=request.process_definition_codes or (),
        deleted=request.deleted,
    )
    return ProcessItemFindResponse(process_items=page)


async def retrieve_process_item(request: ProcessItemRetrieveRequest) -> ProcessItemRetrieveResponse:
    """Read an item with its data and, for a task, its log."""
    item = await context.current().kuflow.process_items.retrieve(request.process_item_id)
    return ProcessItemRetrieveResponse(process_item=item)


async def create_process_item(request: ProcessItemCreateRequest) -> ProcessItemCreateResponse:
    """Create a task, message or thread; a retry answers with the item that the first attempt created."""
    params = ProcessItemCreateParams(
        id=request.id or attempts.derived_id(),
        type=request.type,
        process_id=request.process_id,
        process_item_thread_id=request.process_item_thread_id,
        owner_id=request.owner_id,
        owner_email=request.owner_email,
        process_item_definition_code=request.process_item_definition_code,
        task=request.task,
        message=request.message,
    )
    return ProcessItemCreateResponse(process_item=await context.current().kuflow.process_items.create(params))


async def claim_process_item_task(request: ProcessItemTaskClaimRequest) -> ProcessItemTaskClaimResponse:
    """Claim a task for the worker's principal. KuFlow answers its owner's second claim with the task itself."""
    item = await context.current().kuflow.process_items.claim(request.process_item_id)
    return ProcessItemTaskClaimResponse(process_item=item)


async def assign_process_item_task(request: ProcessItemTaskAssignRequest) -> ProcessItemTaskAssignResponse:
    """Give a task to someone; giving it to its owner changes nothing."""
    params = ProcessItemTaskAssignParams(owner_id=request.owner_id, owner_email=request.owner_email)
    item = await context.current().kuflow.process_items.assign(request.process_item_id, params)
    return ProcessItemTaskAssignResponse(process_item=item)


async def complete_process_item_task(request: ProcessItemTaskCompleteRequest) -> ProcessItemTaskCompleteResponse:
    """Complete a task; a retry is content with a task that an earlier attempt completed."""
    items, item_id = context.current().kuflow.process_items, request.process_item_id
    item = await attempts.unless_done(lambda: items.complete(item_id), lambda: items.retrieve(item_id), _is_completed)
    return ProcessItemTaskCompleteResponse(process_item=item)


async def update_process_item_task_data(request: ProcessItemTaskDataUpdateRequest) -> ProcessItemTaskDataUpdateResponse:
    """Replace a task's data. Invalid data is stored and flagged: look at the response's ``valid``."""
    item = await context.current().kuflow.process_items.update_data(
        request.process_item_id, JsonValue.of(request.data.value)
    )
    return ProcessItemTaskDataUpdateResponse(process_item=item)


async def patch_process_item_task_data(request: ProcessItemTaskDataPatchRequest) -> ProcessItemTaskDataPatchResponse:
    """Change a task's data in places; see :func:`~kurun_activities.patching.patched` about retries."""
    items, item_id = context.current().kuflow.process_items, request.process_item_id
    item = await patched(
        request.json_patch,
        send=lambda: items.patch_data(item_id, request.json_patch),
        read=lambda: items.retrieve(item_id),
        value=lambda found: found.task.data if found.task else None,
    )
    return ProcessItemTaskDataPatchResponse(process_item=item)


async def update_process_item_task_context_data(
    request: ProcessItemTaskContextDataUpdateRequest,
) -> ProcessItemTaskContextDataUpdateResponse:
    """Replace a task's context data. Invalid data is stored and flagged: look at the response's ``valid``."""
    item = await context.current().kuflow.process_items.update_context_data(
        request.process_item_id, JsonValue.of(request.data.value)
    )
    return ProcessItemTaskContextDataUpdateResponse(process_item=item)


def _is_completed(item: ProcessItem) -> bool:
    return item.task is not None and item.task.state is ProcessItemTaskState.COMPLETED
