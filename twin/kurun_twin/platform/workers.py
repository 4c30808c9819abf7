"""The catalogue of workers."""

import json
import sqlite3
from uuid import uuid4

from kurun_twin.clock import microseconds
from kurun_twin.definitions import Definitions
from kurun_twin.platform import records
from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.principals import Principal
from kurun_twin.platform.refusals import Forbidden, Invalid
from kurun_twin.platform.requests import WorkerCreate


class Workers:
    """Workers that announced themselves."""

    def __init__(self, definitions: Definitions) -> None:
        self._queues = definitions.task_queues
        self._tenant_id = str(definitions.tenant.id)

    def register(
        self, connection: sqlite3.Connection, caller: Principal, request: WorkerCreate
    ) -> tuple[JsonObject, bool]:
        """Note a worker, or update the one with this identity.

        Returns:
            The worker, and whether it is new.

        Raises:
            Refusal: It polls a queue that no definition names, or belongs to another tenant.
        """
        if request.tenant_id and str(request.tenant_id) != self._tenant_id:
            raise Forbidden("the credentials do not belong to this tenant", location="tenantId")
        if self._queues is not None and request.task_queue not in self._queues:
            known = ", ".join(sorted(self._queues)) or "none"
            raise Invalid(f"unknown task queue {request.task_queue}; known: {known}", location="taskQueue")
        wire = request.model_dump(mode="json", by_alias=True, exclude_none=True) | {"tenantId": self._tenant_id}
        found = connection.execute("SELECT id FROM workers WHERE identity = ?", (request.identity,)).fetchone()
        if found:
            records.update(connection, "workers", found["id"], caller.id, {"body": json.dumps(wire)})
        else:
            self._insert(connection, caller, request.identity, wire)
        return self._body(connection, request.identity), found is None

    def all(self, connection: sqlite3.Connection) -> list[JsonObject]:
        """Every worker, the newest registration first; at most 1000."""
        rows = connection.execute("SELECT * FROM workers ORDER BY last_modified_at DESC LIMIT 1000")
        return [_body(row) for row in rows]

    def _insert(self, connection: sqlite3.Connection, caller: Principal, identity: str, wire: JsonObject) -> None:
        now = microseconds()
        columns = {
            "id": str(uuid4()),
            "identity": identity,
            "body": json.dumps(wire),
            "created_by": caller.id,
            "created_at": now,
            "last_modified_by": caller.id,
            "last_modified_at": now,
        }
        records.insert(connection, "workers", columns)

    def _body(self, connection: sqlite3.Connection, identity: str) -> JsonObject:
        return _body(connection.execute("SELECT * FROM workers WHERE identity = ?", (identity,)).fetchone())


def _body(row: sqlite3.Row) -> JsonObject:
    return {**records.audit(row), "id": row["id"], **json.loads(row["body"])}
