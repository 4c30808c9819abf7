"""Processes: started, changed, completed and cancelled."""

import sqlite3
from enum import StrEnum
from typing import Any, Literal
from uuid import uuid4

from kurun_twin.clock import microseconds
from kurun_twin.definitions import Definitions, ProcessDefinition
from kurun_twin.json_schema import JsonSchema
from kurun_twin.options import TwinOptions
from kurun_twin.outbox import Outbox
from kurun_twin.platform import action_records, engine_messages, item_records, process_records, records
from kurun_twin.platform.documents import link_documents
from kurun_twin.platform.json_data import JsonObject, judged, judged_at_start, unpacked
from kurun_twin.platform.json_patch import PatchOperation, patched
from kurun_twin.platform.principals import Principal, Principals
from kurun_twin.platform.refusals import Conflict, Forbidden, Invalid, NotFound
from kurun_twin.platform.requests import ChangeInitiator, ProcessCreate

MAX_SUMMARY_NAME = 50
"""The longest name in the API's summaries of definitions."""

Part = Literal["metadata", "entity"]
"""The two JSON values of a process."""


class WorkflowOutcome(StrEnum):
    """How a process's workflow ended; ``cancelled`` includes terminated, ``failed`` includes timed out."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Processes:
    """The rules of processes. Every method runs inside the caller's transaction."""

    def __init__(self, definitions: Definitions, principals: Principals, outbox: Outbox, options: TwinOptions) -> None:
        self._definitions = definitions
        self._principals = principals
        self._outbox = outbox
        self._options = options
        self._tenant_id = str(definitions.tenant.id)

    def create(
        self, connection: sqlite3.Connection, caller: Principal, request: ProcessCreate
    ) -> tuple[JsonObject, bool]:
        """Start a process and its workflow; a repeated id answers with the process that has it.

        Returns:
            The process, and whether it is new.
        """
        process_id = str(request.id or uuid4())
        if request.id and connection.execute("SELECT 1 FROM processes WHERE id = ?", (process_id,)).fetchone():
            return self.retrieve(connection, process_id), False
        action_records.ensure_new_process_id(connection, process_id)
        definition = self._definition_for(request)
        initiator = self._principals.named(request.initiator_id, request.initiator_email, "initiator") or caller
        if request.related_process_id:
            process_records.existing(connection, str(request.related_process_id))
        columns = _columns(request, definition, initiator, caller)
        records.insert(connection, "processes", {"id": process_id, **columns})
        for body in (request.metadata, request.entity):
            link_documents(connection, body.value if body else None)
        self._outbox.write(connection, engine_messages.start(process_id, definition, self._options.time_zone))
        return self.retrieve(connection, process_id), True

    def retrieve(self, connection: sqlite3.Connection, process_id: str) -> JsonObject:
        """The whole process."""
        return process_records.body(connection, process_records.existing(connection, process_id), self._tenant_id)

    def complete(self, connection: sqlite3.Connection, caller: Principal, process_id: str) -> JsonObject:
        """Complete the process; nothing happens to one that is completed."""
        self._close(connection, caller.id, process_id, "COMPLETED")
        return self.retrieve(connection, process_id)

    def cancel(self, connection: sqlite3.Connection, caller: Principal, process_id: str) -> JsonObject:
        """Cancel the process with its open items and its workflow; nothing happens to one that is cancelled."""
        if self._close(connection, caller.id, process_id, "CANCELLED"):
            item_records.cancel_open(connection, caller.id, process_id)
            self._outbox.write(connection, engine_messages.cancel(process_id))
        return self.retrieve(connection, process_id)

    def cancel_items(
        self, connection: sqlite3.Connection, caller: Principal, process_id: str, item_ids: list[str]
    ) -> JsonObject:
        """Cancel those items, or all open ones when none is named; the process goes on."""
        process_records.changeable(connection, process_id, self._options)
        item_records.cancel_open(connection, caller.id, process_id, item_ids)
        return self.retrieve(connection, process_id)

    def delete(self, connection: sqlite3.Connection, caller: Principal, process_id: str) -> None:
        """Delete a process with its items for good; nothing happens to one that is deleted.

        Raises:
            Refusal: There is none, it is running, or a task or an action of it is still open.
        """
        row = process_records.existing(connection, process_id)
        if row["deleted_at"] is not None:
            return
        if row["state"] == "RUNNING":
            raise Conflict(f"the process {process_id} is RUNNING: only a finished one can be deleted")
        open_tasks = connection.execute(
            "SELECT 1 FROM process_items WHERE process_id = ? AND state IN ('READY', 'CLAIMED')", (process_id,)
        ).fetchone()
        if open_tasks or action_records.requested(connection, process_id):
            raise Conflict(f"the process {process_id} has tasks or actions that are still open")
        deletion = {"deleted_by": caller.id, "deleted_at": microseconds()}
        records.update(connection, "processes", process_id, caller.id, deletion)
        connection.execute(
            "UPDATE process_items SET deleted_by = ?, deleted_at = ? WHERE process_id = ?",
            (*deletion.values(), process_id),
        )

    def change_initiator(
        self, connection: sqlite3.Connection, caller: Principal, process_id: str, request: ChangeInitiator
    ) -> JsonObject:
        """Give the process another initiator."""
        process_records.changeable(connection, process_id, self._options)
        initiator = self._principals.named(request.initiator_id, request.initiator_email, "initiator")
        if initiator is None:
            raise Invalid("name the initiator by id or e-mail address", location="initiatorId")
        records.update(connection, "processes", process_id, caller.id, {"initiator_id": initiator.id})
        return self.retrieve(connection, process_id)

    def save(
        self, connection: sqlite3.Connection, caller: Principal, process_id: str, part: Part, value: JsonObject
    ) -> JsonObject:
        """Replace the metadata or the entity."""
        row = process_records.changeable(connection, process_id, self._options)
        definition = self._definitions.process_by_id(row["definition_id"])
        stored = judged(_schema(definition, part), value)
        records.update(connection, "processes", process_id, caller.id, {part: stored})
        link_documents(connection, value)
        return self.retrieve(connection, process_id)

    def patch(
        self,
        connection: sqlite3.Connection,
        caller: Principal,
        process_id: str,
        part: Part,
        operations: list[PatchOperation],
    ) -> JsonObject:
        """Change the metadata or the entity; one that is absent counts as empty."""
        row = process_records.changeable(connection, process_id, self._options)
        present = unpacked(row[part]) or {"value": {}}
        return self.save(connection, caller, process_id, part, patched(present["value"], operations))

    def workflow_ended(self, connection: sqlite3.Connection, process_id: str, outcome: WorkflowOutcome) -> str | None:
        """Let a running process follow its workflow.

        KuFlow does not document what a failed workflow does to its process: it goes on running unless the options
        say otherwise.

        Returns:
            The process's new state; ``None`` if nothing changed or the workflow is no process's.
        """
        row = connection.execute("SELECT state FROM processes WHERE id = ?", (process_id,)).fetchone()
        if row is None or row["state"] != "RUNNING":
            return None
        if outcome is WorkflowOutcome.FAILED and not self._options.failed_workflow_cancels_process:
            return None
        state = "COMPLETED" if outcome is WorkflowOutcome.COMPLETED else "CANCELLED"
        self._close(connection, self._principals.system_id, process_id, state)
        if state == "CANCELLED":
            item_records.cancel_open(connection, self._principals.system_id, process_id)
        return state

    def running(self, connection: sqlite3.Connection) -> list[str]:
        """The ids of the processes whose workflows have not ended."""
        return [row["id"] for row in connection.execute("SELECT id FROM processes WHERE state = 'RUNNING'")]

    def _definition_for(self, request: ProcessCreate) -> ProcessDefinition:
        if request.tenant_id and str(request.tenant_id) != self._tenant_id:
            raise Forbidden("the credentials do not belong to this tenant", location="tenantId")
        if request.process_definition_id:
            found = self._definitions.process_by_id(request.process_definition_id)
            named, location = str(request.process_definition_id), "processDefinitionId"
        elif request.process_definition_code:
            if request.tenant_id is None:
                raise Invalid("tenantId is required together with processDefinitionCode", location="tenantId")
            found = self._definitions.process_by_code(request.process_definition_code)
            named, location = request.process_definition_code, "processDefinitionCode"
        else:
            raise Invalid(
                "processDefinitionId, or processDefinitionCode with tenantId, is required",
                location="processDefinitionId",
            )
        if found is None:
            raise NotFound(f"there is no process definition {named}", location=location)
        return found

    def _close(self, connection: sqlite3.Connection, by: str, process_id: str, state: str) -> bool:
        row = process_records.existing(connection, process_id)
        if row["state"] == state:
            return False
        if row["state"] != "RUNNING":
            raise process_records.closed(row, self._options)
        records.update(connection, "processes", process_id, by, {"state": state})
        return True


def _schema(definition: ProcessDefinition | None, part: Part) -> JsonSchema | None:
    if definition is None:
        return None
    return definition.metadata if part == "metadata" else definition.entity


def _columns(
    request: ProcessCreate, definition: ProcessDefinition, initiator: Principal, caller: Principal
) -> dict[str, Any]:
    now = microseconds()
    return {
        "state": "RUNNING",
        "definition_id": str(definition.id),
        "definition_code": definition.code,
        "definition_version": str(definition.version),
        "definition_name": definition.name[:MAX_SUMMARY_NAME],
        "initiator_id": initiator.id,
        "metadata": judged_at_start(definition.metadata, request.metadata),
        "entity": judged_at_start(definition.entity, request.entity),
        "related_process_id": str(request.related_process_id) if request.related_process_id else None,
        "kms_key_id": definition.kms_key_id,
        "created_by": caller.id,
        "created_at": now,
        "last_modified_by": caller.id,
        "last_modified_at": now,
    }
