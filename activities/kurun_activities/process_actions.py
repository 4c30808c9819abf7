"""Activities on the actions of a process."""

from kurun_activities import attempts, context
from kurun_activities.models import (
    ProcessActionCancelRequest,
    ProcessActionCancelResponse,
    ProcessActionCreateRequest,
    ProcessActionCreateResponse,
    ProcessActionRetrieveRequest,
    ProcessActionRetrieveResponse,
)
from kurun_clients.kuflow.models import ProcessAction, ProcessActionCreateParams, ProcessActionStatus


async def create_process_action(request: ProcessActionCreateRequest) -> ProcessActionCreateResponse:
    """Invoke an action; a retry answers with the action that the first attempt invoked."""
    params = ProcessActionCreateParams(
        id=request.id or attempts.derived_id(),
        process_action_definition_code=request.process_action_definition_code,
        create_task=request.create_task,
        create_process_item_message=request.create_process_item_message,
        start_related_process=request.start_related_process,
        send_workflow_signal=request.send_workflow_signal,
    )
    action = await context.current().kuflow.processes.create_action(request.process_id, params)
    return ProcessActionCreateResponse(process_action=action)


async def retrieve_process_action(request: ProcessActionRetrieveRequest) -> ProcessActionRetrieveResponse:
    """Read an action, to learn how one that runs in the background stands."""
    action = await context.current().kuflow.processes.retrieve_action(request.process_id, request.process_action_id)
    return ProcessActionRetrieveResponse(process_action=action)


async def cancel_process_action(request: ProcessActionCancelRequest) -> ProcessActionCancelResponse:
    """Cancel an action; one that is cancelled already stays so."""
    processes, place = context.current().kuflow.processes, (request.process_id, request.process_action_id)
    action = await attempts.unless_done(
        lambda: processes.cancel_action(*place),
        lambda: processes.retrieve_action(*place),
        _is_cancelled,
        by_anyone=True,
    )
    return ProcessActionCancelResponse(process_action=action)


def _is_cancelled(action: ProcessAction) -> bool:
    return action.status == ProcessActionStatus.CANCELED
