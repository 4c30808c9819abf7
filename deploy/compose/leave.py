"""The process that the worker of compose.yaml carries out: the README's."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from kurun_workflows import KuFlowProcess, WorkflowRequest, WorkflowResponse


@workflow.defn
class LeaveWorkflow:
    """A person asks for days of leave and is told that they are granted."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Ask, and answer."""
        process = KuFlowProcess(request)
        task = await process.task("REQUEST")
        await process.message(f"{task.data['days']} days of leave, enjoy!")
        return WorkflowResponse(message="done")
