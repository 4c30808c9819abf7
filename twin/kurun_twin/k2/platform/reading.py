"""Records from rows."""

import re
import sqlite3
from urllib.parse import quote

from kurun_twin.definitions.k2_models import K2Definitions
from kurun_twin.k2.platform.records import EventRecord, InstanceRecord, InstanceStatus, TaskRecord, TaskState
from kurun_twin.k2.platform.refusals import NO_SUCH_ITEM, denied
from kurun_twin.k2.platform.users import K2User, Users

_SERIAL = re.compile(r"([0-9]{1,18})_([0-9]{1,18})")

# `taken` counts the other destinations that use up slots: they have the task open, or have done it.
_SELECT = """
SELECT i.*, d.id AS destination_id, d.user, d.opened, d.sleeping, d.sleep_until,
    d.starts_at, d.closed_at, a.id AS activity_id, a.step, a.slots,
    (SELECT count(*) FROM k2_destinations o
        WHERE o.activity_id = a.id AND o.id <> d.id AND (o.opened OR o.outcome = 'acted')) AS taken,
    (SELECT o.user FROM k2_destinations o
        WHERE o.activity_id = a.id AND o.id <> d.id AND o.opened ORDER BY o.id LIMIT 1) AS holder
FROM k2_destinations d
    JOIN k2_activities a ON a.id = d.activity_id
    JOIN k2_instances i ON i.id = d.instance_id
"""
LIST = f"{_SELECT} WHERE d.user = ? AND d.closed_at IS NULL AND d.starts_at <= ? ORDER BY d.id"
EVENTS = f"{_SELECT} WHERE d.user IS NULL AND d.closed_at IS NULL AND d.starts_at <= ? ORDER BY d.id"
ONE = f"{_SELECT} WHERE d.id = ? AND d.instance_id = ?"


class Reader:
    """Makes records, with addresses under ``address``.

    Attributes:
        address: The twin's own, without a path.
    """

    def __init__(self, definitions: K2Definitions, users: Users) -> None:
        self.address = "http://localhost"
        self._definitions = definitions
        self._users = users

    def destination(self, connection: sqlite3.Connection, serial: str, now: int) -> sqlite3.Row:
        """The row of a serial number, closed or not.

        Raises:
            K2Refusal: There is none.
        """
        found = _SERIAL.fullmatch(serial)
        row = connection.execute(ONE, (int(found[2]), int(found[1]))).fetchone() if found else None
        if row is None or row["starts_at"] > now:
            raise denied(NO_SUCH_ITEM)
        checked: sqlite3.Row = row
        return checked

    def open_events(self, connection: sqlite3.Connection, now: int) -> list[sqlite3.Row]:
        """The rows of server events that wait."""
        return connection.execute(EVENTS, (now,)).fetchall()

    def task(self, row: sqlite3.Row, viewer: K2User) -> TaskRecord:
        """A task as its destination sees it."""
        serial = f"{row['id']}_{row['destination_id']}"
        workflow = self._definitions.workflow_by_id(row["workflow_id"])
        step = workflow.step(row["step"]) if workflow else None
        holder = viewer if row["opened"] else row["holder"] and self._users.known(row["holder"])
        return TaskRecord(
            serial=serial,
            status=state(row),
            instance=self.instance(row),
            activity_id=row["activity_id"],
            destination_id=row["destination_id"],
            activity_name=row["step"],
            owner=viewer,
            allocated_to=holder or None,
            started_at=row["starts_at"],
            sleep_until=row["sleep_until"] if row["sleeping"] else None,
            actions=step.actions if step else (),
            form_url=f"{self.address}/Runtime/Form/{quote(row['step'], safe='')}/?SN={serial}",
        )

    def event(self, row: sqlite3.Row) -> EventRecord:
        """A server event."""
        return EventRecord(
            serial=f"{row['id']}_{row['destination_id']}",
            instance=self.instance(row),
            activity_id=row["activity_id"],
            destination_id=row["destination_id"],
            activity_name=row["step"],
            started_at=row["starts_at"],
        )

    def instance(self, row: sqlite3.Row) -> InstanceRecord:
        """A workflow instance."""
        return InstanceRecord(
            id=row["id"],
            workflow_id=row["workflow_id"],
            workflow_full_name=row["workflow_name"],
            folio=row["folio"],
            priority=row["priority"],
            expected_duration=row["expected_duration"],
            originator=self._users.known(row["originator"]),
            status=InstanceStatus(row["status"]),
            started_at=row["started_at"],
            completed_at=row["completed_at"],
            view_flow_url=f"{self.address}/ViewFlow/ViewFlow.aspx?ProcessID={row['id']}",
            data_fields_json=row["data_fields"],
            xml_fields_json=row["xml_fields"],
            item_references_json=row["item_references"],
        )


def state(row: sqlite3.Row) -> TaskState:
    """A destination's state as the destination sees it."""
    if row["closed_at"] is not None:
        return TaskState.COMPLETED
    if row["sleeping"]:
        return TaskState.SLEEP
    if row["opened"]:
        return TaskState.OPEN
    return TaskState.ALLOCATED if row["taken"] >= row["slots"] else TaskState.AVAILABLE
