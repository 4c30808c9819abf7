"""The ready-made KuFlow process that lets K2 decide."""

from datetime import timedelta
from typing import Any

from pydantic import Field, ValidationError
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from kurun_activities.k2 import names
from kurun_activities.k2.watch_models import METADATA
from kurun_clients.kuflow.models import ProcessItem
from kurun_clients.kuflow.models.base import Resource
from kurun_workflows.k2.approvals import K2Approvals
from kurun_workflows.k2.failures import reason
from kurun_workflows.k2.outcomes import K2Outcome, OutcomeFrom
from kurun_workflows.models import WorkflowRequest, WorkflowResponse
from kurun_workflows.process import KuFlowProcess


class ApprovalOrder(Resource):
    """What to ask, from the process's metadata under ``k2``; see :meth:`K2Approvals.ask`.

    Attributes:
        activity: Step of the K2 workflow whose task is the outcome.
        item_code: Code of the process item that takes the outcome.
        within: Seconds to wait for it.
    """

    workflow_id: int
    folio: str | None = None
    data_fields: dict[str, Any] = Field(default_factory=dict)
    priority: int | None = None
    expected_duration: int | None = None
    acknowledge: str | None = None
    activity: str | None = None
    outcome: OutcomeFrom = OutcomeFrom.TASK
    item_code: str = "K2_APPROVAL"
    within: int | None = None


@workflow.defn
class K2ApprovalWorkflow:
    """Starts the K2 workflow that its metadata names, waits for the outcome, and keeps it on a process item."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self._process = KuFlowProcess(request)
        self._approvals = K2Approvals(self._process)

    @workflow.run
    async def run(self, _request: WorkflowRequest) -> WorkflowResponse:
        """From the question to the outcome."""
        order = await self._order()
        asked = {"workflowId": order.workflow_id, "folio": order.folio, "dataFields": order.data_fields}
        item = await self._process.create_task(
            order.item_code, data={name: value for name, value in asked.items() if value is not None}
        )
        await self._process.claim_task(item)
        outcome = await self._ask(order, item)
        await self._process.complete_task(item)
        return WorkflowResponse(message=f"K2 workflow instance {outcome.instance_id} has its outcome")

    async def _ask(self, order: ApprovalOrder, item: ProcessItem) -> K2Outcome:
        try:
            return await self._approvals.ask(
                order.workflow_id,
                folio=order.folio,
                data_fields=order.data_fields,
                priority=order.priority,
                expected_duration=order.expected_duration,
                item=item,
                acknowledge=order.acknowledge,
                activity=order.activity,
                outcome=order.outcome,
                within=None if order.within is None else timedelta(seconds=order.within),
            )
        except ActivityError as error:
            # A person sees the process's messages; the log of an item that nobody opens is easily missed.
            if error.activity_type == names.START_WORKFLOW:
                await self._process.message(f"K2 did not start workflow {order.workflow_id}: {reason(error)}")
            raise

    async def _order(self) -> ApprovalOrder:
        metadata = (await self._process.retrieve()).metadata
        try:
            return ApprovalOrder.model_validate(metadata.value.get(METADATA) if metadata else None)
        except ValidationError as error:
            places = ", ".join(".".join(map(str, each["loc"])) for each in error.errors(include_input=False))
            raise ApplicationError(
                f"the process's metadata does not say what to ask K2: {METADATA} is wrong at {places or 'its root'}",
                non_retryable=True,
            ) from None
