"""Spans of workflows and activities: Temporal's own interceptor, and a beginning where a process comes without one.

Temporal has two. This one writes spans of workflows as things happen, so the trace of a process that waits for people
for weeks can be read in the meantime. It takes every tracer provider and leaves the workflow's random numbers alone,
so it can be switched on and off under running processes. The newer one is experimental, demands a global provider of
its own, and tells of a workflow only when it ends.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, cast

from opentelemetry.trace import Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.contrib.opentelemetry import TracingInterceptor, TracingWorkflowInboundInterceptor
from temporalio.converter import PayloadConverter
from temporalio.worker import ExecuteWorkflowInput, WorkflowInboundInterceptor, WorkflowInterceptorClassInput

from kurun_worker.tracing.beginnings import Beginning, Beginnings
from kurun_worker.tracing.discretion import DiscreetTracer

_FLAGS: Final = "__kurun_tracing_flags"
_BEGIN: Final = "__kurun_tracing_begin"
# Ids and nothing else: headers are not encrypted, and baggage can be anything.
PROPAGATOR: Final = TraceContextTextMapPropagator()


class Carriers(PayloadConverter):
    """Trace headers as Temporal's SDKs write them. One that cannot be read must not stop a process: it is none."""

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        """See base class."""
        return PayloadConverter.default.to_payloads(values)

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """See base class."""
        return [self._read(payload, type_hints) for payload in payloads]

    def _read(self, payload: Payload, type_hints: list[type] | None) -> dict[str, str]:
        try:
            (carrier,) = PayloadConverter.default.from_payloads([payload], type_hints)
        except Exception:  # whatever another SDK, a codec or a stranger put there
            return {}
        if not isinstance(carrier, Mapping):
            return {}
        carrier = {str(name): value for name, value in carrier.items() if isinstance(value, str)}
        return carrier if get_current_span(PROPAGATOR.extract(carrier)).get_span_context().is_valid else {}


CARRIERS: Final = Carriers()


class _Extern(Protocol):
    """The worker's side, as a workflow calls it from its sandbox."""

    def __call__(self, *arguments: Any) -> Any: ...


class WorkflowSpans(TracingWorkflowInboundInterceptor):
    """Begins a trace where there is none yet."""

    def __init__(self, following: WorkflowInboundInterceptor) -> None:
        super().__init__(following)
        self.text_map_propagator = PROPAGATOR
        self.payload_converter = CARRIERS
        self._began: Beginning | None = None

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002 - Temporal's
        """See base class."""
        self._load_workflow_context_carrier()
        info = workflow.info()
        if (
            self._began is not None
            and info.run_id == info.first_execution_run_id
            and not workflow.unsafe.is_replaying()
        ):
            attributes = {"temporalWorkflowID": info.workflow_id, "temporalRunID": info.run_id}
            started = int(info.workflow_start_time.timestamp() * 1e9)
            self._extern(_BEGIN)(self._began, attributes, started, workflow.time_ns())
        return await super().execute_workflow(input)

    def _load_workflow_context_carrier(self) -> dict[str, Any] | None:
        carrier = super()._load_workflow_context_carrier()
        if not carrier:
            info = workflow.info()
            self._began = Beginning.of(info.namespace, info.first_execution_run_id, info.workflow_type)
            carrier = self._workflow_context_carrier = self._extern(_FLAGS)(self._began)
        return carrier

    def _extern(self, name: str) -> _Extern:
        return cast("Mapping[str, _Extern]", workflow.extern_functions())[name]


class Spans(TracingInterceptor):
    """Spans of clients, workflows and activities.

    Args:
        tracer: Makes them.
    """

    def __init__(self, tracer: Tracer) -> None:
        super().__init__(DiscreetTracer(tracer))
        self.text_map_propagator = PROPAGATOR
        self.payload_converter = CARRIERS
        self._beginnings = Beginnings(tracer)

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002 - Temporal's
    ) -> type[TracingWorkflowInboundInterceptor]:
        """See base class."""
        super().workflow_interceptor_class(input)
        input.unsafe_extern_functions.update({_FLAGS: self._carrier, _BEGIN: self._beginnings.write})
        return WorkflowSpans

    def _carrier(self, beginning: Beginning) -> dict[str, str]:
        context = self._beginnings.context(beginning)
        return {"traceparent": f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"}
