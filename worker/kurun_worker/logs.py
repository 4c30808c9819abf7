"""The daemon's log: structlog for us and the standard library's loggers, on standard error, without secrets."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from kurun_config import LogFormat, LogSettings
from kurun_worker.log_floods import ActivityFailures, OncePerMinute, failure_fields
from kurun_worker.redaction import Redactor

# They narrate every connection; their warnings are enough.
_QUIET = ("aiohttp", "asyncio", "httpcore2", "httpx2")


def configure(settings: LogSettings, redactor: Redactor, *, stream: TextIO | None = None) -> None:
    """Set up logging for the whole process; a second call replaces the first.

    Args:
        settings: Level and format.
        redactor: Hides secrets in events, fields and tracebacks.
        stream: Where lines go; standard error if absent.
    """
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), temporal_fields, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redactor,
                renderer(settings.format, terminal=stream.isatty()),
            ],
        )
    )
    handler.addFilter(ActivityFailures())
    handler.addFilter(OncePerMinute())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.value)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)


def renderer(wanted: LogFormat, *, terminal: bool) -> Processor:
    """Lines for people on a terminal, JSON elsewhere, unless one of them is asked for."""
    if wanted is LogFormat.CONSOLE or (wanted is LogFormat.AUTO and terminal):
        return structlog.dev.ConsoleRenderer(colors=terminal)
    return structlog.processors.JSONRenderer(default=str)


def temporal_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take over the fields that Temporal attaches to its own records and ``workflow.logger``, and those of failures."""
    record: logging.LogRecord | None = event.get("_record")
    event.update(failure_fields(record))
    for name in ("temporal_workflow", "temporal_activity"):
        fields = getattr(record, name, None)
        if isinstance(fields, Mapping):
            _adopt(event, fields)
    return event


def _adopt(event: MutableMapping[str, Any], fields: Mapping[str, Any]) -> None:
    for name in ("workflow_id", "workflow_type", "run_id", "activity_type", "activity_id", "attempt", "task_queue"):
        if (value := fields.get(name) or fields.get(f"workflow_{name}")) is not None:
            event.setdefault(name, value)
