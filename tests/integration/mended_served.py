"""The workflow of ``stuck_served`` after its defect was mended."""

from typing import Any

from temporalio import workflow


@workflow.defn(name="TestWorkflow")
class MendedWorkflow:
    """Ends."""

    @workflow.run
    async def run(self, request: dict[str, Any]) -> dict[str, str]:
        """Succeed."""
        return {"message": request["processId"]}


WORKFLOWS = [MendedWorkflow]
