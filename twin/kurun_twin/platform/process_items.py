"""Process items: tasks, messages and threads come into being."""

import sqlite3
from typing import Any
from uuid import UUID, uuid4, uuid5

from kurun_twin.clock import microseconds
from kurun_twin.definitions import Definitions, ProcessItemDefinition
from kurun_twin.options import TwinOptions
from kurun_twin.outbox import Outbox
from kurun_twin.platform import engine_messages, item_records, process_records, records
from kurun_twin.platform.documents import link_documents
from kurun_twin.platform.json_data import JsonObject, judged_at_start
from kurun_twin.platform.principals import Principal, Principals
from kurun_twin.platform.processes import MAX_SUMMARY_NAME
from kurun_twin.platform.refusals import Conflict, Invalid
from kurun_twin.platform.requests import JsonValueBody, ProcessItemCreate, ProcessItemType


class ProcessItems:
    """Creating and reading items. Every method runs inside the caller's transaction."""

    def __init__(self, definitions: Definitions, principals: Principals, outbox: Outbox, options: TwinOptions) -> None:
        self._definitions = definitions
        self._principals = principals
        self._outbox = outbox
        self._options = options
        self._tenant_id = str(definitions.tenant.id)

    def create(
        self, connection: sqlite3.Connection, caller: Principal, request: ProcessItemCreate
    ) -> tuple[JsonObject, bool]:
        """Create an item in a running process; a repeated id answers with the item that has it.

        A task with an owner is claimed from the start. A message or thread by a user signals the workflow.

        Returns:
            The item, and whether it is new.
        """
        item_id = str(request.id or uuid4())
        if request.id and connection.execute("SELECT 1 FROM process_items WHERE id = ?", (item_id,)).fetchone():
            return self.retrieve(connection, item_id), False
        process = process_records.changeable(connection, str(request.process_id), self._options)
        columns = self._columns(connection, caller, request, process)
        records.insert(connection, "process_items", {"id": item_id, **columns})
        for value in _values(request):
            link_documents(connection, value.value if value else None)
        if request.type is not ProcessItemType.TASK and self._signals(caller):
            item = item_records.existing(connection, item_id)
            self._outbox.write(connection, engine_messages.item_done(item, self._options.time_zone))
        return self.retrieve(connection, item_id), True

    def retrieve(self, connection: sqlite3.Connection, item_id: str) -> JsonObject:
        """The whole item."""
        return item_records.body(connection, item_records.existing(connection, item_id), self._tenant_id)

    def _signals(self, caller: Principal) -> bool:
        return self._options.user_messages_signal and not caller.is_application

    def _columns(
        self, connection: sqlite3.Connection, caller: Principal, request: ProcessItemCreate, process: sqlite3.Row
    ) -> dict[str, Any]:
        definition = item_definition(self._definitions, process["definition_id"], request.definition_code, request.type)
        owner = self._principals.named(request.owner_id, request.owner_email, "owner")
        thread_id = self._thread(connection, request)
        now = microseconds()
        columns: dict[str, Any] = {
            "process_id": process["id"],
            "type": request.type.value,
            "definition_id": str(definition.id) if definition else None,
            "definition_code": definition.code if definition else None,
            "definition_version": str(definition.version) if definition else None,
            "definition_name": (definition.name or definition.code)[:MAX_SUMMARY_NAME] if definition else None,
            "thread_id": thread_id,
            "owner_id": owner.id if owner else None,
            "created_by": caller.id,
            "created_at": now,
            "last_modified_by": caller.id,
            "last_modified_at": now,
        }
        if request.type is ProcessItemType.TASK:
            columns |= _task_columns(request, definition, claimed_at=now if owner else None)
        elif request.type is ProcessItemType.MESSAGE:
            columns |= _message_columns(request, definition)
        return columns

    def _thread(self, connection: sqlite3.Connection, request: ProcessItemCreate) -> str | None:
        if request.process_item_thread_id is None:
            return None
        thread = item_records.existing(connection, str(request.process_item_thread_id))
        if thread["type"] != "THREAD" or thread["process_id"] != str(request.process_id):
            raise Conflict("processItemThreadId names no thread of this process", location="processItemThreadId")
        return str(thread["id"])


def item_definition(
    definitions: Definitions, process_definition_id: str, code: str | None, item_type: ProcessItemType
) -> ProcessItemDefinition | None:
    """The definition that an item with this code follows; ``None`` for a message or thread that names none.

    Raises:
        Invalid: A task names none, or the process has no item of this code and type.
    """
    if code is None:
        if item_type is ProcessItemType.TASK:
            raise Invalid("a TASK needs a processItemDefinitionCode", location="processItemDefinitionCode")
        return None
    process = definitions.process_by_id(process_definition_id)
    if process is None or process.items is None:
        made = uuid5(UUID(process_definition_id), f"item:{code}")
        return ProcessItemDefinition(id=made, version=made, code=code, type=item_type)
    found = process.items.get(code)
    if found is None:
        raise Invalid(
            f"{process.code} has no process item definition {code}; it has: {', '.join(process.items) or 'none'}",
            location="processItemDefinitionCode",
        )
    if found.type != item_type:
        raise Invalid(f"{code} defines a {found.type}, no {item_type}", location="processItemDefinitionCode")
    return found


def _values(request: ProcessItemCreate) -> list[JsonValueBody | None]:
    task, message = request.task, request.message
    return [task.data if task else None, task.context_data if task else None, message.data if message else None]


def _task_columns(
    request: ProcessItemCreate, definition: ProcessItemDefinition | None, claimed_at: int | None
) -> dict[str, Any]:
    task = request.task
    return {
        "state": "CLAIMED" if claimed_at else "READY",
        "claimed_at": claimed_at,
        "data": judged_at_start(definition.data if definition else None, task.data if task else None),
        "context_data": judged_at_start(
            definition.context_data if definition else None, task.context_data if task else None
        ),
    }


def _message_columns(request: ProcessItemCreate, definition: ProcessItemDefinition | None) -> dict[str, Any]:
    message = request.message
    if message is None or (message.text is None and message.data is None):
        raise Invalid("a MESSAGE needs a text or data", location="message")
    return {
        "text": message.text,
        "data": judged_at_start(definition.data if definition and message.data else None, message.data),
        "data_definition_code": message.data_structure_data_definition_code,
    }
