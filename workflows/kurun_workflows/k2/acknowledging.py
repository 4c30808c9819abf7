"""Completing the task that brought an outcome."""

from typing import Protocol

from temporalio.exceptions import ActivityError

from kurun_activities.k2 import names
from kurun_activities.k2.failure_types import GONE_OR_FORBIDDEN, UNKNOWN_OUTCOME
from kurun_activities.k2.models.tasks import K2TaskActRequest, K2TaskActResponse
from kurun_clients.k2.workflow_api.models import Task
from kurun_clients.kuflow.models import ProcessItemTaskLogLevel
from kurun_workflows.calls import Calls
from kurun_workflows.k2.failures import WRONG_REQUEST, failure_type, reason, saw_it_gone
from kurun_workflows.k2.outcomes import K2ApprovalFailed

WARN = ProcessItemTaskLogLevel.WARN


class Log(Protocol):
    """Keeps a line for people."""

    async def __call__(self, text: str, level: ProcessItemTaskLogLevel = ...) -> None:
        """Keep it."""


async def acknowledged(calls: Calls, log: Log, task: Task, wanted: str | None) -> str | None:
    """Complete an outcome task, which was read before.

    Args:
        calls: Calls the activity.
        log: Told what is unusual.
        task: The task.
        wanted: The action; its only one without it.

    Returns:
        The action; ``None`` if somebody else was first.

    Raises:
        K2ApprovalFailed: K2 refuses it, or the task has several actions and none is named.
    """
    action = wanted or _only_action(task)
    request = K2TaskActRequest(serial_number=task.serial_number, action=action)
    try:
        await calls.short(names.ACT_ON_TASK, request, K2TaskActResponse)
    except ActivityError as error:
        kind = failure_type(error)
        if kind == GONE_OR_FORBIDDEN:
            await log(f"K2 task {task.serial_number} was acknowledged by somebody else", WARN)
            return None
        if kind == UNKNOWN_OUTCOME and saw_it_gone(error):
            await log(f"K2's reply to {action!r} was lost; the task is gone, so it counts as done", WARN)
            return action
        if kind in WRONG_REQUEST or kind == UNKNOWN_OUTCOME:
            raise K2ApprovalFailed(f"K2 task {task.serial_number} cannot be completed: {reason(error)}") from error
        raise
    return action


def _only_action(task: Task) -> str:
    actions = [*task.actions.batchable_actions, *task.actions.non_batchable_actions] if task.actions else []
    if len(actions) != 1:
        listed = ", ".join(actions) or "none"
        raise K2ApprovalFailed(f"K2 task {task.serial_number} has these actions: {listed}. Name one in `acknowledge`")
    return actions[0]
