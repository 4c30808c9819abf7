"""The daemon's log: structlog for us and the standard library's loggers, on standard error, without secrets."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from kurun_config import LogFormat, LogLevel, LogSettings
from kurun_worker.log_floods import ActivityFailures, OncePerMinute, bounded, failure_fields
from kurun_worker.log_stuck_workflows import WorkflowTaskFailures
from kurun_worker.reasons import request_field
from kurun_worker.redaction import Redactor

_TEMPORAL = ("temporal_workflow", "temporal_activity")
_RUN = re.compile(r"\brun ID ([0-9a-f-]{36})\b")
# They narrate every connection; their warnings are enough.
_QUIET = ("aiohttp", "asyncio", "httpcore2", "httpx2")


def configure(
    settings: LogSettings, redactor: Redactor, *, stream: TextIO | None = None, fields: Sequence[Processor] = ()
) -> None:
    """Set up logging for the whole process; a second call replaces the first.

    Args:
        settings: Level and format.
        redactor: Hides secrets in events, fields and tracebacks.
        stream: Where lines go; standard error if absent.
        fields: Add more to each line.
    """
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        *fields,
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
                bounded,
                renderer(settings.format, terminal=stream.isatty()),
            ],
        )
    )
    handler.addFilter(ActivityFailures())
    handler.addFilter(WorkflowTaskFailures())
    handler.addFilter(OncePerMinute())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    set_level(settings.level)
    logging.captureWarnings(capture=True)


def set_level(level: LogLevel) -> None:
    """Write lines of this severity and above from now on."""
    root = logging.getLogger()
    root.setLevel(level.value)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # Temporal's core hands over what make_runtime lets it; below DEBUG its warnings are enough.
    quiet = level is not LogLevel.DEBUG
    logging.getLogger("temporalio.core").setLevel(max(logging.WARNING, root.level) if quiet else logging.DEBUG)


def renderer(wanted: LogFormat, *, terminal: bool) -> Processor:
    """Lines for people on a terminal, JSON elsewhere, unless one of them is asked for."""
    if wanted is LogFormat.CONSOLE or (wanted is LogFormat.AUTO and terminal):
        return structlog.dev.ConsoleRenderer(colors=terminal)
    return structlog.processors.JSONRenderer(default=str)


def temporal_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take over the fields that Temporal attaches to its own records and ``workflow.logger``, and those of failures.

    Its core has them beside the text, and some lines of its worker name a run in the text alone.
    """
    record: logging.LogRecord | None = event.get("_record")
    event.update(failure_fields(record))
    core = getattr(record, "temporal_log", None)
    for fields in (*(getattr(record, name, None) for name in _TEMPORAL), getattr(core, "fields", None)):
        if isinstance(fields, Mapping):
            _adopt(event, fields)
    if record is not None and record.name.startswith("temporalio.worker"):
        found = _RUN.search(str(event.get("event", "")))
        event.update({"run_id": found[1]} if found and "run_id" not in event else {})
    if record is not None and record.exc_info and "request_id" not in event:
        event.update(request_field(record.exc_info[1]))
    return event


def _adopt(event: MutableMapping[str, Any], fields: Mapping[str, Any]) -> None:
    for name in ("workflow_id", "workflow_type", "run_id", "activity_type", "activity_id", "attempt", "task_queue"):
        if (value := fields.get(name) or fields.get(f"workflow_{name}")) is not None:
            event.setdefault(name, value)
