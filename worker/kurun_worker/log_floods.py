"""Keeping an outage from filling the disk with the same line."""

import logging
import re
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from structlog.typing import EventDict, WrappedLogger
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
_UNREGISTERED = re.compile(r"Activity function (\S+) for workflow (.+) is not registered on this worker", re.DOTALL)
_FIELDS = "kurun_failure"
_ACTIVITY_LOGGER = "temporalio.activity"
_WORKFLOW_LOGGERS = "temporalio.worker._workflow"
_IDENTIFIER = "__temporal_error_identifier"
_ATTEMPT_FAILED = "ActivityFailure"
_REPEATING = ("temporalio.core", "temporalio.worker.workflow_sandbox")

MOST_MESSAGE = 600
"""Characters of a failure's message."""
MOST_TRACEBACK = 4000
"""Characters of a failure's traceback, message included."""


class Said:
    """What was said when, and how often it was kept back since; handlers filter in any thread.

    Args:
        clock: Seconds that never run backwards.
    """

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

    def lately(self, line: str) -> bool:
        """Whether a line was said in the last minute."""
        with self._lock:
            since, _ = self._said.get(line, (self._clock() - INTERVAL, 0))
            return self._clock() - since < INTERVAL


class OncePerMinute(logging.Filter):
    """Lets a record of Temporal's core, or of its sandbox, through once a minute, however often it comes.

    The core reports every repeat of every call in flight, about once a second each, and the sandbox every forbidden
    call, which comes again with every attempt. Records count as the same when they differ in numbers only.

    Args:
        clock: Seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.said = Said(clock)

    def filter(self, record: logging.LogRecord) -> bool:
        """See base class."""
        if not record.name.startswith(_REPEATING):
            return True
        return self.said.again(f"{record.name} {_NUMBERS.sub('#', record.getMessage())}") is not None


class ActivityFailures(logging.Filter):
    """Makes one line of an activity's failure that says everything by itself, and lets it through once a minute.

    In an outage every attempt of every activity fails alike. Lines count as the same when type and activity are the
    same; the next one tells how many were kept back. A failure that ends its activity is never kept back, as it comes
    once. One that nobody foresaw keeps its traceback, and counts as the same when it comes from the same place.

    Args:
        clock: Seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.said = Said(clock)

    def filter(self, record: logging.LogRecord) -> bool:
        """See base class."""
        error = record.exc_info[1] if record.exc_info and record.name == _ACTIVITY_LOGGER else None
        said = None if error is None else _unregistered(error) or _foreseen(error)
        if error is None or (said is None and getattr(record, _IDENTIFIER, None) != _ATTEMPT_FAILED):
            return True  # an activity's own words
        fields = dict(said or {})
        if not (isinstance(error, ApplicationError) and error.non_retryable):
            kind, activity = fields.get("failure") or origin(error), fields.get("activity_type")
            kept_back = self.said.again(f"{kind} {activity or _activity_type(record)}")
            if kept_back is None:
                return False
            fields |= {"kept_back": kept_back} if kept_back else {}
        if said is not None:
            record.exc_info = record.exc_text = None
        say_instead(record, fields)
        return True


def bounded(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leave out the middle of what a failure says at length; secrets must have been hidden before.

    Meant are failures of activities and of workflow tasks.
    """
    if str(event.get("logger")).startswith((_ACTIVITY_LOGGER, _WORKFLOW_LOGGERS)):
        for name, most in (("error", MOST_MESSAGE), ("exception", MOST_TRACEBACK)):
            if isinstance(text := event.get(name), str) and len(text) > most:
                event[name] = f"{text[: most // 2]} … {text[-most // 2 :]}"
    return event


def say_instead(record: logging.LogRecord, fields: Mapping[str, Any]) -> None:
    """Let a line say this too, in place of a traceback that was taken from it."""
    setattr(record, _FIELDS, fields)


def failure_fields(record: logging.LogRecord | None) -> Mapping[str, Any]:
    """What a line says in place of the traceback that was taken from it."""
    fields: Mapping[str, Any] = getattr(record, _FIELDS, {})
    return fields


def _foreseen(error: BaseException) -> dict[str, Any] | None:
    """What to say of a failure of ours, which needs no traceback."""
    if not isinstance(error, ApplicationError) or not (error.type or "").startswith(_OURS):
        return None
    if error.type == FAILURE and error.message.startswith(_UNEXPECTED):
        return None
    said = {"failure": error.type, "error": " ".join(error.message.split())}
    return said | request_field(error.__cause__)


def _unregistered(error: BaseException) -> dict[str, Any] | None:
    """What to say of an activity that no module brings; Temporal lists all the others, and has no fields for it."""
    found = _UNREGISTERED.match(error.message) if isinstance(error, ApplicationError) else None
    if found is None or not isinstance(error, ApplicationError):
        return None
    activity, workflow_id = found.groups()
    said = f"no module of worker.modules has activity {activity}"
    return {"failure": error.type, "error": said, "activity_type": activity, "workflow_id": workflow_id}


def origin(error: BaseException) -> str:
    """An error's type and the place in the code that it comes from."""
    root = error
    if isinstance(error, ApplicationError) and error.__cause__ is not None:
        root = error.__cause__
    frames = traceback.extract_tb(root.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(root).__name__} {getattr(error, 'type', '')} {place}"


def _activity_type(record: logging.LogRecord) -> Any:
    activity = getattr(record, "temporal_activity", None)
    return activity.get("activity_type") if isinstance(activity, Mapping) else None
