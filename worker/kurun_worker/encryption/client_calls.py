"""What a client sends: headers and payloads follow :func:`~kurun_worker.encryption.scope.confidential`."""

from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from typing import Any, Protocol, TypeVar

from temporalio.api.common.v1 import Payload
from temporalio.client import (
    ActivityHandle,
    CreateScheduleInput,
    OutboundInterceptor,
    QueryWorkflowInput,
    ScheduleActionStartWorkflow,
    ScheduleHandle,
    SignalWorkflowInput,
    StartActivityInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)

from kurun_worker.encryption.marks import key_in, with_key
from kurun_worker.encryption.scope import confidential, key_in_scope


class _Call(Protocol):
    headers: Mapping[str, Payload]


Call = TypeVar("Call", bound=_Call)
Answer = TypeVar("Answer")


class ClientCalls(OutboundInterceptor):
    """Calls that carry payloads and headers. A call whose headers another interceptor set is encrypted as they ask."""

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002 - Temporal's
        """See base class."""
        return await _sent(input, super().start_workflow)

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002
        """See base class."""
        await _sent(input, super().signal_workflow)

    async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002
        """See base class."""
        return await _sent(input, super().query_workflow)

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:  # noqa: A002
        """See base class."""
        return await _sent(input, super().start_workflow_update)

    async def start_update_with_start_workflow(
        self,
        input: StartWorkflowUpdateWithStartInput,  # noqa: A002
    ) -> WorkflowUpdateHandle[Any]:
        """See base class; one key for both calls."""
        start, update = input.start_workflow_input, input.update_workflow_input
        key_id = _key(start.headers) or _key(update.headers)
        if key_id is None:
            return await super().start_update_with_start_workflow(input)
        start.headers, update.headers = with_key(start.headers, key_id), with_key(update.headers, key_id)
        with confidential(key_id):
            return await super().start_update_with_start_workflow(input)

    async def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:  # noqa: A002
        """See base class."""
        return await _sent(input, super().start_activity)

    async def create_schedule(self, input: CreateScheduleInput) -> ScheduleHandle:  # noqa: A002
        """See base class; the workflows that the schedule starts are confidential."""
        action = input.schedule.action
        key_id = _key(action.headers or {}) if isinstance(action, ScheduleActionStartWorkflow) else None
        if key_id is None or not isinstance(action, ScheduleActionStartWorkflow):
            return await super().create_schedule(input)
        action, schedule = copy(action), copy(input.schedule)
        action.headers = with_key(action.headers, key_id)
        schedule.action, input.schedule = action, schedule
        with confidential(key_id):
            return await super().create_schedule(input)


def _key(headers: Mapping[str, Payload]) -> str | None:
    return key_in(headers) or key_in_scope()


async def _sent(call: Call, send: Callable[[Call], Awaitable[Answer]]) -> Answer:
    key_id = _key(call.headers)
    if key_id is None:
        return await send(call)
    call.headers = with_key(call.headers, key_id)
    with confidential(key_id):
        return await send(call)
