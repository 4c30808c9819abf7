"""The workflow that KuFlow starts for a robot."""

from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy

from kurun_activities import models, names
from kurun_activities.robot_runs.models import RobotRunRequest, RobotRunResponse
from kurun_activities.robot_runs.names import RUN_ROBOT
from kurun_clients.kuflow.models import ProcessItemTaskState
from kurun_clients.kuflow.models.base import Resource
from kurun_workflows.calls import CallOptions, Calls

MARGIN: Final = timedelta(hours=24)
"""What an attempt gets beside the robot's run and its environment: waiting for a slot, and uploads."""
SILENCE: Final = timedelta(seconds=15)
"""After this a worker usually counts as lost. Temporal passes a cancellation on in up to four fifths of it."""
_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


class WorkflowRobotRequest(Resource):
    """The argument of the workflow."""

    process_id: UUID
    process_item_id: UUID
    robot_id: UUID
    robot_operation: str
    request_time: datetime | None = None
    request_time_zone: str | None = None


class WorkflowRobotResponse(Resource):
    """What it returns."""

    message: str | None = None


@workflow.defn
class RobotWorkflow:
    """Runs an operation of a robot for a task, and completes the task if the worker's settings want that.

    Attributes:
        attempt_timeout: Longest attempt of the run. A lost worker is noticed much earlier.
        silence: After this a worker counts as lost.
    """

    attempt_timeout: ClassVar[timedelta] = timedelta(hours=2) + MARGIN
    silence: ClassVar[timedelta] = SILENCE

    @workflow.run
    async def run(self, request: WorkflowRobotRequest) -> WorkflowRobotResponse:
        """Run it."""
        ran = await workflow.execute_activity(
            RUN_ROBOT,
            RobotRunRequest(
                process_id=request.process_id,
                process_item_id=request.process_item_id,
                robot_id=request.robot_id,
                operation=request.robot_operation,
            ),
            result_type=RobotRunResponse,
            start_to_close_timeout=self.attempt_timeout,
            heartbeat_timeout=self.silence,
            retry_policy=_RETRIES,
            # Its worker is still ending the robot: only then it is over.
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        if ran.complete_task:
            await _complete(request.process_item_id)
        count = len(ran.documents) + (ran.more_documents or 0)
        left = f", {count} document{'' if count == 1 else 's'}" if count else ""
        return WorkflowRobotResponse(message=f"{request.robot_operation}: succeeded{left}")


async def _complete(task_id: UUID) -> None:
    """Complete a task; one that nobody has claimed is claimed first, and one that is completed stays so."""
    calls = Calls(CallOptions())
    retrieval = models.ProcessItemRetrieveRequest(process_item_id=task_id)
    read = await calls.short(names.RETRIEVE_PROCESS_ITEM, retrieval, models.ProcessItemRetrieveResponse)
    state = read.process_item.task.state if read.process_item.task else None
    if state is ProcessItemTaskState.COMPLETED:
        return
    if state is ProcessItemTaskState.READY:
        claim = models.ProcessItemTaskClaimRequest(process_item_id=task_id)
        await calls.short(names.CLAIM_PROCESS_ITEM_TASK, claim, models.ProcessItemTaskClaimResponse)
    completion = models.ProcessItemTaskCompleteRequest(process_item_id=task_id)
    await calls.short(names.COMPLETE_PROCESS_ITEM_TASK, completion, models.ProcessItemTaskCompleteResponse)


def robot_workflow(name: str, attempt_timeout: timedelta, silence: timedelta = SILENCE) -> type:
    """The workflow under another workflow type.

    Args:
        name: The workflow type.
        attempt_timeout: Longest attempt of the run.
        silence: After this a worker counts as lost.
    """
    members = {
        "__doc__": RobotWorkflow.__doc__,
        "__module__": __name__,
        "attempt_timeout": attempt_timeout,
        "silence": silence,
        "run": RobotWorkflow.run,
    }
    # Not in the sandbox, which would look for it in the module by its name; it does nothing that needs one.
    return workflow.defn(name=name, sandboxed=False)(type("RobotWorkflow", (), members))
