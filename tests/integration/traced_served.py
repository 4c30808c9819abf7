"""What a worker serves whose traces are looked at."""

from datetime import timedelta
from uuid import UUID

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from kurun_activities import context
    from kurun_workflows import KuFlowProcess, WorkflowRequest, WorkflowResponse

SECRET = "hunter2-hunter2"
SOON = timedelta(seconds=10)
ONCE = RetryPolicy(maximum_attempts=1)


@activity.defn(name="look_up")
async def look_up(process_id: str) -> str:
    """Ask KuFlow, as a user's own activity does."""
    process = await context.current().kuflow.processes.retrieve(UUID(process_id))
    return str(process.state)


@activity.defn(name="quote")
async def quote() -> None:
    """Fail, and quote what nobody else may read."""
    activity.logger.info("about to quote")
    raise ApplicationError(f"the customer wrote {SECRET}", type="Quoted")


@workflow.defn(name="TracedWorkflow")
class TracedWorkflow:
    """A loan in small: a look, a form that a person fills in, an activity that fails, a message."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Play."""
        process = KuFlowProcess(request)
        await workflow.execute_activity(look_up, str(process.id), start_to_close_timeout=SOON, retry_policy=ONCE)
        form = await process.task("FORM")
        try:
            await workflow.execute_activity(quote, start_to_close_timeout=SOON, retry_policy=ONCE)
        except ActivityError:
            await process.message(f"{form.data}", code="NOTE")
        return WorkflowResponse(message=SECRET)


@workflow.defn(name="RollingWorkflow")
class RollingWorkflow:
    """Continues as new until nothing is left."""

    @workflow.run
    async def run(self, left: int) -> str:
        """One activity in each run."""
        workflow.logger.info("rolling")
        try:
            await workflow.execute_activity(quote, start_to_close_timeout=SOON, retry_policy=ONCE)
        except ActivityError:
            if left:
                workflow.continue_as_new(left - 1)
        return "done"
