"""Business artifacts: created, changed, deleted and restored."""

import sqlite3
from uuid import uuid4

from kurun_twin.clock import microseconds
from kurun_twin.definitions import ArtifactDefinition, Definitions
from kurun_twin.json_schema import JsonSchema
from kurun_twin.options import TwinOptions
from kurun_twin.platform import artifact_records, records
from kurun_twin.platform.action_requests import ArtifactCreate
from kurun_twin.platform.documents import link_documents
from kurun_twin.platform.json_data import JsonObject, judged, judged_at_start, unpacked
from kurun_twin.platform.json_patch import PatchOperation, patched
from kurun_twin.platform.principals import Principal
from kurun_twin.platform.refusals import Forbidden, Invalid, NotFound


class Artifacts:
    """The rules of business artifacts. Every method runs inside the caller's transaction."""

    def __init__(self, definitions: Definitions, options: TwinOptions) -> None:
        self._definitions = definitions
        self._options = options
        self._tenant_id = str(definitions.tenant.id)

    def create(
        self, connection: sqlite3.Connection, caller: Principal, request: ArtifactCreate
    ) -> tuple[JsonObject, bool]:
        """Create a business artifact; a repeated id answers with the one that has it.

        Returns:
            The business artifact, and whether it is new.
        """
        artifact_id = str(request.id or uuid4())
        found = connection.execute("SELECT 1 FROM business_artifacts WHERE id = ?", (artifact_id,)).fetchone()
        if found is not None:
            return self._body(connection, artifact_id), False
        definition = self._definition_for(request)
        now = microseconds()
        columns = {
            "id": artifact_id,
            "definition_id": str(definition.id),
            "definition_code": definition.code,
            "data": judged_at_start(definition.data, request.data),
            "created_by": caller.id,
            "created_at": now,
            "last_modified_by": caller.id,
            "last_modified_at": now,
        }
        records.insert(connection, "business_artifacts", columns)
        link_documents(connection, request.data.value if request.data else None)
        return self._body(connection, artifact_id), True

    def retrieve(self, connection: sqlite3.Connection, artifact_id: str) -> JsonObject:
        """The whole business artifact."""
        row = artifact_records.existing(connection, artifact_id, deleted=self._options.deleted_artifacts_are_readable)
        return artifact_records.body(row, self._tenant_id)

    def save(
        self, connection: sqlite3.Connection, caller: Principal, artifact_id: str, value: JsonObject
    ) -> JsonObject:
        """Replace the data."""
        row = artifact_records.existing(connection, artifact_id)
        stored = judged(self._schema(row), value)
        records.update(connection, "business_artifacts", artifact_id, caller.id, {"data": stored})
        link_documents(connection, value)
        return self._body(connection, artifact_id)

    def patch(
        self, connection: sqlite3.Connection, caller: Principal, artifact_id: str, operations: list[PatchOperation]
    ) -> JsonObject:
        """Change the data; absent data counts as empty."""
        present = unpacked(artifact_records.existing(connection, artifact_id)["data"]) or {"value": {}}
        return self.save(connection, caller, artifact_id, patched(present["value"], operations))

    def delete(self, connection: sqlite3.Connection, caller: Principal, artifact_id: str) -> None:
        """Delete it, until it is restored."""
        artifact_records.existing(connection, artifact_id)
        deletion = {"deleted_by": caller.id, "deleted_at": microseconds()}
        records.update(connection, "business_artifacts", artifact_id, caller.id, deletion)

    def restore(self, connection: sqlite3.Connection, caller: Principal, artifact_id: str) -> JsonObject:
        """Bring it back; nothing happens to one that is not deleted."""
        row = artifact_records.existing(connection, artifact_id, deleted=True)
        if row["deleted_at"] is not None:
            nothing = {"deleted_by": None, "deleted_at": None}
            records.update(connection, "business_artifacts", artifact_id, caller.id, nothing)
        return self._body(connection, artifact_id)

    def _body(self, connection: sqlite3.Connection, artifact_id: str) -> JsonObject:
        return artifact_records.body(artifact_records.existing(connection, artifact_id, deleted=True), self._tenant_id)

    def _schema(self, row: sqlite3.Row) -> JsonSchema | None:
        definition = self._definitions.artifact_by_id(row["definition_id"])
        return definition.data if definition else None

    def _definition_for(self, request: ArtifactCreate) -> ArtifactDefinition:
        if request.tenant_id and str(request.tenant_id) != self._tenant_id:
            raise Forbidden("the credentials do not belong to this tenant", location="tenantId")
        if request.business_artifact_definition_id:
            found = self._definitions.artifact_by_id(request.business_artifact_definition_id)
            named, location = str(request.business_artifact_definition_id), "businessArtifactDefinitionId"
        elif request.business_artifact_definition_code:
            if request.tenant_id is None:
                raise Invalid("tenantId is required together with businessArtifactDefinitionCode", location="tenantId")
            found = self._definitions.artifact_by_code(request.business_artifact_definition_code)
            named, location = request.business_artifact_definition_code, "businessArtifactDefinitionCode"
        else:
            raise Invalid(
                "businessArtifactDefinitionId, or businessArtifactDefinitionCode with tenantId, is required",
                location="businessArtifactDefinitionId",
            )
        if found is None:
            raise NotFound(f"there is no business artifact definition {named}", location=location)
        return found
