"""The activity that appends to a task's log, without doubles."""

from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio import activity

from kurun_activities import attempts, context
from kurun_activities.models import ProcessItemTaskLogAppendRequest, ProcessItemTaskLogAppendResponse
from kurun_clients.kuflow.models import ProcessItem, ProcessItemTaskAppendLogParams, ProcessItemTaskLog

CLOCK_ALLOWANCE: Final = timedelta(seconds=2)
"""How far KuFlow's clock may lag behind the engine's.

Lines are stamped by one and activities scheduled by the other. Too small, a line of our own would look older than the
activity and be doubled; too large, an identical line of an activity just before would be taken for ours. Clocks kept by
NTP differ by far less.
"""


async def append_process_item_task_log(request: ProcessItemTaskLogAppendRequest) -> ProcessItemTaskLogAppendResponse:
    """Append a line to a task's log, once.

    KuFlow's append-log has no idempotency key. The first attempt appends at once. A later one, unless the one before
    noted that KuFlow refused it, first reads the log and looks for a line with the same level and text, stamped after
    the activity was scheduled; if there is one, an earlier attempt wrote it. This covers a worker that was killed
    after the call and a reply that was lost.

    Limits: of two activities that append the same text to the same task at the same time, a retry of one may take the
    other's line for its own, and one line is missing. If KuFlow dropped the line meanwhile because the log is at its
    cap, it is written again. As a local activity, which starts anew on another worker, a line can be doubled.
    """
    items = context.current().kuflow.process_items
    params = ProcessItemTaskAppendLogParams(message=request.message, level=request.level)
    with attempts.noted() as earlier:
        if earlier:
            item = await items.retrieve(request.process_item_id)
            if _has_line(item, params, since=activity.info().scheduled_time - CLOCK_ALLOWANCE):
                return ProcessItemTaskLogAppendResponse(process_item=item)
        item = await items.append_log(request.process_item_id, params)
    return ProcessItemTaskLogAppendResponse(process_item=item)


def _has_line(item: ProcessItem, wanted: ProcessItemTaskAppendLogParams, *, since: datetime) -> bool:
    def is_ours(line: ProcessItemTaskLog) -> bool:
        stamp = line.timestamp if line.timestamp.tzinfo else line.timestamp.replace(tzinfo=UTC)
        return (line.message, line.level) == (wanted.message, wanted.level) and stamp >= since

    return item.task is not None and any(is_ours(line) for line in item.task.logs or ())
