"""Activities that act on worklist items and tasks of the K2 Services, once each."""

from kurun_activities import attempts
from kurun_activities.k2 import context
from kurun_activities.k2.acting import Seen, acted_once
from kurun_activities.k2.failures import changed_nothing
from kurun_activities.k2.models import (
    K2ServicesActionExecuteRequest,
    K2ServicesActionExecuteResponse,
    K2ServicesItemActionExecuteRequest,
    K2ServicesItemActionExecuteResponse,
    K2ServicesMarkedRequest,
    K2ServicesTasksUpdateRequest,
    K2ServicesTasksUpdateResponse,
    K2ServicesTaskUpdateRequest,
    K2ServicesTaskUpdateResponse,
    K2TaskUpdateFailure,
)
from kurun_activities.k2.services.arguments import action, changes, deed
from kurun_clients.k2.errors import GoneOrForbidden
from kurun_clients.k2.serial_numbers import SerialNumber
from kurun_clients.k2.services.failure import Failure
from kurun_clients.k2.services.updates import TaskUpdate


async def execute_action(request: K2ServicesActionExecuteRequest) -> K2ServicesActionExecuteResponse:
    """Do something with an item, once; without fields there is no mark, so what is gone in a retry stays unknown."""
    worklist, serial_number = context.current().services.worklist, request.serial_number

    async def acting() -> None:
        await worklist.execute(serial_number, action(request), synchronous=request.synchronous)

    found = await acted_once(deed(request), acting, lambda: _item_seen(serial_number))
    return K2ServicesActionExecuteResponse(found=found)


async def execute_item_action(request: K2ServicesItemActionExecuteRequest) -> K2ServicesItemActionExecuteResponse:
    """Do something with an item and change its fields, once."""
    worklist, serial_number = context.current().services.worklist, request.serial_number
    done = deed(request, request.marker_field)

    async def acting() -> None:
        await worklist.execute_action(
            serial_number, action(request), changes(request, done), synchronous=request.synchronous
        )

    found = await acted_once(done, acting, lambda: _item_seen(serial_number))
    return K2ServicesItemActionExecuteResponse(found=found)


async def update_task(request: K2ServicesTaskUpdateRequest) -> K2ServicesTaskUpdateResponse:
    """Do something with a task and change its fields, once."""
    tasks, serial_number = context.current().services.task, request.serial_number
    done = deed(request, request.marker_field)
    update = TaskUpdate(serial_number=serial_number, action=action(request), fields=changes(request, done))
    found = await acted_once(done, lambda: tasks.update(update), lambda: _task_seen(serial_number))
    return K2ServicesTaskUpdateResponse(found=found)


async def update_tasks(request: K2ServicesTasksUpdateRequest) -> K2ServicesTasksUpdateResponse:
    """Do something with several tasks, in one call; a retry sends only those that are still there.

    Which update a failure belongs to is known only if K2 gives its number back.
    """
    with attempts.noted(changed_nothing) as earlier:
        gone = await _gone([each.serial_number for each in request.updates]) if earlier else set()
        updates = {
            number: _update(number, each)
            for number, each in enumerate(request.updates, start=1)
            if each.serial_number not in gone
        }
        failures = await context.current().services.task.update_many(list(updates.values())) if updates else ()
    return K2ServicesTasksUpdateResponse(
        failures=tuple(_failure(each, updates) for each in failures), gone=tuple(sorted(gone))
    )


def _update(number: int, request: K2ServicesMarkedRequest) -> TaskUpdate:
    fields = changes(request, deed(request, request.marker_field))
    return TaskUpdate(serial_number=request.serial_number, action=action(request), fields=fields, id=number)


def _failure(said: Failure, updates: dict[int, TaskUpdate]) -> K2TaskUpdateFailure:
    number = int(said.id) if said.id is not None and said.id.isascii() and said.id.isdigit() else 0
    update = updates.get(number)
    return K2TaskUpdateFailure(message=said.message, serial_number=update.serial_number if update else None)


async def _item_seen(serial_number: str) -> Seen:
    return Seen.of((await context.current().services.worklist.retrieve(serial_number)).status)


async def _task_seen(serial_number: str) -> Seen:
    return Seen.of((await context.current().services.task.retrieve(serial_number)).status)


async def _gone(serial_numbers: list[str]) -> set[str]:
    """Those that cannot be acted on any more."""
    listed = {task.serial_number for task in await context.current().services.task.find()}
    return {each for each in serial_numbers if SerialNumber(each) not in listed and await _is_gone(each)}


async def _is_gone(serial_number: str) -> bool:
    try:
        return await _task_seen(serial_number) is Seen.DONE  # one that sleeps is not listed either
    except GoneOrForbidden:
        return True
