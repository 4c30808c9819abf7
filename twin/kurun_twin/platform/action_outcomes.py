"""What becomes of an action when its workflow ends."""

import sqlite3

from kurun_twin.platform import action_records
from kurun_twin.platform.documents import link_document
from kurun_twin.platform.processes import WorkflowOutcome
from kurun_twin.platform.references import DocumentAddress, parse_address

_STATUS = {
    WorkflowOutcome.COMPLETED: "COMPLETED",
    WorkflowOutcome.CANCELLED: "CANCELED",
    WorkflowOutcome.FAILED: "ERROR",
}


def awaits_result(connection: sqlite3.Connection, workflow_id: str) -> bool:
    """Whether the workflow's answer matters: it names the document of a business artifact's action."""
    row = action_records.find(connection, workflow_id)
    return row is not None and row["status"] == "REQUESTED" and _answers_with_document(row)


def workflow_ended(
    connection: sqlite3.Connection, workflow_id: str, outcome: WorkflowOutcome, result: object, by: str
) -> str | None:
    """Let a requested action follow its workflow.

    Args:
        connection: A transaction.
        workflow_id: The workflow's id, which is the action's.
        outcome: How it ended.
        result: What it answered, if that is known and matters.
        by: Who is said to have changed the action.

    Returns:
        The action's new status; ``None`` if nothing changed or the workflow is no action's.
    """
    row = action_records.find(connection, workflow_id)
    if row is None or row["status"] != "REQUESTED":
        return None
    status, details = _STATUS[outcome], dict[str, str]()
    if outcome is WorkflowOutcome.COMPLETED and row["type"] == "DOWNLOADABLE":
        # A process's document completes the action when it arrives: one still requested made none.
        document = _document(connection, result) if _answers_with_document(row) else None
        if document is None:
            status = "ERROR"
        else:
            link_document(connection, document[1])
            details = {"documentUri": document[0]}
    action_records.finish(connection, row, by, status, **details)
    return status


def _answers_with_document(row: sqlite3.Row) -> bool:
    return row["artifact_id"] is not None and row["type"] == "DOWNLOADABLE"


def _document(connection: sqlite3.Connection, result: object) -> tuple[str, DocumentAddress] | None:
    """The document that a ``WorkflowBusinessArtifactActionResponse`` names, if there is one."""
    downloadable = result.get("downloadable") if isinstance(result, dict) else None
    uri = downloadable.get("documentUri") if isinstance(downloadable, dict) else None
    if not isinstance(uri, str) or (address := parse_address(uri)) is None:
        return None
    found = connection.execute("SELECT 1 FROM documents WHERE id = ?", (address.document_id,)).fetchone()
    return None if found is None else (uri, address)
