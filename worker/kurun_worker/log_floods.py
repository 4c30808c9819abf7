"""Keeping an outage from filling the disk with the same line."""

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from temporalio.exceptions import ApplicationError

from kurun_activities.failure_types import FAILURE
from kurun_worker.reasons import request_field

INTERVAL = 60.0
"""Seconds for which a line that has been said is not said again."""

MOST_LINES = 200
"""Different lines that are remembered; older ones may be said again."""

_NUMBERS = re.compile(r"\d+")
_OURS = ("KuFlowActivities.", "KuFlowRobots.", "K2.")
_UNEXPECTED = "Invocation error: "
_FIELDS = "kurun_failure"


class _Said:
    """What was said when, and how often it was kept back since; handlers filter in any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._said: dict[str, tuple[float, int]] = {}

    def __len__(self) -> int:
        return len(self._said)

    def again(self, line: str) -> int | None:
        """How often a line that may be said now was kept back; ``None`` if it may not."""
        with self._lock:
            now = self._clock()
            since, kept_back = self._said.get(line, (now - INTERVAL, 0))
            if now - since < INTERVAL:
                self._said[line] = since, kept_back + 1
                return None
            self._said.pop(line, None)
            while len(self._said) >= MOST_LINES:
                del self._said[next(iter(self._said))]
            self._said[line] = now, 0
            return kept_back


class OncePerMinute(logging.Filter):
    """Lets a record of Temporal's core through once a minute, however often it comes.

    The core reports every repeat of every call in flight, about once a second each. Records count as the same when
    they differ in numbers only.

    Args:
        clock: Seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.said = _Said(clock)

    def filter(self, record: logging.LogRecord) -> bool:
        """See base class."""
        if not record.name.startswith("temporalio.core"):
            return True
        return self.said.again(f"{record.name} {_NUMBERS.sub('#', record.getMessage())}") is not None


class ActivityFailures(logging.Filter):
    """Makes one line of an activity's failure that says everything by itself, and lets it through once a minute.

    In an outage every attempt of every activity fails alike. Lines count as the same when type and activity are the
    same; the next one tells how many were kept back. A failure that ends its activity is never kept back, as it comes
    once. One that nobody foresaw keeps its traceback, and comes each time.

    Args:
        clock: Seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.said = _Said(clock)

    def filter(self, record: logging.LogRecord) -> bool:
        """See base class."""
        error = record.exc_info[1] if record.exc_info and record.name == "temporalio.activity" else None
        if not isinstance(error, ApplicationError) or not _foreseen(error):
            return True
        fields: dict[str, Any] = {"failure": error.type, "error": " ".join(error.message.split())}
        fields |= request_field(error.__cause__)
        if not error.non_retryable:
            kept_back = self.said.again(f"{error.type} {_activity_type(record)}")
            if kept_back is None:
                return False
            fields |= {"kept_back": kept_back} if kept_back else {}
        record.exc_info = record.exc_text = None
        setattr(record, _FIELDS, fields)
        return True


def failure_fields(record: logging.LogRecord | None) -> Mapping[str, Any]:
    """What a line says in place of the traceback that was taken from it."""
    fields: Mapping[str, Any] = getattr(record, _FIELDS, {})
    return fields


def _foreseen(error: ApplicationError) -> bool:
    if error.type == FAILURE and error.message.startswith(_UNEXPECTED):
        return False
    return (error.type or "").startswith(_OURS)


def _activity_type(record: logging.LogRecord) -> Any:
    activity = getattr(record, "temporal_activity", None)
    return activity.get("activity_type") if isinstance(activity, Mapping) else None
