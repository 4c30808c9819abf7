"""The workflow side: a run learns its key from its headers and hands it on. Safe inside the workflow sandbox."""

from collections.abc import Mapping
from typing import Any, NoReturn, Protocol, TypeVar

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.worker import (
    ContinueAsNewInput,
    HandleQueryInput,
    SignalChildWorkflowInput,
    SignalExternalWorkflowInput,
    StartActivityInput,
    StartChildWorkflowInput,
    StartLocalActivityInput,
    StartNexusOperationInput,
    WorkflowInboundInterceptor,
    WorkflowOutboundInterceptor,
)

from kurun_worker.encryption.converter import ForEveryone, bind
from kurun_worker.encryption.marks import ENCODING_HEADER, ENCRYPTED, KEY_ID_HEADER, key_in, with_key

METADATA_QUERY = "__temporal_workflow_metadata"
OPEN_QUERIES = {METADATA_QUERY, "__stack_trace", "__enhanced_stack_trace"}
"""Temporal's own queries: its web page sends them, cannot decrypt the answer, and they tell of code, not of data."""


class WorkflowRun(WorkflowInboundInterceptor):
    """Binds the run to its key before any of its code runs."""

    def __init__(self, following: WorkflowInboundInterceptor) -> None:
        super().__init__(following)
        self._key_id: str | None = None

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        """See base class.

        Raises:
            EncryptionError: The run is confidential, but cannot be kept so; its task fails and is repeated.
        """
        self._key_id = key_in(outbound.info().headers)
        if self._key_id is not None:
            bind(workflow.payload_converter(), self._key_id)
            outbound = _WorkflowCalls(outbound, self._key_id)
        super().init(outbound)

    async def handle_query(self, input: HandleQueryInput) -> Any:  # noqa: A002 - Temporal's
        """See base class."""
        answer = await super().handle_query(input)
        if self._key_id is None or input.query not in OPEN_QUERIES:
            return answer
        if isinstance(answer, WorkflowMetadata):
            answer.current_details = ""  # the workflow's own words
        return ForEveryone(answer)


class _Call(Protocol):
    headers: Mapping[str, Payload]


Call = TypeVar("Call", bound=_Call)


class _WorkflowCalls(WorkflowOutboundInterceptor):
    """Sends the headers along with whatever the run starts or signals."""

    def __init__(self, following: WorkflowOutboundInterceptor, key_id: str) -> None:
        super().__init__(following)
        self._key_id = key_id

    def _with_key(self, call: Call) -> Call:
        call.headers = with_key(call.headers, self._key_id)
        return call

    def continue_as_new(self, input: ContinueAsNewInput) -> NoReturn:  # noqa: A002 - Temporal's
        super().continue_as_new(self._with_key(input))

    async def signal_child_workflow(self, input: SignalChildWorkflowInput) -> None:  # noqa: A002
        await super().signal_child_workflow(self._with_key(input))

    async def signal_external_workflow(self, input: SignalExternalWorkflowInput) -> None:  # noqa: A002
        await super().signal_external_workflow(self._with_key(input))

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        return super().start_activity(self._with_key(input))

    async def start_child_workflow(self, input: StartChildWorkflowInput) -> workflow.ChildWorkflowHandle[Any, Any]:  # noqa: A002
        return await super().start_child_workflow(self._with_key(input))

    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        return super().start_local_activity(self._with_key(input))

    async def start_nexus_operation(
        self,
        input: StartNexusOperationInput[Any, Any],  # noqa: A002
    ) -> workflow.NexusOperationHandle[Any]:
        # Nexus has plain strings for headers, as the Java SDK sends them.
        own = {ENCODING_HEADER: ENCRYPTED, KEY_ID_HEADER: self._key_id}
        input.headers = {**(input.headers or {}), **own}
        return await super().start_nexus_operation(input)
