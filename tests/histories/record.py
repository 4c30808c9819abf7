"""Records the histories that ``tests/unit/test_workflow_replay.py`` replays.

Run ``python -m tests.histories.record`` after a change of a workflow that is meant to change its history. Workflows
that run already would not survive such a change: where they matter, use Temporal's patching or versioning instead.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from kurun_clients.kuflow.models import ProcessItemTaskState
from kurun_examples.loan.activities import convert_to_euro
from kurun_examples.loan.models import ContractRequest
from kurun_examples.loan.workflow import LoanWorkflow
from kurun_twin.engine.temporal_server import find_program
from kurun_worker.converter import kuflow_data_converter
from kurun_worker.sandbox import workflow_runner
from kurun_workflows import KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM, WorkflowRequest
from tests.integration.fake_kuflow import FakeKuFlow
from tests.integration.process_workflows import FORM, EndlessWorkflow, PatientWorkflow

FOLDER = Path(__file__).parent
QUEUE = "recording"
PROCESS = UUID("0b54e1ac-96c5-4a7d-8d0c-3f62f6f0a3d1")
APPLICATION = {"applicant": "Ada", "email": "ada@example.com", "amount": 25000, "currency": "USD"}

Handle = WorkflowHandle[Any, Any]


@activity.defn(name="write_contract")
async def no_contract(_request: ContractRequest) -> str:
    """A reference to a contract that nobody wrote."""
    return "kuflow-file:uri=ku:process/p/document/d;type=application/pdf;size=1;name=contract.pdf;"


async def complete(kuflow: FakeKuFlow, handle: Handle, code: str, data: dict[str, Any]) -> None:
    """Wait for a task, complete it and signal it."""
    async with asyncio.timeout(20):
        while not kuflow.of_code(code):
            await asyncio.sleep(0.05)
    item_id = kuflow.of_code(code)[0]
    kuflow.change(item_id, ProcessItemTaskState.COMPLETED, data)
    await handle.signal(KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM, {"id": str(item_id), "type": "TASK"})


async def loan(kuflow: FakeKuFlow, handle: Handle) -> None:
    """A loan above the limit that the approver grants."""
    await complete(kuflow, handle, "LOAN_APPLICATION", APPLICATION)
    await complete(kuflow, handle, "LOAN_APPROVAL", {"decision": "GRANTED", "comment": "fine"})


async def patient(kuflow: FakeKuFlow, handle: Handle) -> None:
    """A wait that runs out before the task is completed."""
    async with asyncio.timeout(20):
        while len(kuflow.items) < 2:
            await asyncio.sleep(0.05)
    await complete(kuflow, handle, FORM, {"name": "Ada"})


async def endless(kuflow: FakeKuFlow, handle: Handle) -> None:
    """A task opened in the run before this one."""
    await complete(kuflow, handle, FORM, {"name": "Ada"})
    await handle.signal("continue_now")


PLAYS: dict[str, tuple[type, Callable[[FakeKuFlow, Handle], Awaitable[None]]]] = {
    "loan": (LoanWorkflow, loan),
    "patient": (PatientWorkflow, patient),
    "endless": (EndlessWorkflow, endless),
}
"""For each file the workflow and what people do meanwhile."""


async def record(client: Client, name: str) -> None:
    """Run one workflow and write the history of its last run."""
    workflow, play = PLAYS[name]
    kuflow = FakeKuFlow()
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[workflow],
        activities=[*kuflow.activities(), convert_to_euro, no_contract],
        workflow_runner=workflow_runner(None, sandbox=True),
    ):
        request = WorkflowRequest(process_id=PROCESS)
        handle: Handle = await client.start_workflow(workflow.__name__, request, id=name, task_queue=QUEUE)
        await play(kuflow, handle)
        await handle.result()
        history = await client.get_workflow_handle(name).fetch_history()
    text = json.dumps(json.loads(history.to_json()), separators=(",", ":"), sort_keys=True)
    (FOLDER / f"{name}.json").write_text(text + "\n")


async def main() -> None:
    """Record every history."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=find_program(), data_converter=kuflow_data_converter
    )
    async with environment:
        for name in PLAYS:
            await record(environment.client, name)


if __name__ == "__main__":
    asyncio.run(main())
