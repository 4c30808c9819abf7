"""What workflows answered."""

import json
from collections.abc import Callable
from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import HistoryEventFilterType
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import Client

from kurun_twin.engine.encryption import ENCODING, Encryption, EncryptionError

_CALL = timedelta(seconds=10)


async def workflow_result(
    client: Client, encryption: Encryption, unreadable: Callable[[str, str], None], workflow_id: str
) -> object:
    """The JSON that a completed workflow answered; ``None`` if it answered anything else, or nothing.

    Args:
        client: A client of the engine, past the gateway.
        encryption: Decrypts the answer of a confidential workflow.
        unreadable: Told the workflow's id and the reason when it cannot.
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
            try:
                result = await encryption.opened(payload)
            except EncryptionError as error:
                unreadable(workflow_id, str(error))
                return None
            if result.metadata.get(ENCODING) == b"json/plain":
                return _parsed(result.data)
    return None


def _parsed(data: bytes) -> object:
    try:
        value: object = json.loads(data)
    except ValueError:
        return None
    return value
