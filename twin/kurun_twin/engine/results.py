"""What workflows answered."""

import json
from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import HistoryEventFilterType
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import Client

_CALL = timedelta(seconds=10)


async def workflow_result(client: Client, workflow_id: str) -> object:
    """The JSON that a completed workflow answered; ``None`` if it answered anything else, or nothing.

    Args:
        client: A client of the engine, past the gateway.
        workflow_id: The workflow; its last run counts.

    Raises:
        RPCError: The engine does not answer, or knows no such workflow.
    """
    request = GetWorkflowExecutionHistoryRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=workflow_id),
        history_event_filter_type=HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
    )
    answer = await client.workflow_service.get_workflow_execution_history(request, timeout=_CALL)
    for event in answer.history.events:
        for payload in event.workflow_execution_completed_event_attributes.result.payloads:
            if payload.metadata.get("encoding") == b"json/plain":
                return _parsed(payload.data)
    return None


def _parsed(data: bytes) -> object:
    try:
        value: object = json.loads(data)
    except ValueError:
        return None
    return value
