"""Tasks, as each of their destinations sees and does them.

Available --assign--> Open --release--> Available
Available or Open --sleep--> Sleep --wake, time--> as it was
Available, Open or Sleep --redirect--> another's, Available
Available or Open --an action--> Completed

A task whose slots are taken is Allocated to those who wait; to them everything that changes it is refused.
"""

import sqlite3
from datetime import datetime

from kurun_twin.definitions.k2_models import K2ActionDefinition
from kurun_twin.k2.platform import fields
from kurun_twin.k2.platform.engine import Engine, add_destination
from kurun_twin.k2.platform.history import note
from kurun_twin.k2.platform.instances import store
from kurun_twin.k2.platform.reading import LIST, Reader, state
from kurun_twin.k2.platform.records import Changes, TaskRecord, TaskState
from kurun_twin.k2.platform.refusals import (
    NO_SUCH_ITEM,
    NOT_YOURS,
    K2Refusal,
    RefusalKind,
    bad_request,
    denied,
    wrong_state,
)
from kurun_twin.k2.platform.users import K2User, Users
from kurun_twin.options import TwinOptions

LISTED = frozenset({TaskState.AVAILABLE, TaskState.OPEN, TaskState.ALLOCATED})
"""What a list holds unless it is asked for more."""

_SECOND = 1_000_000


class Tasks:
    """Rules of tasks."""

    def __init__(
        self,
        users: Users,
        engine: Engine,
        reader: Reader,
        options: TwinOptions,
    ) -> None:
        self._users = users
        self._engine = engine
        self._reader = reader
        self._options = options

    def list(
        self, connection: sqlite3.Connection, user: K2User, *, states: frozenset[TaskState] = LISTED
    ) -> list[TaskRecord]:
        """The account's tasks in these states, oldest first. Completed ones are never among them."""
        now = self._engine.settle(connection)
        rows = connection.execute(LIST, (user.name, now))
        return [self._reader.task(row, user) for row in rows if state(row) in states]

    def retrieve(self, connection: sqlite3.Connection, user: K2User, serial: str) -> TaskRecord:
        """One task; looking does not open it.

        Raises:
            K2Refusal: There is none for this account.
        """
        return self._reader.task(self._mine(connection, user, serial, self._engine.settle(connection)), user)

    def destinations(self, connection: sqlite3.Connection, user: K2User, serial: str) -> tuple[K2User, ...]:
        """Everyone whom the step of one of the caller's tasks is for, done with it or not.

        Raises:
            K2Refusal: There is no such task for this account.
        """
        row = self._mine(connection, user, serial, self._engine.settle(connection))
        found = connection.execute(
            "SELECT user FROM k2_destinations WHERE activity_id = ? AND user IS NOT NULL ORDER BY id",
            (row["activity_id"],),
        )
        return tuple(self._users.known(each["user"]) for each in found)

    def assign(self, connection: sqlite3.Connection, user: K2User, serial: str) -> TaskRecord:
        """Open an Available task, so that it takes up a slot."""
        now = self._engine.settle(connection)
        row = self._mine(connection, user, serial, now)
        self._expect(row, serial, TaskState.AVAILABLE)
        _set(connection, row, "opened = 1")
        self._note(connection, "assigned", row, user, now)
        return self._again(connection, user, serial, now)

    def release(self, connection: sqlite3.Connection, user: K2User, serial: str) -> TaskRecord:
        """Give back a task that the caller has open."""
        now = self._engine.settle(connection)
        row = self._mine(connection, user, serial, now)
        self._expect(row, serial, TaskState.OPEN)
        _set(connection, row, "opened = 0")
        self._note(connection, "released", row, user, now)
        return self._again(connection, user, serial, now)

    def wake(self, connection: sqlite3.Connection, user: K2User, serial: str) -> TaskRecord:
        """Wake a sleeping task; it is as it was before it slept."""
        now = self._engine.settle(connection)
        row = self._mine(connection, user, serial, now)
        self._expect(row, serial, TaskState.SLEEP)
        _set(connection, row, "sleeping = 0, sleep_until = NULL")
        self._note(connection, "awoken", row, user, now)
        return self._again(connection, user, serial, now)

    def sleep(self, connection: sqlite3.Connection, user: K2User, serial: str, until: datetime | None) -> TaskRecord:
        """Let a task sleep until a moment, or until it is woken. One that sleeps already gets the new end."""
        now = self._engine.settle(connection)
        row = self._mine(connection, user, serial, now)
        self._expect(row, serial, TaskState.AVAILABLE, TaskState.OPEN, TaskState.SLEEP)
        end = None if until is None else round(until.timestamp() * _SECOND)
        _set(connection, row, "sleeping = 1, sleep_until = ?", end)
        self._note(connection, "slept", row, user, now, until=end)
        return self._again(connection, user, serial, self._engine.settle(connection))

    def redirect(self, connection: sqlite3.Connection, user: K2User, serial: str, fqn: str) -> str:
        """Give a task to another account; the answer is the serial number under which that account has it.

        Raises:
            K2Refusal: The task is not the caller's to give, or there is no such account.
        """
        now = self._engine.settle(connection)
        row = self._mine(connection, user, serial, now)
        self._expect(row, serial, TaskState.AVAILABLE, TaskState.OPEN, TaskState.SLEEP)
        target = self._users.by_fqn(fqn)
        if target is None:
            raise bad_request(f"The user '{fqn}' could not be resolved.")
        if self._options.k2_redirect_keeps_serial:
            _set(connection, row, "user = ?, opened = 0, sleeping = 0, sleep_until = NULL", target.name)
            new = serial
        else:
            _close(connection, row, "redirected", now)
            new = add_destination(connection, row["id"], row["activity_id"], target.name, at=now)
        self._note(connection, "redirected", row, user, now, to=target.name, serial_there=new)
        return new

    def act(
        self,
        connection: sqlite3.Connection,
        user: K2User,
        serial: str,
        action: str,
        changes: Changes | None = None,
        *,
        batch_only: bool = False,
    ) -> None:
        """Do a task with one of its actions, and let the instance go on when as many did as it has slots.

        Args:
            connection: A transaction's.
            user: Who does it.
            serial: The task's serial number.
            action: The action's name; upper and lower case do not matter.
            changes: Fields of the instance to set; what the action itself sets comes after them.
            batch_only: Whether only actions will do that need no form.

        Raises:
            K2Refusal: The task is not the caller's to do, has no such action, or the changes do not fit.
        """
        now = self._engine.settle(connection)
        row = self._mine(connection, user, serial, now)
        self._expect(row, serial, TaskState.AVAILABLE, TaskState.OPEN)
        chosen = self._action(row, action, batch_only=batch_only)
        workflow = self._engine.definitions.workflow_by_id(row["workflow_id"])
        instance = self._reader.instance(row)
        given = changes or Changes()
        columns = fields.columns(workflow, instance, given)
        if chosen.set:
            values = {**given.data_fields, **chosen.set}
            columns["data_fields"] = fields.dumped(fields.merged(workflow, instance.data_fields, values))
        store(connection, instance, columns)
        _close(connection, row, "acted", now)
        self._note(connection, "acted", row, user, now, action=chosen.name)
        if _times_acted(connection, row["activity_id"]) >= row["slots"]:
            self._engine.end_activity(connection, row["activity_id"], at=now, action=chosen)

    def _mine(self, connection: sqlite3.Connection, user: K2User, serial: str, now: int) -> sqlite3.Row:
        row = self._reader.destination(connection, serial, now)
        if row["user"] is None:
            raise denied(NO_SUCH_ITEM)
        if row["user"] != user.name or row["closed_at"] is not None:
            raise denied(NOT_YOURS)
        return row

    def _expect(self, row: sqlite3.Row, serial: str, *allowed: TaskState) -> None:
        present = state(row)
        if present in allowed:
            return
        if present is TaskState.ALLOCATED:
            raise K2Refusal(
                RefusalKind.SLOT_TAKEN,
                f"{NO_SUCH_ITEM} Worklist item {serial} could not be opened: no slots are available.",
                code=NO_SUCH_ITEM,
            )
        raise wrong_state(f"The worklist item {serial} is in the state {present}.")

    def _action(self, row: sqlite3.Row, name: str, *, batch_only: bool) -> K2ActionDefinition:
        workflow = self._engine.definitions.workflow_by_id(row["workflow_id"])
        step = workflow.step(row["step"]) if workflow else None
        action = step.action(name) if step else None
        if action is None:
            raise bad_request(f"The action '{name}' does not exist on this task.")
        if batch_only and not action.batchable:
            raise bad_request(f"The action '{action.name}' is not configured for batch.")
        return action

    def _again(self, connection: sqlite3.Connection, user: K2User, serial: str, now: int) -> TaskRecord:
        return self._reader.task(self._reader.destination(connection, serial, now), user)

    def _note(
        self, connection: sqlite3.Connection, what: str, row: sqlite3.Row, user: K2User, now: int, **detail: object
    ) -> None:
        serial = f"{row['id']}_{row['destination_id']}"
        note(connection, what, now, instance_id=row["id"], serial=serial, who=user.name, **detail)


def _set(connection: sqlite3.Connection, row: sqlite3.Row, assignments: str, *values: object) -> None:
    connection.execute(
        f"UPDATE k2_destinations SET {assignments} WHERE id = ?",  # noqa: S608 - own texts only
        (*values, row["destination_id"]),
    )


def _close(connection: sqlite3.Connection, row: sqlite3.Row, outcome: str, now: int) -> None:
    assignments = "closed_at = ?, outcome = ?, opened = 0, sleeping = 0, sleep_until = NULL"
    _set(connection, row, assignments, now, outcome)


def _times_acted(connection: sqlite3.Connection, activity_id: int) -> int:
    counted = connection.execute(
        "SELECT count(*) FROM k2_destinations WHERE activity_id = ? AND outcome = 'acted'", (activity_id,)
    )
    return int(counted.fetchone()[0])
