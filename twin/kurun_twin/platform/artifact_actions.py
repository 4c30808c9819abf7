"""Actions of business artifacts."""

import sqlite3
from typing import Any
from uuid import uuid4

import jsonpointer

from kurun_twin.definitions import ArtifactActionDefinition, ArtifactActionType, ArtifactDefinition, Definitions
from kurun_twin.options import TwinOptions
from kurun_twin.outbox import Outbox
from kurun_twin.platform import action_records, artifact_records, engine_messages
from kurun_twin.platform.action_inputs import ensure_only, json_value, judged_input
from kurun_twin.platform.action_requests import ArtifactActionCreate, ArtifactCreate
from kurun_twin.platform.artifacts import Artifacts
from kurun_twin.platform.json_data import JsonObject, unpacked
from kurun_twin.platform.principals import Principal
from kurun_twin.platform.processes import Processes
from kurun_twin.platform.refusals import Conflict, Invalid
from kurun_twin.platform.requests import ProcessCreate

_FIELDS = {
    ArtifactActionType.START_WORKFLOW: "start_workflow",
    ArtifactActionType.DOWNLOADABLE: "downloadable",
    ArtifactActionType.START_PROCESS: "start_process",
    ArtifactActionType.CREATE_BUSINESS_ARTIFACT: "create_artifact",
}
_ABSENT = object()


class ArtifactActions:
    """Invoking, preparing, reading and cancelling actions. Every method runs inside the caller's transaction."""

    def __init__(
        self,
        definitions: Definitions,
        artifacts: Artifacts,
        processes: Processes,
        outbox: Outbox,
        options: TwinOptions,
    ) -> None:
        self._definitions = definitions
        self._artifacts = artifacts
        self._processes = processes
        self._outbox = outbox
        self._options = options

    def create(
        self, connection: sqlite3.Connection, caller: Principal, artifact_id: str, request: ArtifactActionCreate
    ) -> tuple[JsonObject, bool]:
        """Invoke an action; a repeated id answers with the action that has it.

        Those that run a workflow are REQUESTED until it ends, the others COMPLETED at once.

        Returns:
            The action, and whether it is new.
        """
        artifact = artifact_records.existing(connection, artifact_id)
        action_id = str(request.id or uuid4())
        known = action_records.find(connection, action_id)
        if known is not None:
            if known["artifact_id"] != artifact_id:
                raise Conflict(f"another process or business artifact has the action {action_id}", location="id")
            return action_records.body(connection, known), False
        action_records.ensure_new_id(connection, action_id)
        action = self._definition(artifact, request.business_artifact_action_definition_code)
        field = _FIELDS[action.type]
        ensure_only(request, frozenset(_FIELDS.values()), field, action.code)
        if action.workflow is not None:
            given = getattr(request, field)
            place = "downloadable.input" if field == "downloadable" else "startWorkflow.input"
            details = judged_input(action.input, given.input if given else None, place, self._options)
            command = engine_messages.start_artifact_action(
                action_id, artifact_id, action, caller.id, self._options.time_zone
            )
            self._outbox.write(connection, command)
        elif action.type is ArtifactActionType.START_PROCESS:
            details = self._start_process(connection, caller, artifact, action, request)
        else:
            details = self._create_artifact(connection, caller, artifact, action, request)
        columns = {
            "id": action_id,
            "artifact_id": artifact_id,
            "kms_key_id": action.workflow.kms_key_id if action.workflow else None,
            "definition_id": str(action.id),
            "definition_code": action.code,
            "type": action.type.value,
            "status": "REQUESTED" if action.workflow else "COMPLETED",
        }
        action_records.insert(connection, caller.id, columns, details)
        return self.retrieve(connection, artifact_id, action_id), True

    def retrieve(self, connection: sqlite3.Connection, artifact_id: str, action_id: str) -> JsonObject:
        """The whole action."""
        artifact_records.existing(connection, artifact_id)
        row = action_records.existing(connection, {"artifact_id": artifact_id}, action_id)
        return action_records.body(connection, row)

    def cancel(self, connection: sqlite3.Connection, caller: Principal, artifact_id: str, action_id: str) -> JsonObject:
        """Cancel the action with its workflow; nothing happens to one that is over."""
        artifact_records.existing(connection, artifact_id)
        row = action_records.existing(connection, {"artifact_id": artifact_id}, action_id)
        if row["status"] == "REQUESTED":
            action_records.finish(connection, row, caller.id, "CANCELED")
            self._outbox.write(connection, engine_messages.cancel(action_id))
        return self.retrieve(connection, artifact_id, action_id)

    def prepare_process(self, connection: sqlite3.Connection, artifact_id: str, code: str) -> JsonObject:
        """The metadata that a START_PROCESS action would begin with; nothing is kept."""
        artifact = artifact_records.existing(connection, artifact_id)
        action = self._prepared(artifact, code, ArtifactActionType.START_PROCESS)
        definition = self._definitions.process_by_code(action.process_code)
        assert definition is not None  # noqa: S101 - the definitions file was checked
        return {"processDefinitionId": str(definition.id), "metadata": _prefilled(artifact, action)}

    def prepare_artifact(self, connection: sqlite3.Connection, artifact_id: str, code: str) -> JsonObject:
        """The data that a CREATE_BUSINESS_ARTIFACT action would begin with; nothing is kept."""
        artifact = artifact_records.existing(connection, artifact_id)
        action = self._prepared(artifact, code, ArtifactActionType.CREATE_BUSINESS_ARTIFACT)
        definition = self._created_definition(action)
        reference = {"id": str(definition.id), "code": definition.code}
        return {"businessArtifactDefinitionRef": reference, "value": _prefilled(artifact, action)}

    def _definition(self, artifact: sqlite3.Row, code: str) -> ArtifactActionDefinition:
        definition = self._definitions.artifact_by_id(artifact["definition_id"])
        known = definition.actions if definition else {}
        if code not in known:
            raise Invalid(
                f"{artifact['definition_code']} has no action {code}; it has: {', '.join(known) or 'none'}",
                location="businessArtifactActionDefinitionCode",
            )
        return known[code]

    def _prepared(self, artifact: sqlite3.Row, code: str, wanted: ArtifactActionType) -> ArtifactActionDefinition:
        action = self._definition(artifact, code)
        if action.type is not wanted:
            raise Invalid(f"{code} is a {action.type}, no {wanted}", location="businessArtifactActionDefinitionCode")
        return action

    def _created_definition(self, action: ArtifactActionDefinition) -> ArtifactDefinition:
        definition = self._definitions.artifact_by_code(action.artifact_code)
        assert definition is not None  # noqa: S101 - the definitions file was checked
        return definition

    def _start_process(
        self,
        connection: sqlite3.Connection,
        caller: Principal,
        artifact: sqlite3.Row,
        action: ArtifactActionDefinition,
        request: ArtifactActionCreate,
    ) -> JsonObject:
        definition = self._definitions.process_by_code(action.process_code)
        assert definition is not None  # noqa: S101 - the definitions file was checked
        given = request.start_process
        metadata = _prefilled(artifact, action) if given is None or given.metadata is None else given.metadata
        entity = given.entity if given and definition.entity else None
        wanted = ProcessCreate(
            processDefinitionId=definition.id, metadata=json_value(metadata), entity=json_value(entity or None)
        )
        started, _ = self._processes.create(connection, caller, wanted)
        return {"processDefinitionId": str(definition.id), "processId": started["id"]}

    def _create_artifact(
        self,
        connection: sqlite3.Connection,
        caller: Principal,
        artifact: sqlite3.Row,
        action: ArtifactActionDefinition,
        request: ArtifactActionCreate,
    ) -> JsonObject:
        definition = self._created_definition(action)
        given = request.create_artifact.value if request.create_artifact else None
        value = _prefilled(artifact, action) if given is None else given
        wanted = ArtifactCreate(businessArtifactDefinitionId=definition.id, data=json_value(value))
        created, _ = self._artifacts.create(connection, caller, wanted)
        return {
            "businessArtifactDefinitionRef": created["businessArtifactDefinitionRef"],
            "businessArtifactId": created["id"],
            "value": value,
        }


def _prefilled(artifact: sqlite3.Row, action: ArtifactActionDefinition) -> JsonObject:
    data = (unpacked(artifact["data"]) or {"value": {}})["value"]
    filled: JsonObject = _fill(dict(action.prefill), data)
    return filled


def _fill(template: Any, data: JsonObject) -> Any:
    """The template with its pointers followed; a pointer that leads nowhere leaves nothing."""
    if isinstance(template, dict):
        filled = {name: _fill(part, data) for name, part in template.items()}
        return {name: part for name, part in filled.items() if part is not _ABSENT}
    if isinstance(template, list):
        return [part for each in template if (part := _fill(each, data)) is not _ABSENT]
    if isinstance(template, str) and template.startswith("/"):
        try:
            return jsonpointer.resolve_pointer(data, template)
        except jsonpointer.JsonPointerException:
            return _ABSENT
    return template
