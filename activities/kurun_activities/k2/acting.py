"""Ending a task or a server event once, although activities are retried and K2 has no idempotency key."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, Self

from temporalio import activity

from kurun_activities import attempts
from kurun_activities.k2 import context
from kurun_activities.k2.failures import changed_nothing, gone, unknown_outcome
from kurun_activities.k2.models import K2MarkedRequest
from kurun_clients.http import ApiError
from kurun_clients.k2.errors import GoneOrForbidden, Temporary
from kurun_clients.k2.fields import FieldChanges
from kurun_clients.k2.serial_numbers import SerialNumber
from kurun_clients.k2.services.options import FieldFlags
from kurun_clients.k2.workflow_api.models import TaskState

MAX_TASKS_READ: Final = 5
"""Most tasks of the same instance that are read in search of a mark."""


class Seen(Enum):
    """How K2 shows a task or event that can be read."""

    WAITING = auto()
    """This account can act on it."""
    DONE = auto()
    """It is shown as done."""
    OTHER = auto()
    """It sleeps, or is somebody else's."""

    @classmethod
    def of(cls, status: str | None) -> Self:
        """What a task's status means; the items of both APIs have the same ones."""
        match status:
            case TaskState.AVAILABLE | TaskState.OPEN:
                return cls.WAITING
            case TaskState.COMPLETED:
                return cls.DONE
            case _:
                return cls.OTHER


@dataclass(frozen=True)
class Deed:
    """What an activity does to a task or event.

    Attributes:
        serial_number: Which one.
        action: What is done.
        marker_field: Data field for the mark, if there is one.
        mark: Says who did it: the serial number and an id that all attempts of the activity share.
    """

    serial_number: SerialNumber
    action: str
    marker_field: str | None
    mark: str

    @classmethod
    def of(cls, serial_number: str, action: str, marker_field: str | None) -> Self:
        """The deed of the running activity."""
        number = SerialNumber(serial_number)
        return cls(number, action, marker_field, f"{number}/{attempts.derived_id()}")

    @classmethod
    def requested(cls, request: K2MarkedRequest, action: str) -> Self:
        """The same for what a request asks."""
        return cls.of(request.serial_number, action, request.marker_field)

    def marked(self, changes: FieldChanges) -> FieldChanges:
        """The fields to write, with the mark among them."""
        if self.marker_field is None:
            return changes
        return changes.model_copy(update={"data_fields": {**changes.data_fields, self.marker_field: self.mark}})

    def seen(self, seen: str) -> dict[str, Any]:
        """The detail of a failure."""
        return {
            "serialNumber": str(self.serial_number),
            "action": self.action,
            "seen": seen,
            "attempts": activity.info().attempt,
        }


async def acted_once(deed: Deed, act: Callable[[], Awaitable[None]], look: Callable[[], Awaitable[Seen]]) -> bool:
    """Act, and in a later attempt first look whether an earlier one already did.

    What is still there was not acted on, because a serial number ends with its task. What is gone was done by an
    earlier attempt or by somebody else; only the mark in the marker field tells which. In the first attempt what K2
    says to be gone is read once: a stray answer must not end the activity.

    Args:
        deed: What is done.
        act: Does it.
        look: Reads the task or event.

    Returns:
        Whether an earlier attempt had done it.

    Raises:
        ApplicationError: ``K2.GoneOrForbidden``: somebody else did it. ``K2.UnknownOutcome``: nobody can tell.
        Temporary: K2 said in the first attempt that it is gone, and shows it as waiting.
    """
    with attempts.noted(changed_nothing) as earlier:
        try:
            if earlier and await look() is Seen.DONE:
                return True
            await act()
        except GoneOrForbidden as error:
            if not earlier:
                if activity.info().attempt == 1 and await _still_waits(look):
                    raise Temporary(f"{error}; but K2 still shows it as waiting", code=error.code) from error
                raise
            await _settle(deed)
            return True
    return False


async def _still_waits(look: Callable[[], Awaitable[Seen]]) -> bool:
    with suppress(ApiError):
        return await look() is Seen.WAITING
    return False


async def _settle(deed: Deed) -> None:
    """Return if an earlier attempt of this activity did it."""
    place = f"{deed.action} {deed.serial_number}: it is gone"
    if deed.marker_field is None:
        raise unknown_outcome(f"{place}; an earlier attempt or somebody else did it", deed.seen("gone"))
    written = await _written_mark(deed)
    if written == deed.mark:
        return
    if written == "":
        raise gone(f"{place}, and no earlier attempt did it: the marker field is empty", deed.seen("gone, no mark"))
    if written is not None and written.startswith(f"{deed.serial_number}/"):
        raise gone(f"{place}: somebody else did it, and left another mark", deed.seen("gone, mark of another"))
    # A mark of another task of the instance may have replaced ours, or have been there before.
    seen = "gone, mark not readable" if written is None else "gone, mark of another task"
    raise unknown_outcome(f"{place}; the marker field does not tell by whom", deed.seen(seen))


async def _written_mark(deed: Deed) -> str | None:
    """What the marker field holds, as text; ``None`` if it cannot be read."""
    clients, instance = context.current(), deed.serial_number.workflow_instance_id
    if clients.has_services:
        try:
            found = await clients.services.process.retrieve(instance, fields=FieldFlags(process_data=True))
        except GoneOrForbidden:
            pass  # the instance has ended, or this account may not read it
        else:
            values = {field.name: field.value for field in found.data_fields}
            if deed.marker_field in values:
                return values[deed.marker_field]
    return await _mark_in_tasks(deed, instance) if clients.has_workflow else None


async def _mark_in_tasks(deed: Deed, instance: int) -> str | None:
    """The same, as another task of the instance shows it to this account."""
    clients = context.current()
    listed = await clients.workflow.tasks.find(state=clients.settings.watch_state)
    others = [task for task in listed.tasks if task.workflow_instance_id == instance]
    for task in others[:MAX_TASKS_READ]:
        try:
            fields = (await clients.workflow.tasks.retrieve(task.serial_number)).fields
        except GoneOrForbidden:
            continue
        if deed.marker_field in fields:
            return _text(fields[deed.marker_field])
    return None


def _text(value: object) -> str:
    return "" if value is None else str(value)
