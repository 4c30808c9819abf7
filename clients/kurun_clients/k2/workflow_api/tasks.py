"""Everything under /tasks."""

from datetime import datetime

from pydantic import ValidationError
from pydantic_core import from_json

from kurun_clients.http import InvalidRequest, Reply
from kurun_clients.k2.fields import FieldChanges, body, written
from kurun_clients.k2.serial_numbers import SerialNumber
from kurun_clients.k2.workflow_api.arguments import action_segment, moment, number, word
from kurun_clients.k2.workflow_api.calls import READ_IN_THREAD, Calls
from kurun_clients.k2.workflow_api.models import Task, TaskActions, TaskList, TaskSummary
from kurun_clients.threads import in_thread

Serial = str | SerialNumber
"""A serial number, with or without ``SN=``."""


class Tasks:
    """The tasks of the account that the client calls as: K2 shows and changes no others."""

    def __init__(self, calls: Calls, max_list_bytes: int) -> None:
        self._calls = calls
        self._max_list_bytes = max_list_bytes

    async def find(self, state: str | None = None) -> TaskList:
        """The caller's tasks, all of them; there are no pages.

        Args:
            state: ``All``, or a state. K2 does not document the values; without one it lists what is not asleep.
        """
        query = [] if state is None else [("state", word("state", state))]
        reply = await self._calls.fetch("/tasks", query=query, limit=self._max_list_bytes)
        with self._calls.outcome(changes_state=False):
            if len(reply.content) < READ_IN_THREAD:
                return reply.read(TaskList)
            return await in_thread(lambda: _long_list(reply))

    async def retrieve(self, serial: Serial) -> Task:
        """A task with its fields. It is not opened by that."""
        return await self._calls.read(Task, _path(serial))

    async def actions(self, serial: Serial) -> TaskActions:
        """What can be done with a task."""
        return await self._calls.read(TaskActions, _path(serial, "/actions"))

    async def redirect(self, serial: Serial, to: str) -> None:
        r"""Hand a task over. It leaves the caller's list, and need not keep its serial number.

        Args:
            serial: The task.
            to: Full name of the user with its label, such as ``K2:DENALLIX\Bob``.
        """
        await self._calls.change(_path(serial, "/actions/redirect"), body({"RedirectTo": word("to", to)}))

    async def sleep(self, serial: Serial, *, until: datetime | None = None, seconds: int | None = None) -> None:
        """Put a task to sleep; it leaves the default list until it wakes.

        Args:
            serial: The task.
            until: When it wakes. Prefer this: made twice, the call has the same end.
            seconds: After how many seconds it wakes. Made twice, the call starts them again.

        Raises:
            InvalidRequest: Both or neither is given; K2 takes one only.
        """
        if (until is None) == (seconds is None):
            raise InvalidRequest("a task sleeps until a moment or for some seconds: give one of them")
        sleeping: tuple[str, str | int] = (
            ("SleepUntil", moment("until", until)) if until else ("SleepFor", number("seconds", seconds or 0))
        )
        await self._calls.change(_path(serial, "/actions/sleep"), body([sleeping]))

    async def release(self, serial: Serial) -> None:
        """Give an opened task back to all who may open it."""
        await self._calls.change(_path(serial, "/actions/release"))

    async def wake(self, serial: Serial) -> None:
        """Wake a sleeping task."""
        await self._calls.change(_path(serial, "/actions/wake"))

    async def assign(self, serial: Serial) -> None:
        """Open a task for the caller, so that no other destination can."""
        await self._calls.change(_path(serial, "/actions/assign"))

    async def act(self, serial: Serial, action: str, changes: FieldChanges | None = None) -> None:
        """Complete a task with one of its workflow's actions.

        Args:
            serial: The task.
            action: Name of the action, such as ``Approve``; see :meth:`actions`.
            changes: Fields to write with it.
        """
        path = _path(serial, f"/actions/{action_segment(action)}")
        await self._calls.change(path, body(written(changes or FieldChanges())))


def _path(serial: Serial, below: str = "") -> str:
    return f"/tasks/{SerialNumber(serial)}{below}"


def _long_list(reply: Reply) -> TaskList:
    # Task by task: one validation of them all would hold the interpreter, and with it the event loop, to its end.
    try:
        members = from_json(reply.content)
    except ValueError as error:
        raise reply.call.invalid(f"{reply.status} with a body that is no JSON: {error}") from None
    if not isinstance(members, dict) or not isinstance(members.get("tasks"), list):
        return reply.read(TaskList)
    try:
        return TaskList.model_validate(
            members | {"tasks": tuple(TaskSummary.model_validate(task) for task in members["tasks"])}
        )
    except ValidationError:
        return reply.read(TaskList)  # names what is wrong, and where
