"""Actions of processes: what people can do with one besides its tasks."""

import sqlite3
from typing import Any
from uuid import uuid4, uuid5

from kurun_twin.definitions import Definitions, ProcessActionDefinition, ProcessActionType
from kurun_twin.options import TwinOptions
from kurun_twin.outbox import Outbox
from kurun_twin.platform import action_records, engine_messages, process_records
from kurun_twin.platform.action_inputs import ensure_only, ensure_signal_input, json_value, judged_input
from kurun_twin.platform.action_requests import ProcessActionCreate
from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.principals import Principal
from kurun_twin.platform.process_items import ProcessItems
from kurun_twin.platform.processes import Processes
from kurun_twin.platform.refusals import Conflict, Invalid
from kurun_twin.platform.requests import ProcessCreate, ProcessItemCreate, ProcessItemType

MESSAGE_CODE = "__KF_MESSAGE__"
"""The action that writes messages; every process has it, whatever its definition says."""

_FIELDS = {
    ProcessActionType.CREATE_TASK: "create_task",
    ProcessActionType.CREATE_PROCESS_ITEM_MESSAGE: "create_process_item_message",
    ProcessActionType.START_RELATED_PROCESS: "start_related_process",
    ProcessActionType.SEND_WORKFLOW_SIGNAL: "send_workflow_signal",
}


class ProcessActions:
    """Invoking, reading and cancelling actions. Every method runs inside the caller's transaction."""

    def __init__(
        self,
        definitions: Definitions,
        processes: Processes,
        items: ProcessItems,
        outbox: Outbox,
        options: TwinOptions,
    ) -> None:
        self._definitions = definitions
        self._processes = processes
        self._items = items
        self._outbox = outbox
        self._options = options

    def create(
        self, connection: sqlite3.Connection, caller: Principal, process_id: str, request: ProcessActionCreate
    ) -> tuple[JsonObject, bool]:
        """Invoke an action of a running process; a repeated id answers with the action that has it.

        Those that run a workflow are REQUESTED until it ends, the others COMPLETED at once.

        Returns:
            The action, and whether it is new.
        """
        action_id = str(request.id or uuid4())
        known = action_records.find(connection, action_id)
        if known is not None:
            if known["process_id"] != process_id:
                raise Conflict(f"another process or business artifact has the action {action_id}", location="id")
            return action_records.body(connection, known), False
        process = process_records.changeable(connection, process_id, self._options)
        action_records.ensure_new_id(connection, action_id)
        action = self._definition(process, request.process_action_definition_code)
        ensure_only(request, frozenset(_FIELDS.values()), _FIELDS.get(action.type), action.code)
        if action.workflow is not None:
            command = engine_messages.start_process_action(
                action_id, process_id, action, caller.id, self._options.time_zone
            )
            self._outbox.write(connection, command)
            status, details = "REQUESTED", {}
        else:
            status, details = "COMPLETED", self._carry_out(connection, caller, process, action, request)
        columns = {
            "id": action_id,
            "process_id": process_id,
            "kms_key_id": action.workflow.kms_key_id if action.workflow else None,
            "definition_id": str(action.id),
            "definition_code": action.code,
            "type": action.type.value,
            "status": status,
        }
        action_records.insert(connection, caller.id, columns, details)
        return self.retrieve(connection, process_id, action_id), True

    def retrieve(self, connection: sqlite3.Connection, process_id: str, action_id: str) -> JsonObject:
        """The whole action."""
        process_records.existing(connection, process_id)
        row = action_records.existing(connection, {"process_id": process_id}, action_id)
        return action_records.body(connection, row)

    def cancel(self, connection: sqlite3.Connection, caller: Principal, process_id: str, action_id: str) -> JsonObject:
        """Cancel the action with its workflow; nothing happens to one that is over."""
        process_records.existing(connection, process_id)
        row = action_records.existing(connection, {"process_id": process_id}, action_id)
        if row["status"] == "REQUESTED":
            action_records.finish(connection, row, caller.id, "CANCELED")
            self._outbox.write(connection, engine_messages.cancel(action_id))
        return self.retrieve(connection, process_id, action_id)

    def _definition(self, process: sqlite3.Row, code: str) -> ProcessActionDefinition:
        definition = self._definitions.process_by_id(process["definition_id"])
        known = definition.actions if definition else {}
        if code in known:
            return known[code]
        if code == MESSAGE_CODE:
            action_id = uuid5(self._definitions.tenant.id, MESSAGE_CODE)
            return ProcessActionDefinition(action_id, code, ProcessActionType.CREATE_PROCESS_ITEM_MESSAGE)
        raise Invalid(
            f"{process['definition_code']} has no action {code}; it has: {', '.join([*known, MESSAGE_CODE])}",
            location="processActionDefinitionCode",
        )

    def _carry_out(
        self,
        connection: sqlite3.Connection,
        caller: Principal,
        process: sqlite3.Row,
        action: ProcessActionDefinition,
        request: ProcessActionCreate,
    ) -> JsonObject:
        match action.type:
            case ProcessActionType.START_RELATED_PROCESS:
                return self._start_related(connection, caller, process, action, request)
            case ProcessActionType.SEND_WORKFLOW_SIGNAL:
                return self._signal(connection, process, action, request)
            case ProcessActionType.CREATE_PROCESS_ITEM_MESSAGE:
                message = request.create_process_item_message
                if message is None:
                    raise Invalid("a message needs a text", location="createProcessItemMessage")
                fields = {"thread_id": message.process_item_thread_id, "message": {"text": message.text}}
                return self._item(connection, caller, process, action, ProcessItemType.MESSAGE, **fields)
            case ProcessActionType.CREATE_TASK:
                thread_id = request.create_task.process_item_thread_id if request.create_task else None
                return self._item(connection, caller, process, action, ProcessItemType.TASK, thread_id=thread_id)
            case _:
                return self._item(connection, caller, process, action, ProcessItemType.THREAD)

    def _item(
        self,
        connection: sqlite3.Connection,
        caller: Principal,
        process: sqlite3.Row,
        action: ProcessActionDefinition,
        item_type: ProcessItemType,
        **fields: Any,
    ) -> JsonObject:
        wanted = ProcessItemCreate.model_validate(
            {
                "type": item_type,
                "processId": process["id"],
                "processItemDefinitionCode": action.item_code,
                "processItemThreadId": fields.get("thread_id"),
                "message": fields.get("message"),
            }
        )
        item, _ = self._items.create(connection, caller, wanted)
        return {"processItemId": item["id"]}

    def _start_related(
        self,
        connection: sqlite3.Connection,
        caller: Principal,
        process: sqlite3.Row,
        action: ProcessActionDefinition,
        request: ProcessActionCreate,
    ) -> JsonObject:
        definition = self._definitions.process_by_code(action.process_code)
        assert definition is not None  # noqa: S101 - the definitions file was checked
        data = request.start_related_process
        entity = data.entity if data and definition.entity else None
        wanted = ProcessCreate(
            processDefinitionId=definition.id,
            relatedProcessId=process["id"],
            metadata=json_value(data.metadata if data else None),
            entity=json_value(entity or None),
        )
        started, _ = self._processes.create(connection, caller, wanted)
        return {"processDefinitionId": str(definition.id), "processId": started["id"]}

    def _signal(
        self,
        connection: sqlite3.Connection,
        process: sqlite3.Row,
        action: ProcessActionDefinition,
        request: ProcessActionCreate,
    ) -> JsonObject:
        value = request.send_workflow_signal.input if request.send_workflow_signal else None
        ensure_signal_input(action.input, value, action.code)
        details = judged_input(action.input, value, "sendWorkflowSignal.input", self._options)
        self._outbox.write(
            connection, engine_messages.user_action(process["id"], action, value, self._options.time_zone)
        )
        return {"signalName": action.signal_name, **details}
