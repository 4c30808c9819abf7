"""Process items as they lie in the database."""

import json
import sqlite3
from collections.abc import Sequence

from kurun_twin.clock import microseconds, wire_time
from kurun_twin.platform import records
from kurun_twin.platform.json_data import JsonObject, unpacked
from kurun_twin.platform.refusals import Conflict, NotFound


def existing(connection: sqlite3.Connection, item_id: str) -> sqlite3.Row:
    """The item.

    Raises:
        NotFound: There is none with this id.
    """
    row: sqlite3.Row | None = connection.execute("SELECT * FROM process_items WHERE id = ?", (item_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no process item {item_id}")
    return row


def task(connection: sqlite3.Connection, item_id: str) -> sqlite3.Row:
    """The item, if it is a task.

    Raises:
        Refusal: There is none, or it is a message or a thread.
    """
    row = existing(connection, item_id)
    if row["type"] != "TASK":
        raise Conflict(f"the process item {item_id} is a {row['type']}, no TASK")
    return row


def cancel_open(connection: sqlite3.Connection, by: str, process_id: str, item_ids: Sequence[str] = ()) -> None:
    """Cancel the tasks of a process that are ready or claimed; those named, or all."""
    now = microseconds()
    connection.execute(
        "UPDATE process_items SET state = 'CANCELLED', cancelled_at = ?, last_modified_by = ?, last_modified_at = ?"
        " WHERE process_id = ? AND state IN ('READY', 'CLAIMED')"
        " AND (? OR id IN (SELECT value FROM json_each(?)))",
        (now, by, now, process_id, not item_ids, json.dumps(list(item_ids))),
    )


def page_body(row: sqlite3.Row, tenant_id: str) -> JsonObject:
    """The item as an entry of a page, in both of the shapes that the API has had."""
    whole = {
        **records.audit(row),
        **records.deletion(row),
        "id": row["id"],
        "uri": f"ku:process-item/{row['id']}",
        "type": row["type"],
        "processId": row["process_id"],
        "processItemThreadId": row["thread_id"],
        "ownerId": row["owner_id"],
        "tenantId": tenant_id,
    }
    definition = {
        "id": row["definition_id"],
        "version": row["definition_version"],
        "code": row["definition_code"],
    }
    if row["definition_id"]:
        whole["processItemDefinitionRef"] = definition
    if row["type"] == "TASK":
        # The older shape's field; the present contract still lists it as required.
        whole["task"] = {"state": row["state"], "taskDefinition": {**definition, "name": row["definition_name"]}}
    elif row["type"] == "MESSAGE":
        whole["message"] = _present(
            {"text": row["text"], "dataStructureDataDefinitionCode": row["data_definition_code"]}
        )
    return _present(whole)


def body(connection: sqlite3.Connection, row: sqlite3.Row, tenant_id: str) -> JsonObject:
    """The whole item, with its data and its log."""
    whole = page_body(row, tenant_id)
    if row["type"] == "TASK":
        whole["task"] |= _present({"data": unpacked(row["data"]), "contextData": unpacked(row["context_data"])})
        whole["task"]["logs"] = _logs(connection, row["id"])
    elif row["type"] == "MESSAGE":
        whole["message"] |= _present({"data": unpacked(row["data"])})
    return whole


def _logs(connection: sqlite3.Connection, item_id: str) -> list[JsonObject]:
    rows = connection.execute("SELECT * FROM task_logs WHERE process_item_id = ? ORDER BY position", (item_id,))
    return [
        {
            "id": row["id"],
            "timestamp": wire_time(row["logged_at"]),
            "message": row["message"],
            "level": row["level"],
        }
        for row in rows
    ]


def _present(fields: JsonObject) -> JsonObject:
    return {name: value for name, value in fields.items() if value is not None}
