"""Has a robot of the twin run for a task of a new loan, as KuFlow would, and shows the log of the task.

``python start.py INFO CODE OPERATION [STATEMENT]``: the file that ``kurun dev --info`` writes, the robot's code, the
name of the operation, and a spreadsheet that the applicant attached.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowFailureError

from kurun_clients.kuflow import BasicAuth, FileContent, KuFlowClient
from kurun_clients.kuflow.models import (
    JsonValue,
    ProcessCreateParams,
    ProcessItem,
    ProcessItemCreateParams,
    ProcessItemTaskCreateParams,
    ProcessItemType,
)

APPLICANT = "Nora Lindqvist"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TASK_QUEUE = "robots"


async def start(info: dict[str, Any], code: str, operation: str, statement: str | None = None) -> int:
    """The exit code."""
    twin, engine = info["kuflow"], info["engine"]
    robot_id = next(each["id"] for each in info["robots"] if each["code"] == code)
    async with KuFlowClient(twin["endpoint"], auth=BasicAuth(twin["client_id"], twin["client_secret"])) as kuflow:
        task = await new_task(kuflow, UUID(twin["tenant_id"]), statement)
        client = await Client.connect(engine["direct_address"], namespace=engine["namespace"])
        request = {
            "processId": str(task.process_id),
            "processItemId": str(task.id),
            "robotId": robot_id,
            "robotOperation": operation,
        }
        ended_well = True
        try:
            await client.execute_workflow("RobotWorkflow", request, id=f"robot-{uuid4()}", task_queue=TASK_QUEUE)
        except WorkflowFailureError:
            ended_well = False  # the log says why
        found = (await kuflow.process_items.retrieve(task.id)).task
        for entry in (found.logs if found else None) or ():
            sys.stdout.write(f"{entry.level} {entry.message}\n")
        sys.stdout.write(f"process {task.process_id}\n")
    return 0 if ended_well else 1


async def new_task(kuflow: KuFlowClient, tenant_id: UUID, statement: str | None) -> ProcessItem:
    """The task of an approver in a new loan."""
    process = await kuflow.processes.create(
        ProcessCreateParams(
            process_definition_code="LOAN", tenant_id=tenant_id, metadata=JsonValue.of({"applicant": APPLICANT})
        )
    )
    form: dict[str, Any] = {"applicant": APPLICANT, "email": "n@example.com", "amount": 14000, "currency": "EUR"}
    if statement is not None:
        document = await kuflow.processes.upload_document(
            process.id, FileContent(Path(statement)), file_name=Path(statement).name, content_type=XLSX
        )
        form["attachment"] = document.document_uri
    await new_item(kuflow, process.id, "LOAN_APPLICATION", form)
    return await new_item(kuflow, process.id, "LOAN_APPROVAL", {"applicant": APPLICANT})


async def new_item(kuflow: KuFlowClient, process_id: UUID, code: str, data: dict[str, Any]) -> ProcessItem:
    """A task with data."""
    return await kuflow.process_items.create(
        ProcessItemCreateParams(
            type=ProcessItemType.TASK,
            process_id=process_id,
            process_item_definition_code=code,
            task=ProcessItemTaskCreateParams(data=JsonValue(value=data)),
        )
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(start(json.loads(Path(sys.argv[1]).read_text()), *sys.argv[2:])))
