"""What the workers of ``benchmarks/worker.py`` serve: workflows that load one thing each."""

import asyncio
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from kurun_workflows import KuFlowProcess, WorkflowRequest, WorkflowResponse

ACTIVITIES, TASKS, STEPS, UPLOADS = 100, 50, 5, 20


@workflow.defn(name="ActivitiesWorkflow")
class ActivitiesWorkflow:
    """Many activities that ask KuFlow, hardly any workflow tasks of its own."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Read the process many times at once."""
        process = KuFlowProcess(request)
        await asyncio.gather(*(process.retrieve() for _ in range(ACTIVITIES)))
        return WorkflowResponse(message="done")


@workflow.defn(name="TasksWorkflow")
class TasksWorkflow:
    """Workflow tasks without activities: each update is one."""

    def __init__(self) -> None:
        self.turns = 0

    @workflow.update
    def turn(self) -> int:
        """Count."""
        self.turns += 1
        return self.turns

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Wait until there were enough of them."""
        await workflow.wait_condition(lambda: self.turns >= TASKS)
        return WorkflowResponse(message=str(request.process_id))


@workflow.defn(name="StepsWorkflow")
class StepsWorkflow:
    """One thing after the other, as most processes."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Read the process some times."""
        process = KuFlowProcess(request)
        for _ in range(STEPS):
            await process.retrieve()
        return WorkflowResponse(message="done")


@workflow.defn(name="UploadsWorkflow")
class UploadsWorkflow:
    """Uploads at the same time."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Upload the same large file many times."""
        process = KuFlowProcess(request)
        await asyncio.wait_for(
            asyncio.gather(
                *(process.upload_document(f"large-{number}.bin", path="large.bin") for number in range(UPLOADS))
            ),
            timeout=timedelta(minutes=2).total_seconds(),
        )
        return WorkflowResponse(message="done")
