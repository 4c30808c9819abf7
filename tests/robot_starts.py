"""Robots started as KuFlow starts them, for tests with kurun as processes."""

import json
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle

from kurun_clients.kuflow.models import ProcessItem
from tests.processes import Dev

WORKFLOW_TYPE = "RobotWorkflow"


async def start_robot(
    dev: Dev, client: Client, code: str, operation: str, task: ProcessItem, *, task_queue: str
) -> WorkflowHandle[Any, Any]:
    """Start the workflow of a robot for a task; the client is one of the engine behind the gateway."""
    async with dev.client() as kuflow:
        robots = (await kuflow.robots.find(size=100)).content
    request = {
        "processId": str(task.process_id),
        "processItemId": str(task.id),
        "robotId": str(next(each.id for each in robots if each.code == code)),
        "robotOperation": operation,
    }
    return await client.start_workflow(WORKFLOW_TYPE, request, id=f"robot-{uuid4()}", task_queue=task_queue)


async def result_of_run(handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    """What the activity that ran the robot returned; the workflow is over."""
    for event in (await handle.fetch_history()).events:
        if event.HasField("activity_task_completed_event_attributes"):
            [payload] = event.activity_task_completed_event_attributes.result.payloads
            result: dict[str, Any] = json.loads(payload.data)
            if "exitCode" in result:
                return result
    raise AssertionError("no robot was run to its end")
