"""What a log line inside an activity says about where it was written."""

from collections.abc import Sequence
from typing import Any

import structlog
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

_SUBJECTS = ("process_id", "process_item_id")


class LogContextInterceptor(Interceptor):
    """Binds workflow, run, activity, process and process item to every log line of an activity.

    The values are context variables; Temporal carries those into the thread of an activity that is not async.
    """

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """See base class."""
        return _LogContext(next)


class _LogContext(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the name is temporalio's
        with structlog.contextvars.bound_contextvars(**log_context(activity.info(), input.args)):
            return await super().execute_activity(input)


def log_context(info: activity.Info, arguments: Sequence[Any]) -> dict[str, Any]:
    """The fields of a log line; process and process item are taken from the activity's request."""
    fields = {
        "workflow_id": info.workflow_id,
        "run_id": info.workflow_run_id,
        "activity_type": info.activity_type,
        "activity_id": info.activity_id,
        "attempt": info.attempt,
        "task_queue": info.task_queue,
    }
    for name in _SUBJECTS:
        for argument in arguments:
            if (value := getattr(argument, name, None)) is not None:
                fields[name] = str(value)
    return {name: value for name, value in fields.items() if value is not None}
