"""What KuFlow tells a workflow: that it starts, that an item is done, that it is to stop."""

import sqlite3

from kurun_twin.clock import microseconds, wire_time
from kurun_twin.definitions import (
    ArtifactActionDefinition,
    ProcessActionDefinition,
    ProcessDefinition,
    WorkflowTarget,
)
from kurun_twin.outbox import CommandKind, EngineCommand
from kurun_twin.platform.json_data import JsonObject

PROCESS_ITEM_SIGNAL = "KuFlow_Engine_Signal_Process_Item"


def start(process_id: str, definition: ProcessDefinition, time_zone: str) -> EngineCommand:
    """Start the process's workflow with a ``WorkflowRequest``."""
    return EngineCommand(
        CommandKind.START_WORKFLOW,
        process_id,
        workflow_type=definition.workflow_type,
        task_queue=definition.task_queue,
        payload={"processId": process_id, **_requested(time_zone)},
    )


def item_done(item: sqlite3.Row, time_zone: str) -> EngineCommand:
    """Signal the process's workflow with a ``SignalProcessItem``."""
    codes = {
        "processItemDefinitionCode": item["definition_code"],
        "dataStructureDataDefinitionCode": item["data_definition_code"],
    }
    return EngineCommand(
        CommandKind.SIGNAL_WORKFLOW,
        item["process_id"],
        signal_name=PROCESS_ITEM_SIGNAL,
        payload={
            "id": item["id"],
            "type": item["type"],
            "payload": {name: code for name, code in codes.items() if code is not None},
            **_requested(time_zone),
        },
    )


def start_process_action(
    action_id: str, process_id: str, action: ProcessActionDefinition, principal_id: str, time_zone: str
) -> EngineCommand:
    """Start the workflow of an action with a ``WorkflowUserActionRequest``."""
    payload = {
        "processId": process_id,
        "userActionDefinitionType": action.type.value,
        "userActionDefinitionCode": action.code,
        "userActionId": action_id,
        "requestorPrincipalId": principal_id,
    }
    return _start_action(action_id, action.workflow, payload, time_zone)


def start_artifact_action(
    action_id: str, artifact_id: str, action: ArtifactActionDefinition, principal_id: str, time_zone: str
) -> EngineCommand:
    """Start the workflow of an action with a ``WorkflowBusinessArtifactActionRequest``."""
    payload = {
        "businessArtifactId": artifact_id,
        "businessArtifactActionDefinitionType": action.type.value,
        "businessArtifactActionDefinitionCode": action.code,
        "businessArtifactActionValueId": action_id,
        "requestorPrincipalId": principal_id,
    }
    return _start_action(action_id, action.workflow, payload, time_zone)


def user_action(
    process_id: str, action: ProcessActionDefinition, value: JsonObject | None, time_zone: str
) -> EngineCommand:
    """Signal the process's workflow with a ``SignalUserAction``, in the spellings of time that libraries know."""
    requested = _requested(time_zone)
    payload: JsonObject = {
        "userActionDefinitionCode": action.code,
        "requestInstant": requested["requestTime"],
        **requested,
    }
    if value is not None:
        payload["input"] = value
    return EngineCommand(CommandKind.SIGNAL_WORKFLOW, process_id, signal_name=action.signal_name, payload=payload)


def _start_action(action_id: str, target: WorkflowTarget | None, payload: JsonObject, time_zone: str) -> EngineCommand:
    assert target is not None  # noqa: S101 - only actions that run a workflow get here
    return EngineCommand(
        CommandKind.START_WORKFLOW,
        action_id,
        workflow_type=target.workflow_type,
        task_queue=target.task_queue,
        payload={**payload, **_requested(time_zone)},
    )


def cancel(process_id: str) -> EngineCommand:
    """Cancel the workflow of a process or an action."""
    return EngineCommand(CommandKind.CANCEL_WORKFLOW, process_id)


def _requested(time_zone: str) -> dict[str, str]:
    return {"requestTime": wire_time(microseconds()), "requestTimeZone": time_zone}
