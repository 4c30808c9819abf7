"""Where the trace of a process begins that came without one.

KuFlow starts workflows without trace headers. Such a trace begins with a span ``StartWorkflow`` whose ids follow from
the workflow itself: every worker that ever replays it knows them, and nobody has to remember them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from opentelemetry import trace
from opentelemetry.sdk.trace import Tracer as SdkTracer
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags, Tracer


@dataclass(frozen=True)
class Beginning:
    """The first span of a trace.

    Attributes:
        trace_id: Of the trace.
        span_id: Of the span.
        name: Name of the span.
    """

    trace_id: int
    span_id: int
    name: str

    @classmethod
    def of(cls, namespace: str, first_run_id: str, workflow_type: str) -> "Beginning":
        """That of a workflow; all runs that follow its first have the same."""
        # Hashed, as samplers want ids that are random in every bit; those of a run are not.
        digest = sha256(f"{namespace}/{first_run_id}".encode()).digest()
        return cls(
            int.from_bytes(digest[:16]) or 1, int.from_bytes(digest[16:24]) or 1, f"StartWorkflow:{workflow_type}"
        )


class ChosenIds(IdGenerator):
    """Ids of another generator, except where they are chosen.

    Args:
        others: The other generator.
    """

    def __init__(self, others: IdGenerator) -> None:
        self._others = others

    def generate_trace_id(self) -> int:
        """See base class."""
        chosen = _chosen.get()
        return self._others.generate_trace_id() if chosen is None else chosen.trace_id

    def generate_span_id(self) -> int:
        """See base class."""
        chosen = _chosen.get()
        return self._others.generate_span_id() if chosen is None else chosen.span_id

    def is_trace_id_random(self) -> bool:
        """See base class."""
        return _chosen.get() is None and self._others.is_trace_id_random()


_chosen: ContextVar[Beginning | None] = ContextVar("kurun_tracing_chosen", default=None)
_NOWHERE: Final = trace.set_span_in_context(trace.INVALID_SPAN)


@contextmanager
def _choosing(beginning: Beginning) -> Iterator[None]:
    token = _chosen.set(beginning)
    try:
        yield
    finally:
        _chosen.reset(token)


class Beginnings:
    """Begins traces.

    Args:
        tracer: Makes the spans.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        if isinstance(tracer, SdkTracer) and not isinstance(tracer.id_generator, ChosenIds):
            tracer.id_generator = ChosenIds(tracer.id_generator)

    def context(self, beginning: Beginning) -> SpanContext:
        """What follows the beginning has this for its parent; sampled or not, as the beginning was."""
        sampled = True
        if isinstance(self._tracer, SdkTracer):
            answer = self._tracer.sampler.should_sample(
                _NOWHERE, beginning.trace_id, beginning.name, SpanKind.CLIENT, {}, ()
            )
            sampled = answer.decision is Decision.RECORD_AND_SAMPLE
        flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
        return SpanContext(beginning.trace_id, beginning.span_id, is_remote=True, trace_flags=flags)

    def write(self, beginning: Beginning, attributes: dict[str, str], started: int, now: int) -> None:
        """Write the first span. Times are nanoseconds since 1970."""
        with _choosing(beginning):
            span = self._tracer.start_span(
                beginning.name, _NOWHERE, kind=SpanKind.CLIENT, attributes=attributes, start_time=min(started, now)
            )
        span.end(now)
