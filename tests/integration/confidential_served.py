"""Workflows of confidential processes, as a worker of ours serves them."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from kurun_workflows import KuFlowProcess, SignalUserAction, WorkflowRequest, WorkflowResponse


@workflow.defn
class SecretWorkflow:
    """Reads the metadata and a form, waits for a signal, writes a message."""

    def __init__(self) -> None:
        self._hurry: SignalUserAction | None = None

    @workflow.signal
    def hurry(self, action: SignalUserAction) -> None:
        """A person sends it."""
        self._hurry = action

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Play."""
        process = KuFlowProcess(request)
        metadata = (await process.retrieve()).metadata
        assert metadata is not None
        form = await process.task("FORM")
        await workflow.wait_condition(lambda: self._hurry is not None, timeout=timedelta(seconds=30))
        assert self._hurry is not None
        assert self._hurry.user_action_definition_code == "HURRY"
        await process.message(f"{metadata.value} {form.data}", code="NOTE")
        return WorkflowResponse(message=f"{metadata.value} {form.data}")


WORKFLOWS = [SecretWorkflow]
