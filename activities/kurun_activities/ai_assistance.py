"""Activities on the AI assistance of a process item."""

from kurun_activities import context
from kurun_activities.models import (
    ProcessItemAiAssistanceGenerateRequest,
    ProcessItemAiAssistanceGenerateResponse,
    ProcessItemAiAssistanceRetrieveRequest,
    ProcessItemAiAssistanceRetrieveResponse,
)
from kurun_clients.kuflow.models import ProcessItemAiAssistanceGenerateParams


async def retrieve_process_item_ai_assistance(
    request: ProcessItemAiAssistanceRetrieveRequest,
) -> ProcessItemAiAssistanceRetrieveResponse:
    """Read the latest run; there is none (404) before the first was asked for."""
    run = await context.current().kuflow.process_items.retrieve_ai_assistance(request.process_item_id)
    return ProcessItemAiAssistanceRetrieveResponse(process_item_ai_assistance=run)


async def generate_process_item_ai_assistance(
    request: ProcessItemAiAssistanceGenerateRequest,
) -> ProcessItemAiAssistanceGenerateResponse:
    """Start a run; a retry, or another call with the same request id, answers with that run as it stands."""
    run = await context.current().kuflow.process_items.generate_ai_assistance(
        request.process_item_id, ProcessItemAiAssistanceGenerateParams(request_id=request.request_id)
    )
    return ProcessItemAiAssistanceGenerateResponse(process_item_ai_assistance=run)
