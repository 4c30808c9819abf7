"""Spans that tell which kind of error there was, and never what it said: messages quote what people wrote."""

from collections.abc import Iterator, Sequence
from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanKind, Status, StatusCode, Tracer, use_span
from opentelemetry.util._decorator import _agnosticcontextmanager
from opentelemetry.util.types import Attributes
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError, NexusOperationError

ERROR_TYPE: Final = "error.type"
_LONGEST: Final = 200
_WRAPPERS: Final = (ActivityError, ChildWorkflowError, NexusOperationError)


def error_type(error: BaseException) -> str:
    """The type of a failure as its workflow sees it, or the name of the class of any other error."""
    while isinstance(error, _WRAPPERS) and error.__cause__ is not None:
        error = error.__cause__
    named = error.type if isinstance(error, ApplicationError) else None
    return (named or type(error).__name__)[:_LONGEST]


class _Span(NonRecordingSpan):
    """What Temporal's interceptors get to see of a span; they use no more of it."""

    def __init__(self, span: Span) -> None:
        super().__init__(span.get_span_context())
        self._span = span

    def is_recording(self) -> bool:
        return self._span.is_recording()

    def end(self, end_time: int | None = None) -> None:
        self._span.end(end_time)

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:  # noqa: ARG002 - quotes the message
        self._span.set_status(status.status_code if isinstance(status, Status) else status)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Attributes = None,  # noqa: ARG002 - nothing but its type is told
        timestamp: int | None = None,  # noqa: ARG002
        escaped: bool = False,  # noqa: ARG002
    ) -> None:
        self._span.set_attribute(ERROR_TYPE, error_type(exception))
        self._span.set_status(StatusCode.ERROR)


class DiscreetTracer(Tracer):
    """A tracer for Temporal's interceptors, which would put messages and tracebacks into spans.

    Args:
        tracer: Makes the spans.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def start_span(  # noqa: PLR0917 - OpenTelemetry's
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,  # noqa: ARG002 - never
        set_status_on_exception: bool = True,  # noqa: ARG002 - never
    ) -> Span:
        """See base class."""
        return _Span(self._start(name, context, kind, attributes, links, start_time))

    @_agnosticcontextmanager
    def start_as_current_span(  # noqa: PLR0917 - OpenTelemetry's
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,  # noqa: ARG002 - never
        set_status_on_exception: bool = True,  # noqa: ARG002 - never
        end_on_exit: bool = True,
    ) -> Iterator[Span]:
        """See base class; code inside the block finds the span itself."""
        span = self._start(name, context, kind, attributes, links, start_time)
        with use_span(span, end_on_exit=end_on_exit, record_exception=False, set_status_on_exception=False):
            try:
                yield _Span(span)
            except BaseException as error:
                span.set_attribute(ERROR_TYPE, error_type(error))
                raise

    def _start(  # noqa: PLR0917 - as above
        self,
        name: str,
        context: Context | None,
        kind: SpanKind,
        attributes: Attributes,
        links: Sequence[Link] | None,
        start_time: int | None,
    ) -> Span:
        return self._tracer.start_span(
            name,
            context,
            kind,
            attributes,
            links,
            start_time,
            record_exception=False,
            set_status_on_exception=False,
        )
