"""Which span a line of the log was written in."""

from opentelemetry.trace import format_span_id, format_trace_id, get_current_span
from structlog.typing import EventDict, WrappedLogger


def trace_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add ``trace_id`` and ``span_id`` where there is a span; also inside workflows."""
    context = get_current_span().get_span_context()
    if context.is_valid:
        event.setdefault("trace_id", format_trace_id(context.trace_id))
        event.setdefault("span_id", format_span_id(context.span_id))
    return event
