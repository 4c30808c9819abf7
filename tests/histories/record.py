"""Records the histories that ``tests/unit/test_workflow_replay.py`` replays.

Run ``python -m tests.histories.record`` after a change of a workflow that is meant to change its history. Workflows
that run already would not survive such a change: where they matter, use Temporal's patching or versioning instead.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from kurun_activities.k2.watch_models import OUTCOME_TASK, TASK_CHANGED, WatchRequest
from kurun_clients.kuflow.models import ProcessItemTaskState
from kurun_examples.loan.activities import convert_to_euro
from kurun_examples.loan.models import ContractRequest
from kurun_examples.loan.workflow import LoanWorkflow
from kurun_twin.engine.temporal_server import find_program
from kurun_worker.converter import kuflow_data_converter
from kurun_worker.sandbox import workflow_runner
from kurun_workflows import KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM, WorkflowRequest
from kurun_workflows.k2 import K2ApprovalWorkflow, K2TaskMirrorWorkflow, K2WatchWorkflow
from tests.integration.fake_k2 import INSTANCE, FakeK2
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


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.05)


async def complete(kuflow: FakeKuFlow, handle: Handle, code: str, data: dict[str, Any], *, nth: int = 0) -> None:
    """Wait for a task, complete it and signal it."""
    await until(lambda: len(kuflow.of_code(code)) > nth)
    item_id = kuflow.of_code(code)[nth]
    kuflow.change(item_id, ProcessItemTaskState.COMPLETED, data)
    await handle.signal(KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM, {"id": str(item_id), "type": "TASK"})


async def loan(kuflow: FakeKuFlow, handle: Handle) -> None:
    """A loan above the limit that the approver grants."""
    await complete(kuflow, handle, "LOAN_APPLICATION", APPLICATION)
    await complete(kuflow, handle, "LOAN_APPROVAL", {"decision": "GRANTED", "comment": "fine"})


async def loan_k2(kuflow: FakeK2, handle: Handle) -> None:
    """A loan above the limit that K2 grants."""
    await complete(kuflow, handle, "LOAN_APPLICATION", APPLICATION)
    await until(lambda: bool(kuflow.started))
    kuflow.list_task("12_40", Decision="GRANTED", Comment="fine")
    await handle.signal(OUTCOME_TASK, {"serialNumber": "12_40", "workflowInstanceId": INSTANCE})


async def patient(kuflow: FakeKuFlow, handle: Handle) -> None:
    """A wait that runs out before the task is completed."""
    await until(lambda: len(kuflow.items) == 2)
    await complete(kuflow, handle, FORM, {"name": "Ada"})


async def endless(kuflow: FakeKuFlow, handle: Handle) -> None:
    """A task opened in the run before this one."""
    await complete(kuflow, handle, FORM, {"name": "Ada"})
    await handle.signal("continue_now")


async def k2_mirror(kuflow: FakeK2, handle: Handle) -> None:
    """A task that is looked at again, answered wrongly, and then rightly."""
    await until(lambda: bool(kuflow.of_code("K2_TASK")))
    reads = len(kuflow.calls)
    await handle.signal(TASK_CHANGED, {"serialNumber": "12_34"})
    await until(lambda: len(kuflow.calls) > reads)
    await complete(kuflow, handle, "K2_TASK", {"action": "Delete"})
    await complete(kuflow, handle, "K2_TASK", {"action": "approve", "changes": {"Note": "fine"}}, nth=1)


async def k2_approval(kuflow: FakeK2, handle: Handle) -> None:
    """An approval whose outcome task comes."""
    await until(lambda: bool(kuflow.started))
    kuflow.list_task("12_40", Decision="approved")
    await handle.signal(OUTCOME_TASK, {"serialNumber": "12_40", "workflowInstanceId": INSTANCE})


async def k2_watch(_kuflow: FakeK2, _handle: Handle) -> None:
    """A turn of the watcher, and the next."""


@dataclass(frozen=True)
class Play:
    """A workflow and what happens meanwhile.

    Attributes:
        workflow: What is recorded.
        people: What people and the engine do.
        request: What it is started with.
        told: What its process's metadata says of K2.
        first_run: Record the first run, where others follow it; else the last.
    """

    workflow: type
    people: Callable[[FakeK2, Handle], Awaitable[None]]
    request: Any = field(default_factory=lambda: WorkflowRequest(process_id=PROCESS))
    told: dict[str, Any] = field(default_factory=dict)
    first_run: bool = False


PLAYS = {
    "loan": Play(LoanWorkflow, loan),
    "loan_k2": Play(LoanWorkflow, loan_k2, told={"workflowId": 7}),
    "patient": Play(PatientWorkflow, patient),
    "endless": Play(EndlessWorkflow, endless),
    "k2_mirror": Play(K2TaskMirrorWorkflow, k2_mirror, told={"account": "k2", "serialNumber": "12_34"}),
    "k2_approval": Play(K2ApprovalWorkflow, k2_approval, told={"workflowId": 7, "acknowledge": "Approve"}),
    "k2_watch": Play(K2WatchWorkflow, k2_watch, WatchRequest(account="k2"), first_run=True),
}
"""For each file what it records."""


async def record(client: Client, name: str) -> None:
    """Run one workflow and write its history."""
    play = PLAYS[name]
    kuflow = FakeK2()
    kuflow.told = play.told
    kuflow.list_task()
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[play.workflow],
        activities=[*kuflow.activities(), convert_to_euro, no_contract],
        workflow_runner=workflow_runner(None, sandbox=True),
    ):
        handle: Handle = await client.start_workflow(play.workflow.__name__, play.request, id=name, task_queue=QUEUE)
        await play.people(kuflow, handle)
        # Runs that follow one another end only by failing.
        with suppress(WorkflowFailureError) if play.first_run else nullcontext():
            await handle.result()
        run = handle.first_execution_run_id if play.first_run else None
        history = await client.get_workflow_handle(name, run_id=run).fetch_history()
    text = json.dumps(json.loads(history.to_json()), separators=(",", ":"), sort_keys=True)
    (FOLDER / f"{name}.json").write_text(text + "\n")


async def main() -> None:
    """Record the histories that are named on the command line, or all."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=find_program(), data_converter=kuflow_data_converter
    )
    async with environment:
        for name in sys.argv[1:] or PLAYS:
            await record(environment.client, name)


if __name__ == "__main__":
    asyncio.run(main())
