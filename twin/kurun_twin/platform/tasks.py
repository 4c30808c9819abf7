"""Tasks: claimed, assigned, filled in, logged and completed.

READY --claim, assign--> CLAIMED --complete--> COMPLETED
READY or CLAIMED --cancel--> CANCELLED
"""

import sqlite3
from typing import Literal
from uuid import uuid4

from kurun_twin.clock import microseconds
from kurun_twin.definitions import Definitions
from kurun_twin.json_schema import JsonSchema
from kurun_twin.options import TwinOptions
from kurun_twin.outbox import Outbox
from kurun_twin.platform import engine_messages, item_records, process_records, records
from kurun_twin.platform.documents import link_documents
from kurun_twin.platform.json_data import JsonObject, judged, unpacked
from kurun_twin.platform.json_patch import PatchOperation, patched
from kurun_twin.platform.principals import Principal, Principals
from kurun_twin.platform.refusals import Conflict, Forbidden, Invalid, InvalidData
from kurun_twin.platform.requests import AppendLog, Assign

Part = Literal["data", "context_data"]
"""The two JSON values of a task."""


class Tasks:
    """The rules of tasks. Every method runs inside the caller's transaction and answers with the whole item."""

    def __init__(self, definitions: Definitions, principals: Principals, outbox: Outbox, options: TwinOptions) -> None:
        self._definitions = definitions
        self._principals = principals
        self._outbox = outbox
        self._options = options
        self._tenant_id = str(definitions.tenant.id)

    def claim(self, connection: sqlite3.Connection, caller: Principal, item_id: str) -> JsonObject:
        """Make the caller the owner; nothing happens to a task that is theirs already."""
        row = self._changeable(connection, item_id)
        if row["state"] == "CLAIMED" and row["owner_id"] == caller.id:
            return self._body(connection, item_id)
        if row["state"] != "READY":
            raise Conflict(f"the task is {row['state']}, only a READY one can be claimed")
        return self._give(connection, caller, item_id, caller)

    def assign(self, connection: sqlite3.Connection, caller: Principal, item_id: str, request: Assign) -> JsonObject:
        """Make someone the owner, whoever had it before."""
        row = self._open(connection, item_id)
        owner = self._principals.named(request.owner_id, request.owner_email, "owner")
        if owner is None:
            raise Invalid("name the owner by id or e-mail address", location="ownerId")
        if row["state"] == "CLAIMED" and row["owner_id"] == owner.id:
            return self._body(connection, item_id)
        return self._give(connection, caller, item_id, owner)

    def complete(self, connection: sqlite3.Connection, caller: Principal, item_id: str) -> JsonObject:
        """Complete a task that the caller has claimed, and tell its workflow."""
        row = self._changeable(connection, item_id)
        if row["state"] == "READY":
            raise Conflict("the task is READY: it has to be claimed first")
        if row["owner_id"] != caller.id:
            raise Forbidden("only its owner can complete a task")
        if row["state"] != "CLAIMED":
            raise Conflict(f"the task is {row['state']} already")
        self._ensure_valid(row)
        completed = {"state": "COMPLETED", "completed_at": microseconds()}
        records.update(connection, "process_items", item_id, caller.id, completed)
        self._outbox.write(connection, engine_messages.item_done(row, self._options.time_zone))
        return self._body(connection, item_id)

    def append_log(
        self, connection: sqlite3.Connection, caller: Principal, item_id: str, request: AppendLog
    ) -> JsonObject:
        """Add a line to the task's log, whatever its state; at the cap the oldest goes."""
        self._changeable(connection, item_id)
        connection.execute(
            "INSERT INTO task_logs (id, process_item_id, logged_at, level, message) VALUES (?, ?, ?, ?, ?)",
            (str(uuid4()), item_id, microseconds(), request.level.value, request.message),
        )
        connection.execute(
            "DELETE FROM task_logs WHERE process_item_id = :item AND position <="
            " (SELECT position FROM task_logs WHERE process_item_id = :item"
            " ORDER BY position DESC LIMIT 1 OFFSET :cap)",
            {"item": item_id, "cap": self._options.log_cap},
        )
        records.update(connection, "process_items", item_id, caller.id, {})
        return self._body(connection, item_id)

    def save(
        self, connection: sqlite3.Connection, caller: Principal, item_id: str, part: Part, value: JsonObject
    ) -> JsonObject:
        """Replace the data or the context data."""
        row = self._open(connection, item_id)
        records.update(
            connection, "process_items", item_id, caller.id, {part: judged(self._schema(connection, row, part), value)}
        )
        link_documents(connection, value)
        return self._body(connection, item_id)

    def patch(
        self, connection: sqlite3.Connection, caller: Principal, item_id: str, operations: list[PatchOperation]
    ) -> JsonObject:
        """Change the data; absent data counts as empty."""
        present = unpacked(self._open(connection, item_id)["data"]) or {"value": {}}
        return self.save(connection, caller, item_id, "data", patched(present["value"], operations))

    def render_webform(self, connection: sqlite3.Connection, item_id: str) -> None:
        """Refuse: KuFlow renders forms only for tenants that it was asked to.

        Raises:
            Refusal: Always.
        """
        item_records.task(connection, item_id)
        raise Forbidden("rendering forms as documents is not enabled for this tenant")

    def _body(self, connection: sqlite3.Connection, item_id: str) -> JsonObject:
        return item_records.body(connection, item_records.existing(connection, item_id), self._tenant_id)

    def _changeable(self, connection: sqlite3.Connection, item_id: str) -> sqlite3.Row:
        row = item_records.task(connection, item_id)
        process_records.changeable(connection, row["process_id"], self._options)
        return row

    def _open(self, connection: sqlite3.Connection, item_id: str) -> sqlite3.Row:
        row = self._changeable(connection, item_id)
        if row["state"] == "CANCELLED" or (row["state"] == "COMPLETED" and self._options.completed_tasks_are_fixed):
            raise Conflict(f"the task is {row['state']}")
        return row

    def _give(self, connection: sqlite3.Connection, caller: Principal, item_id: str, owner: Principal) -> JsonObject:
        claimed = {"state": "CLAIMED", "owner_id": owner.id, "claimed_at": microseconds()}
        records.update(connection, "process_items", item_id, caller.id, claimed)
        return self._body(connection, item_id)

    def _ensure_valid(self, row: sqlite3.Row) -> None:
        data = unpacked(row["data"])
        if self._options.complete_needs_valid_data and data and not data["valid"]:
            raise InvalidData(data["errors"])

    def _schema(self, connection: sqlite3.Connection, row: sqlite3.Row, part: Part) -> JsonSchema | None:
        process = process_records.existing(connection, row["process_id"])
        definition = self._definitions.process_by_id(process["definition_id"])
        item = definition.items.get(row["definition_code"]) if definition and definition.items else None
        if item is None:
            return None
        return item.data if part == "data" else item.context_data
