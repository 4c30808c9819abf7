"""How instances go from step to step, and what time alone does to them."""

import sqlite3
from collections.abc import Callable

from kurun_twin.definitions.k2_models import K2ActionDefinition, K2Definitions, K2Step
from kurun_twin.k2.platform.history import note

_SECOND = 1_000_000


class Engine:
    """Moves instances on.

    Attributes:
        definitions: The workflows.
    """

    def __init__(self, definitions: K2Definitions, clock: Callable[[], int]) -> None:
        self.definitions = definitions
        self._clock = clock

    def settle(self, connection: sqlite3.Connection) -> int:
        """Do what is due: wake tasks whose sleep is over, end steps whose time is up.

        Every operation begins with it, so that nothing has to run in the background.

        Returns:
            Now, in microseconds since 1970 UTC.
        """
        now = self._clock()
        asleep = "sleeping = 1 AND sleep_until <= ?"
        for row in connection.execute(
            f"SELECT id, instance_id, sleep_until FROM k2_destinations WHERE {asleep}",  # noqa: S608 - own text
            (now,),
        ).fetchall():
            connection.execute("UPDATE k2_destinations SET sleeping = 0, sleep_until = NULL WHERE id = ?", (row["id"],))
            serial = f"{row['instance_id']}_{row['id']}"
            note(connection, "woke", row["sleep_until"], instance_id=row["instance_id"], serial=serial)
        while due := connection.execute(
            "SELECT id, instance_id, step, expires_at FROM k2_activities"
            " WHERE done_at IS NULL AND expires_at <= ? ORDER BY expires_at LIMIT 1",
            (now,),
        ).fetchone():
            note(connection, "expired", due["expires_at"], instance_id=due["instance_id"], step=due["step"])
            self.end_activity(connection, due["id"], at=due["expires_at"], outcome="expired")
        return now

    def end_activity(
        self,
        connection: sqlite3.Connection,
        activity_id: int,
        *,
        at: int,
        outcome: str = "withdrawn",
        action: K2ActionDefinition | None = None,
    ) -> None:
        """Close a step with the tasks that are left of it, and go on to the next."""
        connection.execute(
            "UPDATE k2_destinations SET closed_at = ?, outcome = ?, opened = 0, sleeping = 0, sleep_until = NULL"
            " WHERE activity_id = ? AND closed_at IS NULL",
            (at, outcome, activity_id),
        )
        connection.execute("UPDATE k2_activities SET done_at = ? WHERE id = ?", (at, activity_id))
        row = connection.execute(
            "SELECT i.id, i.workflow_id, a.step FROM k2_activities a JOIN k2_instances i ON i.id = a.instance_id"
            " WHERE a.id = ?",
            (activity_id,),
        ).fetchone()
        workflow = self.definitions.workflow_by_id(row["workflow_id"])
        self.enter(connection, row["id"], workflow.after(row["step"], action) if workflow else None, at=at)

    def enter(self, connection: sqlite3.Connection, instance_id: int, step: K2Step | None, *, at: int) -> None:
        """Begin a step; without one the instance is completed."""
        if step is None:
            connection.execute(
                "UPDATE k2_instances SET status = 'Completed', completed_at = ? WHERE id = ?", (at, instance_id)
            )
            note(connection, "completed", at, instance_id=instance_id)
            return
        life = step.expires_after
        activity = connection.execute(
            "INSERT INTO k2_activities (instance_id, step, slots, starts_at, expires_at) VALUES (?, ?, ?, ?, ?)",
            (instance_id, step.name, step.slots, at, life and at + int(life.total_seconds() * _SECOND)),
        ).lastrowid
        assert activity is not None  # noqa: S101 - a row was inserted
        for user in step.destinations if step.is_task else (None,):
            add_destination(connection, instance_id, activity, user, at=at)


def add_destination(
    connection: sqlite3.Connection, instance_id: int, activity_id: int, user: str | None, *, at: int
) -> str:
    """Let a step wait for one more; the answer is the serial number."""
    added = connection.execute(
        "INSERT INTO k2_destinations (instance_id, activity_id, user, starts_at) VALUES (?, ?, ?, ?)",
        (instance_id, activity_id, user, at),
    )
    return f"{instance_id}_{added.lastrowid}"
