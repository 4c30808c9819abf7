"""Requests and responses of the activities on the AI assistance of a process item."""

from uuid import UUID

from kurun_activities.models.base import ActivityResponse
from kurun_activities.models.process_item import ProcessItemRequest
from kurun_clients.kuflow.models import ProcessItemAiAssistance


class ProcessItemAiAssistanceResponse(ActivityResponse):
    """The run as it stands: PENDING, with a time to look again, or ended."""

    process_item_ai_assistance: ProcessItemAiAssistance


class ProcessItemAiAssistanceRetrieveRequest(ProcessItemRequest):
    """Read the latest run."""


class ProcessItemAiAssistanceRetrieveResponse(ProcessItemAiAssistanceResponse):
    """The latest run."""


class ProcessItemAiAssistanceGenerateRequest(ProcessItemRequest):
    """Start a run, or read it if it was started under the same ``request_id``.

    Make the id in the workflow (``workflow.uuid4()``). While a run of another id is PENDING, KuFlow refuses a new one.
    """

    request_id: UUID


class ProcessItemAiAssistanceGenerateResponse(ProcessItemAiAssistanceResponse):
    """The run of this ``request_id``."""
