"""Actions of processes and business artifacts as they lie in the database.

REQUESTED --workflow completed, document arrived--> COMPLETED
REQUESTED --workflow failed, or made no document--> ERROR
REQUESTED --cancel, workflow cancelled--> CANCELED
"""

import json
import sqlite3
from typing import Any

from kurun_twin.clock import microseconds
from kurun_twin.platform import records
from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.references import parse_address
from kurun_twin.platform.refusals import Conflict, NotFound

_DETAILS = {
    "DOWNLOADABLE": "downloadable",
    "START_WORKFLOW": "startWorkflow",
    "START_PROCESS": "startProcess",
    "START_RELATED_PROCESS": "startRelatedProcess",
    "CREATE_TASK": "createTask",
    "CREATE_PROCESS_ITEM_MESSAGE": "createProcessItemMessage",
    "CREATE_PROCESS_ITEM_THREAD": "createProcessItemThread",
    "SEND_WORKFLOW_SIGNAL": "sendWorkflowSignal",
    "CREATE_BUSINESS_ARTIFACT": "createArtifact",
}


def find(connection: sqlite3.Connection, action_id: str) -> sqlite3.Row | None:
    """The action, if there is one with this id."""
    row: sqlite3.Row | None = connection.execute("SELECT * FROM actions WHERE id = ?", (action_id,)).fetchone()
    return row


def existing(connection: sqlite3.Connection, owner: dict[str, str], action_id: str) -> sqlite3.Row:
    """The action of this process or business artifact.

    Args:
        connection: A transaction.
        owner: ``{"process_id": …}`` or ``{"artifact_id": …}``.
        action_id: The action.

    Raises:
        NotFound: It has no action with this id.
    """
    row = find(connection, action_id)
    if row is None or any(row[column] != value for column, value in owner.items()):
        raise NotFound(f"there is no action {action_id}")
    return row


def ensure_new_id(connection: sqlite3.Connection, action_id: str) -> None:
    """Insist that the id is not a process's: the engine would take one's workflow for the other's.

    Raises:
        Conflict: It is.
    """
    if connection.execute("SELECT 1 FROM processes WHERE id = ?", (action_id,)).fetchone():
        raise Conflict(f"{action_id} is the id of a process", location="id")


def ensure_new_process_id(connection: sqlite3.Connection, process_id: str) -> None:
    """Insist that the id is not an action's, for the same reason.

    Raises:
        Conflict: It is.
    """
    if find(connection, process_id) is not None:
        raise Conflict(f"{process_id} is the id of an action", location="id")


def requested(connection: sqlite3.Connection, process_id: str) -> bool:
    """Whether an action of the process is not over yet."""
    found = connection.execute(
        "SELECT 1 FROM actions WHERE process_id = ? AND status = 'REQUESTED'", (process_id,)
    ).fetchone()
    return found is not None


def insert(connection: sqlite3.Connection, by: str, columns: dict[str, Any], details: JsonObject) -> None:
    """Add an action."""
    now = microseconds()
    audit = {"created_by": by, "created_at": now, "last_modified_by": by, "last_modified_at": now}
    records.insert(connection, "actions", {**columns, "details": json.dumps(details), **audit})


def finish(connection: sqlite3.Connection, row: sqlite3.Row, by: str, status: str, **details: Any) -> None:
    """Bring a requested action to its end."""
    merged = json.dumps({**json.loads(row["details"]), **details})
    records.update(connection, "actions", row["id"], by, {"status": status, "details": merged})


def ensure_awaits_document(connection: sqlite3.Connection, process_id: str, action_id: str) -> None:
    """Insist that a document may be saved in this action; an id that nobody knows is one of KuFlow's own actions.

    Raises:
        Conflict: The action is another process's, makes no document, or is over.
    """
    row = find(connection, action_id)
    if row is None:
        return
    if row["process_id"] != process_id or row["type"] != "DOWNLOADABLE":
        raise Conflict(f"the action {action_id} takes no document of this process", location="userActionValueId")
    if row["status"] != "REQUESTED":
        raise Conflict(f"the action {action_id} is {row['status']}", location="userActionValueId")


def document_arrived(connection: sqlite3.Connection, action_id: str, by: str, uri: str) -> None:
    """The document of a downloadable action is there."""
    row = find(connection, action_id)
    if row is not None:
        finish(connection, row, by, "COMPLETED", documentUri=uri)


def body(connection: sqlite3.Connection, row: sqlite3.Row) -> JsonObject:
    """The whole action; what is particular to its type lies in a field of its own."""
    kind = "businessArtifact" if row["artifact_id"] else "process"
    whole: JsonObject = {
        **records.audit(row),
        "id": row["id"],
        "type": row["type"],
        "status": row["status"],
        f"{kind}ActionDefinitionRef": {"id": row["definition_id"], "code": row["definition_code"]},
    }
    details = json.loads(row["details"])
    if "documentUri" in details:
        details["documentExpired"] = not _is_there(connection, details["documentUri"])
    if details or row["type"] == "DOWNLOADABLE":
        whole[_DETAILS[row["type"]]] = details
    return whole


def _is_there(connection: sqlite3.Connection, uri: str) -> bool:
    address = parse_address(uri)
    found = address and connection.execute("SELECT 1 FROM documents WHERE id = ?", (address.document_id,)).fetchone()
    return found is not None
