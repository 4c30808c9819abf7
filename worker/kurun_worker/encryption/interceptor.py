"""Follows the headers of confidential runs: one interceptor for clients and workers."""

from typing import Any

from temporalio import activity
from temporalio import client as temporal_client
from temporalio import worker as temporal_worker
from temporalio.exceptions import ApplicationError
from temporalio.worker import ExecuteActivityInput

from kurun_worker.encryption.client_calls import ClientCalls
from kurun_worker.encryption.converter import bind
from kurun_worker.encryption.errors import InvalidHeadersError
from kurun_worker.encryption.marks import key_in
from kurun_worker.encryption.scope import confidential
from kurun_worker.encryption.workflow_calls import WorkflowRun


class EncryptionInterceptor(temporal_client.Interceptor, temporal_worker.Interceptor):
    """Tells the payload converter which key a run uses, and passes the key on to everything the run starts.

    It needs the data converter of :func:`~kurun_worker.encryption.with_encryption` beside it.
    """

    def intercept_client(self, next: temporal_client.OutboundInterceptor) -> temporal_client.OutboundInterceptor:  # noqa: A002 - Temporal's
        """See base class."""
        return ClientCalls(next)

    def intercept_activity(
        self,
        next: temporal_worker.ActivityInboundInterceptor,  # noqa: A002 - Temporal's
    ) -> temporal_worker.ActivityInboundInterceptor:
        """See base class."""
        return _ActivityRun(next)

    def workflow_interceptor_class(
        self,
        input: temporal_worker.WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - Temporal's
    ) -> type[temporal_worker.WorkflowInboundInterceptor]:
        """See base class."""
        return WorkflowRun


class _ActivityRun(temporal_worker.ActivityInboundInterceptor):
    def __init__(self, following: temporal_worker.ActivityInboundInterceptor) -> None:
        super().__init__(following)
        self._calls: _ActivityCalls | None = None

    def init(self, outbound: temporal_worker.ActivityOutboundInterceptor) -> None:
        self._calls = _ActivityCalls(outbound)
        super().init(self._calls)

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's
        try:
            key_id = key_in(input.headers)
        except InvalidHeadersError as error:
            # The headers of an activity never change: repeating it would go on for ever.
            raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from None
        if key_id is not None:
            bind(activity.payload_converter(), key_id)
            if self._calls is not None:
                self._calls.key_id = key_id
        return await super().execute_activity(input)


class _ActivityCalls(temporal_worker.ActivityOutboundInterceptor):
    key_id: str | None = None

    def heartbeat(self, *details: Any) -> None:
        # Temporal converts the details later, with a converter of its own, in a task that keeps this context.
        with confidential(self.key_id):
            super().heartbeat(*details)
