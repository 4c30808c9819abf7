"""A workflow with a defect that fails its tasks, and the same without it."""

from typing import Any

from temporalio import workflow


@workflow.defn(name="TestWorkflow")
class StuckWorkflow:
    """Looks for what its request does not have."""

    @workflow.run
    async def run(self, request: dict[str, Any]) -> dict[str, str]:
        """Fail."""
        return {"message": request["the customer's secret"]}


WORKFLOWS = [StuckWorkflow]
