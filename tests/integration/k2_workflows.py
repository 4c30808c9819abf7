"""Workflows that ask K2 in ways of their own."""

from temporalio import workflow

from kurun_workflows import KuFlowProcess, WorkflowRequest, WorkflowResponse
from kurun_workflows.k2 import K2Approvals


@workflow.defn
class TwoQuestionsWorkflow:
    """Asks K2 twice, the second time while the first answer is there already."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self.approvals = K2Approvals(KuFlowProcess(request))

    @workflow.run
    async def run(self, _request: WorkflowRequest) -> WorkflowResponse:
        """One after the other, without an item."""
        first = await self.approvals.ask(7, acknowledge="Approve")
        second = await self.approvals.ask(7, acknowledge="Decline")
        return WorkflowResponse(message=f"{first.serial_number} {second.serial_number}")


@workflow.defn
class TwoHelpersWorkflow:
    """Makes the helper twice, by mistake."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Never gets far."""
        process = KuFlowProcess(request)
        K2Approvals(process)
        K2Approvals(process)
        return WorkflowResponse(message="unreachable")


ALL = [TwoQuestionsWorkflow, TwoHelpersWorkflow]
