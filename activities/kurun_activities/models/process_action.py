"""Requests and responses of the activities on the actions of a process."""

from uuid import UUID

from pydantic import Field

from kurun_activities.models.base import ActivityResponse
from kurun_activities.models.process import ProcessRequest
from kurun_clients.kuflow.models import (
    ProcessAction,
    ProcessActionCreateParamsCreateProcessItemMessage,
    ProcessActionCreateParamsCreateTask,
    ProcessActionCreateParamsSendWorkflowSignal,
    ProcessActionCreateParamsStartRelatedProcess,
)


class ProcessActionResponse(ActivityResponse):
    """An action as it is after the activity; one that runs in the background is REQUESTED at first."""

    process_action: ProcessAction


class ProcessActionCreateRequest(ProcessRequest):
    """Invoke an action that the process definition offers.

    Without an ``id`` one is derived from the activity's identity, so that a retry invokes nothing twice. Of the four
    groups of parameters give the one that fits the action's type.
    """

    id: UUID | None = None
    process_action_definition_code: str = Field(min_length=1)
    create_task: ProcessActionCreateParamsCreateTask | None = None
    create_process_item_message: ProcessActionCreateParamsCreateProcessItemMessage | None = None
    start_related_process: ProcessActionCreateParamsStartRelatedProcess | None = None
    send_workflow_signal: ProcessActionCreateParamsSendWorkflowSignal | None = None


class ProcessActionCreateResponse(ProcessActionResponse):
    """The invoked action."""


class ProcessActionRequest(ProcessRequest):
    """Names the action of the process."""

    process_action_id: UUID


class ProcessActionRetrieveRequest(ProcessActionRequest):
    """Read an action."""


class ProcessActionRetrieveResponse(ProcessActionResponse):
    """The action."""


class ProcessActionCancelRequest(ProcessActionRequest):
    """Cancel an action that is still REQUESTED."""


class ProcessActionCancelResponse(ProcessActionResponse):
    """The action; one that had ended before keeps its status."""
