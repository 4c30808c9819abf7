"""What KuFlow tells a workflow: that it starts, that an item is done, that it is to stop."""

import sqlite3

from kurun_twin.clock import microseconds, wire_time
from kurun_twin.definitions import ProcessDefinition
from kurun_twin.outbox import CommandKind, EngineCommand

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


def cancel(process_id: str) -> EngineCommand:
    """Cancel the process's workflow."""
    return EngineCommand(CommandKind.CANCEL_WORKFLOW, process_id)


def _requested(time_zone: str) -> dict[str, str]:
    return {"requestTime": wire_time(microseconds()), "requestTimeZone": time_zone}
