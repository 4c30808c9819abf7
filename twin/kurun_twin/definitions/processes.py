"""Process definitions from their entries."""

from uuid import UUID, uuid5

from kurun_twin.definitions.action_entries import (
    CreateOtherItemEntry,
    CreateTaskEntry,
    ProcessActionEntry,
    ProcessWorkflowEntry,
    SendWorkflowSignalEntry,
)
from kurun_twin.definitions.file import DefinitionsFile, ProcessDefinitionEntry, ProcessItemDefinitionEntry
from kurun_twin.definitions.models import (
    ProcessActionDefinition,
    ProcessActionType,
    ProcessDefinition,
    ProcessItemDefinition,
    WorkflowTarget,
)
from kurun_twin.definitions.source import Source
from kurun_twin.marked_yaml import Place

_LIST = "processDefinitions"
_ITEM_TYPES = {
    ProcessActionType.CREATE_TASK: "TASK",
    ProcessActionType.CREATE_PROCESS_ITEM_MESSAGE: "MESSAGE",
    ProcessActionType.CREATE_PROCESS_ITEM_THREAD: "THREAD",
}


def read_processes(source: Source, file: DefinitionsFile, tenant_id: UUID) -> tuple[ProcessDefinition, ...]:
    """Every process definition of the file."""
    codes = [each.code for each in file.process_definitions]
    processes = tuple(
        _process(source, entry, tenant_id, (_LIST, position), codes)
        for position, entry in enumerate(file.process_definitions)
    )
    source.unique((_LIST,), "code", codes)
    source.unique((_LIST,), "id", [each.id for each in processes])
    return processes


def _process(
    source: Source, entry: ProcessDefinitionEntry, tenant_id: UUID, place: Place, codes: list[str]
) -> ProcessDefinition:
    definition_id = entry.id or uuid5(tenant_id, f"process:{entry.code}")
    items = None
    if entry.process_item_definitions is not None:
        inside = (*place, "processItemDefinitions")
        source.unique(inside, "code", [each.code for each in entry.process_item_definitions])
        items = {
            each.code: _item(source, each, definition_id, (*inside, position))
            for position, each in enumerate(entry.process_item_definitions)
        }
    inside = (*place, "processActionDefinitions")
    source.unique(inside, "code", [each.code for each in entry.process_action_definitions])
    target = WorkflowTarget(entry.workflow_type, entry.task_queue, source.key(entry, definition_id, place))
    actions = {}
    for position, each in enumerate(entry.process_action_definitions):
        actions[each.code] = _action(source, each, target, definition_id, (*inside, position))
        _check_action(source, actions[each.code], items, codes, (*inside, position))
    return ProcessDefinition(
        id=definition_id,
        version=uuid5(definition_id, entry.model_dump_json()),
        code=entry.code,
        name=entry.name or entry.code,
        workflow_type=target.workflow_type,
        task_queue=target.task_queue,
        kms_key_id=target.kms_key_id,
        metadata=source.schema(entry.metadata, (*place, "metadata")),
        entity=source.schema(entry.entity, (*place, "entity")),
        items=items,
        actions=actions,
    )


def _item(source: Source, entry: ProcessItemDefinitionEntry, process_id: UUID, place: Place) -> ProcessItemDefinition:
    item_id = entry.id or uuid5(process_id, f"item:{entry.code}")
    return ProcessItemDefinition(
        id=item_id,
        version=uuid5(item_id, entry.model_dump_json()),
        code=entry.code,
        type=entry.type,
        name=entry.name or entry.code,
        data=source.schema(entry.data, (*place, "data")),
        context_data=source.schema(entry.context_data, (*place, "contextData")),
        ai_model=entry.ai_assistance.model,
        ai_error=entry.ai_assistance.error_message,
    )


def _action(
    source: Source, entry: ProcessActionEntry, process: WorkflowTarget, process_id: UUID, place: Place
) -> ProcessActionDefinition:
    action_id, kind = entry.id or uuid5(process_id, f"action:{entry.code}"), ProcessActionType(entry.type)
    if isinstance(entry, ProcessWorkflowEntry):
        key_id = source.key(entry, action_id, place, usual=process.kms_key_id)
        target = WorkflowTarget(entry.workflow_type, entry.task_queue or process.task_queue, key_id)
        return ProcessActionDefinition(action_id, entry.code, kind, workflow=target)
    if isinstance(entry, (CreateTaskEntry, CreateOtherItemEntry)):
        return ProcessActionDefinition(action_id, entry.code, kind, item_code=entry.process_item_definition_code)
    if isinstance(entry, SendWorkflowSignalEntry):
        schema = source.schema(entry.input, (*place, "input"))
        return ProcessActionDefinition(action_id, entry.code, kind, signal_name=entry.signal_name, input=schema)
    return ProcessActionDefinition(action_id, entry.code, kind, process_code=entry.process_definition_code)


def _check_action(
    source: Source,
    action: ProcessActionDefinition,
    items: dict[str, ProcessItemDefinition] | None,
    codes: list[str],
    place: Place,
) -> None:
    source.known(action.process_code, codes, (*place, "processDefinitionCode"), "process definition")
    if items is not None and action.type in _ITEM_TYPES:
        wanted = _ITEM_TYPES[action.type]
        allowed = [each.code for each in items.values() if each.type == wanted]
        source.known(action.item_code, allowed, (*place, "processItemDefinitionCode"), f"{wanted} definition")
