"""Business artifacts as they lie in the database."""

import sqlite3

from kurun_twin.platform import records
from kurun_twin.platform.json_data import JsonObject, unpacked
from kurun_twin.platform.references import ARTIFACT, Owner
from kurun_twin.platform.refusals import NotFound


def existing(connection: sqlite3.Connection, artifact_id: str, *, deleted: bool = False) -> sqlite3.Row:
    """The business artifact; a deleted one only if those are wanted, too.

    Raises:
        NotFound: There is none with this id.
    """
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM business_artifacts WHERE id = ?", (artifact_id,)
    ).fetchone()
    if row is None or (row["deleted_at"] is not None and not deleted):
        raise NotFound(f"there is no business artifact {artifact_id}")
    return row


def page_body(row: sqlite3.Row, tenant_id: str) -> JsonObject:
    """The business artifact as an entry of a page."""
    return {
        **records.audit(row),
        **records.deletion(row),
        "id": row["id"],
        "uri": str(Owner(ARTIFACT, row["id"])),
        "tenantId": tenant_id,
        "businessArtifactDefinitionRef": {"id": row["definition_id"], "code": row["definition_code"]},
    }


def body(row: sqlite3.Row, tenant_id: str) -> JsonObject:
    """The whole business artifact."""
    whole = page_body(row, tenant_id)
    data = unpacked(row["data"])
    return whole if data is None else {**whole, "data": data}
