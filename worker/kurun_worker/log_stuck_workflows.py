"""Keeping a workflow that cannot go on from saying so at length, and twice, at every attempt."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from kurun_worker.log_floods import Said, origin, say_instead

LOGGERS = ("temporalio.worker._workflow", "temporalio.worker._workflow_instance")
"""Where Temporal's Python side tells that it failed a workflow task."""

_CORE = "temporalio.core"
_FAILING = "Failing workflow task"
_RUN = re.compile(r"\brun ID (\S+)")


class WorkflowTaskFailures(logging.Filter):
    """Lets each run say why its task failed once a minute, and only the first of a minute with its traceback.

    The engine gives a failed task again and again, for as long as the workflow is not mended, and every attempt fails
    alike. Lines count as the same when run, error and its place in the code are the same; the next one tells how many
    were kept back. Where many runs fail at one place, one of them shows it.

    Temporal's core tells the same once more, as one long escaped line: it passes only where the Python side said
    nothing, which is so when the core itself found that a history does not fit.

    Args:
        clock: Seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.said = Said(clock)
        self.shown = Said(clock)
        self.runs = Said(clock)

    def filter(self, record: logging.LogRecord) -> bool:
        """See base class."""
        if record.name.startswith(_CORE):
            return not (_FAILING in record.getMessage() and self.runs.lately(_run_of_core(record)))
        error = record.exc_info[1] if record.exc_info and record.name in LOGGERS else None
        found = None if error is None else _RUN.search(record.getMessage())
        if error is None or found is None:
            return True
        self.runs.again(found[1])
        place = f"{_workflow_type(record)} {origin(error)}"
        kept_back = self.said.again(f"{found[1]} {place}")
        if kept_back is None:
            return False
        fields: dict[str, Any] = {"kept_back": kept_back} if kept_back else {}
        if self.shown.again(place) is None:
            record.exc_info = record.exc_text = None
            fields |= {"failure": type(error).__name__, "error": " ".join(str(error).split())}
        say_instead(record, fields)
        return True


def _run_of_core(record: logging.LogRecord) -> str:
    fields = getattr(getattr(record, "temporal_log", None), "fields", None)
    return str(fields.get("run_id")) if isinstance(fields, Mapping) else ""


def _workflow_type(record: logging.LogRecord) -> Any:
    workflow = getattr(record, "temporal_workflow", None)
    return workflow.get("workflow_type") if isinstance(workflow, Mapping) else None
