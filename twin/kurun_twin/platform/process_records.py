"""Processes as they lie in the database."""

import sqlite3

from kurun_twin.options import TwinOptions
from kurun_twin.platform import records
from kurun_twin.platform.json_data import JsonObject, unpacked
from kurun_twin.platform.refusals import Conflict, Forbidden, NotFound, Refusal


def existing(connection: sqlite3.Connection, process_id: str) -> sqlite3.Row:
    """The process.

    Raises:
        NotFound: There is none with this id.
    """
    row: sqlite3.Row | None = connection.execute("SELECT * FROM processes WHERE id = ?", (process_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no process {process_id}")
    return row


def changeable(connection: sqlite3.Connection, process_id: str, options: TwinOptions) -> sqlite3.Row:
    """The process, if it is running.

    Raises:
        Refusal: There is none, or it is completed or cancelled.
    """
    row = existing(connection, process_id)
    if row["state"] != "RUNNING":
        raise closed(row, options)
    return row


def closed(row: sqlite3.Row, options: TwinOptions) -> Refusal:
    """Why nothing about this process can change any more."""
    message = f"the process {row['id']} is {row['state']}"
    return Forbidden(message) if options.closed_process_status == 403 else Conflict(message)


def page_body(row: sqlite3.Row, tenant_id: str) -> JsonObject:
    """The process as an entry of a page, in both of the shapes that the API has had."""
    definition = {"id": row["definition_id"], "version": row["definition_version"]}
    return {
        **records.audit(row),
        **records.deletion(row),
        "id": row["id"],
        "uri": f"ku:process/{row['id']}",
        "state": row["state"],
        "processDefinitionRef": {**definition, "code": row["definition_code"]},
        # The older shape's fields; the present contract still lists them as required.
        "processDefinition": {**definition, "name": row["definition_name"]},
        "initiator": {"id": row["initiator_id"]},
        "initiatorId": row["initiator_id"],
        "tenantId": tenant_id,
    }


def body(connection: sqlite3.Connection, row: sqlite3.Row, tenant_id: str) -> JsonObject:
    """The whole process; data that it does not have is left out."""
    whole = page_body(row, tenant_id)
    whole |= {name: value for name in ("metadata", "entity") if (value := unpacked(row[name])) is not None}
    incoming = [
        each["id"]
        for each in connection.execute(
            "SELECT id FROM processes WHERE related_process_id = ? ORDER BY created_at LIMIT 1000", (row["id"],)
        )
    ]
    outcoming = [row["related_process_id"]] if row["related_process_id"] else []
    if incoming or outcoming:
        whole["processRelated"] = {"incoming": incoming, "outcoming": outcoming}
    return whole
