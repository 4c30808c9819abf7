"""Server events: steps that wait until some program says they are done."""

import sqlite3

from kurun_twin.k2.platform import fields
from kurun_twin.k2.platform.engine import Engine
from kurun_twin.k2.platform.history import note
from kurun_twin.k2.platform.instances import store
from kurun_twin.k2.platform.reading import Reader
from kurun_twin.k2.platform.records import Changes, EventRecord
from kurun_twin.k2.platform.refusals import NO_SUCH_ITEM, NOT_YOURS, denied, not_permitted
from kurun_twin.k2.platform.users import K2User, Users


class ServerEvents:
    """Rules of server events."""

    def __init__(self, users: Users, engine: Engine, reader: Reader) -> None:
        self._users = users
        self._engine = engine
        self._reader = reader

    def retrieve(self, connection: sqlite3.Connection, user: K2User, serial: str) -> EventRecord:
        """An event that waits.

        Raises:
            K2Refusal: There is none, or the account lacks the Server Event right.
        """
        now = self._engine.settle(connection)
        return self._reader.event(self._waiting(connection, user, serial, now))

    def finish(self, connection: sqlite3.Connection, user: K2User, serial: str, changes: Changes | None = None) -> None:
        """Finish an event; its instance goes on.

        Raises:
            K2Refusal: There is none, the account lacks the Server Event right, or the changes do not fit.
        """
        now = self._engine.settle(connection)
        row = self._waiting(connection, user, serial, now)
        instance = self._reader.instance(row)
        workflow = self._engine.definitions.workflow_by_id(row["workflow_id"])
        store(connection, instance, fields.columns(workflow, instance, changes or Changes()))
        note(connection, "finished", now, instance_id=row["id"], serial=serial, who=user.name)
        self._engine.end_activity(connection, row["activity_id"], at=now, outcome="finished")

    def waiting(self, connection: sqlite3.Connection) -> list[EventRecord]:
        """Every event that waits, oldest first: what K2 would tell the programs concerned by messages of its own."""
        now = self._engine.settle(connection)
        return [self._reader.event(row) for row in self._reader.open_events(connection, now)]

    def _waiting(self, connection: sqlite3.Connection, user: K2User, serial: str, now: int) -> sqlite3.Row:
        if not self._users.may_use_server_events(user):
            raise not_permitted(f"{user.fqn} does not have the Server Event right")
        row = self._reader.destination(connection, serial, now)
        if row["user"] is not None:
            raise denied(NO_SUCH_ITEM)
        if row["closed_at"] is not None:
            raise denied(NOT_YOURS)
        return row
