"""Activities on K2 tasks."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from temporalio import activity

from kurun_activities import attempts
from kurun_activities.k2 import context
from kurun_activities.k2.acting import Deed, Seen, acted_once
from kurun_activities.k2.failures import changed_nothing, unknown_outcome
from kurun_activities.k2.folio import key_of
from kurun_activities.k2.models import (
    K2TaskActionsRetrieveRequest,
    K2TaskActionsRetrieveResponse,
    K2TaskActRequest,
    K2TaskActResponse,
    K2TaskAssignRequest,
    K2TaskAssignResponse,
    K2TaskFindRequest,
    K2TaskFindResponse,
    K2TaskRedirectRequest,
    K2TaskRedirectResponse,
    K2TaskReleaseRequest,
    K2TaskReleaseResponse,
    K2TaskRetrieveRequest,
    K2TaskRetrieveResponse,
    K2TaskSleepRequest,
    K2TaskSleepResponse,
    K2TaskWakeRequest,
    K2TaskWakeResponse,
)
from kurun_clients.k2.errors import GoneOrForbidden, Refused, UnknownOutcome
from kurun_clients.k2.workflow_api.models import TaskState, TaskSummary


async def find_tasks(request: K2TaskFindRequest) -> K2TaskFindResponse:
    """The account's tasks, in one call; those that are wanted of them."""
    listed = await context.current().workflow.tasks.find(state=request.state)
    wanted = tuple(task for task in listed.tasks if _is_wanted(task, request))
    return K2TaskFindResponse(item_count=len(listed.tasks), tasks=wanted)


async def retrieve_task(request: K2TaskRetrieveRequest) -> K2TaskRetrieveResponse:
    """Read a task with its fields; nothing if it is gone or not for this account."""
    try:
        return K2TaskRetrieveResponse(task=await context.current().workflow.tasks.retrieve(request.serial_number))
    except GoneOrForbidden:
        return K2TaskRetrieveResponse()


async def retrieve_task_actions(request: K2TaskActionsRetrieveRequest) -> K2TaskActionsRetrieveResponse:
    """Read what can be done with a task."""
    actions = await context.current().workflow.tasks.actions(request.serial_number)
    return K2TaskActionsRetrieveResponse(actions=actions)


async def redirect_task(request: K2TaskRedirectRequest) -> K2TaskRedirectResponse:
    """Hand a task to someone else.

    A later attempt reads the task first. If it is gone, an earlier attempt redirected it or someone else was faster:
    that ends with ``K2.UnknownOutcome``.
    """
    tasks = context.current().workflow.tasks
    with attempts.noted(changed_nothing) as earlier:
        try:
            if earlier:
                await tasks.retrieve(request.serial_number)
            await tasks.redirect(request.serial_number, to=request.redirect_to)
        except GoneOrForbidden:
            if not earlier:
                raise
            raise unknown_outcome(
                f"task {request.serial_number} is gone: it was redirected by an earlier attempt, or someone was faster",
                {
                    "serialNumber": request.serial_number,
                    "redirectTo": request.redirect_to,
                    "seen": "gone",
                    "attempts": activity.info().attempt,
                },
            ) from None
    return K2TaskRedirectResponse()


async def sleep_task(request: K2TaskSleepRequest) -> K2TaskSleepResponse:
    """Put a task to sleep; a retry leaves the same end, and is content with a task that is awake again after it."""
    until = request.until or activity.info().scheduled_time + timedelta(seconds=request.seconds or 0)
    until = until.astimezone(UTC)
    tasks = context.current().workflow.tasks
    wanted = {TaskState.SLEEP}
    if datetime.now(UTC) >= until:
        wanted |= {TaskState.AVAILABLE, TaskState.OPEN}
    found = await _unless_there(
        request.serial_number, lambda: tasks.sleep(request.serial_number, until=until), wanted, again=True
    )
    return K2TaskSleepResponse(found=found, until=until)


async def release_task(request: K2TaskReleaseRequest) -> K2TaskReleaseResponse:
    """Give a task back to all its destinations; one that is available already stays so."""
    tasks = context.current().workflow.tasks
    found = await _unless_there(
        request.serial_number, lambda: tasks.release(request.serial_number), {TaskState.AVAILABLE}
    )
    return K2TaskReleaseResponse(found=found)


async def wake_task(request: K2TaskWakeRequest) -> K2TaskWakeResponse:
    """Wake a task; one that is awake already stays so."""
    tasks = context.current().workflow.tasks
    found = await _unless_there(
        request.serial_number, lambda: tasks.wake(request.serial_number), {TaskState.AVAILABLE, TaskState.OPEN}
    )
    return K2TaskWakeResponse(found=found)


async def assign_task(request: K2TaskAssignRequest) -> K2TaskAssignResponse:
    """Open a task for this account; one that it has open already stays so."""
    tasks = context.current().workflow.tasks
    found = await _unless_there(request.serial_number, lambda: tasks.assign(request.serial_number), {TaskState.OPEN})
    return K2TaskAssignResponse(found=found)


async def act_on_task(request: K2TaskActRequest) -> K2TaskActResponse:
    """Complete a task with an action, once; see :func:`~kurun_activities.k2.acting.acted_once` about retries."""
    tasks, serial_number = context.current().workflow.tasks, request.serial_number
    deed = Deed.requested(request, request.action)

    async def look() -> Seen:
        return Seen.of((await tasks.retrieve(serial_number)).status)

    found = await acted_once(
        deed, lambda: tasks.act(serial_number, request.action, deed.marked(request.changes())), look
    )
    return K2TaskActResponse(found=found)


async def _unless_there(
    serial_number: str, act: Callable[[], Awaitable[None]], wanted: set[TaskState], *, again: bool = False
) -> bool:
    """Act; if that fails, be content with a task that is as it should be, whoever did it.

    Args:
        serial_number: Which task.
        act: The call; repeating it does no harm.
        wanted: Its states afterwards.
        again: A state that was there before proves nothing: only a later attempt is content with it.

    Returns:
        Whether it was so already.
    """
    try:
        await act()
    except (GoneOrForbidden, Refused, UnknownOutcome):
        if again and not attempts.may_have_acted():
            raise
        task = await context.current().workflow.tasks.retrieve(serial_number)
        if task.status not in wanted:
            raise
        return True
    return False


def _is_wanted(task: TaskSummary, request: K2TaskFindRequest) -> bool:
    instance, key = request.workflow_instance_id, request.business_key
    return (instance is None or task.workflow_instance_id == instance) and (
        key is None or key_of(task.workflow_instance_folio) == key
    )
