"""Asking K2: a KuFlow process starts a K2 workflow and waits for what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

from kurun_activities.k2 import names
from kurun_activities.k2.failure_types import GONE_OR_FORBIDDEN, UNKNOWN_OUTCOME
from kurun_activities.k2.models.tasks import (
    K2TaskActRequest,
    K2TaskActResponse,
    K2TaskRetrieveRequest,
    K2TaskRetrieveResponse,
)
from kurun_activities.k2.models.workflows import K2WorkflowStartRequest, K2WorkflowStartResponse
from kurun_activities.k2.watch_models import METADATA, OutcomeTask
from kurun_clients.k2.workflow_api.models import Task
from kurun_clients.kuflow.models import ProcessItem, ProcessItemTaskLogLevel
from kurun_workflows.calls import CallOptions, Calls
from kurun_workflows.errors import InvalidData
from kurun_workflows.item_calls import ItemOrId
from kurun_workflows.k2.failures import WRONG_REQUEST, failure_type, reason, saw_it_gone
from kurun_workflows.k2.instances import data_fields_of, ended_instance
from kurun_workflows.k2.outcome_tasks import OutcomeTasks
from kurun_workflows.k2.outcomes import K2ApprovalFailed, K2ApprovalTimeout, K2Outcome, OutcomeFrom
from kurun_workflows.process import KuFlowProcess

WARN = ProcessItemTaskLogLevel.WARN


class K2Approvals:
    """Starts K2 workflows for a process and waits for their outcomes.

    Make one beside the :class:`~kurun_workflows.KuFlowProcess`, as early as that: it sets the handler of the watcher's
    signal. The worker's settings have to watch the account (``k2.watch``).

    Args:
        process: The process that asks.
        options: Limits of the activities.
    """

    def __init__(self, process: KuFlowProcess, *, options: CallOptions | None = None) -> None:
        self._process = process
        self._calls = Calls(options or CallOptions())
        self._tasks = OutcomeTasks()
        self._asked = 0

    async def ask(
        self,
        workflow_id: int,
        *,
        folio: str | None = None,
        data_fields: Mapping[str, Any] | None = None,
        priority: int | None = None,
        expected_duration: int | None = None,
        item: ItemOrId | None = None,
        acknowledge: str | None = None,
        outcome: OutcomeFrom = OutcomeFrom.TASK,
        within: timedelta | None = None,
    ) -> K2Outcome:
        """Start a K2 workflow, once, and wait for its outcome.

        If the reply to the start was lost and the instance cannot be found, the wait goes on: its outcome task shows
        the business key. It is never started a second time.

        Args:
            workflow_id: Id of its definition.
            folio: What people in K2 know it by; the business key is added.
            data_fields: What it starts with.
            priority: Its priority.
            expected_duration: Seconds.
            item: A task of the process, claimed by the worker, that takes the outcome in its data (under ``k2``) and
                what happened in its log.
            acknowledge: Action by which the outcome task is completed; its only one without it.
            outcome: Where the outcome is seen. ``instance`` needs the K2 Services; its polls fill the history, so for
                weeks of waiting let the K2 workflow end with a task.
            within: Longest wait; for ever without it.

        Raises:
            K2ApprovalTimeout: No outcome in time.
            K2ApprovalFailed: The outcome task cannot be acknowledged.
            ActivityError: K2 refuses the start.
        """
        self._asked += 1
        key = str(self._process.id) if self._asked == 1 else f"{self._process.id}:{self._asked}"
        request = K2WorkflowStartRequest(
            workflow_id=workflow_id,
            folio=folio,
            data_fields=dict(data_fields or {}),
            priority=priority,
            expected_duration=expected_duration,
            business_key=key,
        )
        deadline = None if within is None else workflow.now() + within
        asked = _Asked(self._process, self._calls, self._tasks, key, deadline, item)
        await asked.start(request)
        ended = await (asked.by_task(acknowledge) if outcome is OutcomeFrom.TASK else asked.by_instance())
        await asked.save(ended)
        return ended


@dataclass
class _Asked:
    """One K2 workflow that was asked.

    Attributes:
        instance_id: The instance; ``None`` while the reply to its start is lost.
    """

    process: KuFlowProcess
    calls: Calls
    tasks: OutcomeTasks
    key: str
    deadline: datetime | None
    item: ItemOrId | None
    instance_id: int | None = field(default=None)
    folio: str | None = None

    async def start(self, request: K2WorkflowStartRequest) -> None:
        self.folio = request.folio
        try:
            started = await self.calls.short(names.START_WORKFLOW, request, K2WorkflowStartResponse)
        except ActivityError as error:
            if failure_type(error) != UNKNOWN_OUTCOME:
                await self.log(f"K2 did not start workflow {request.workflow_id}: {reason(error)}", WARN)
                raise
            await self.log(f"K2's reply to the start was lost; waiting for the outcome of {self.key}", WARN)
            return
        self.instance_id, self.folio = started.workflow_instance_id, started.folio
        await self.log(f"K2 started workflow instance {self.instance_id}: {started.folio}")

    async def by_task(self, acknowledge: str | None) -> K2Outcome:
        while True:
            told = await self._outcome_task()
            request = K2TaskRetrieveRequest(serial_number=told.serial_number)
            task = (await self.calls.short(names.RETRIEVE_TASK, request, K2TaskRetrieveResponse)).task
            if task is None:
                await self.log(f"K2 task {told.serial_number} was gone before it could be read", WARN)
                continue
            action = await self._acknowledge(task, acknowledge)
            return self._outcome(task, told, action)

    async def by_instance(self) -> K2Outcome:
        while self.instance_id is None:
            self.instance_id = (await self._outcome_task()).workflow_instance_id
        ended = await ended_instance(self.calls, self.instance_id, self.deadline)
        if ended is None:
            raise K2ApprovalTimeout(self.key)
        return K2Outcome(
            business_key=self.key,
            instance_id=self.instance_id,
            folio=ended.folio,
            status=ended.status,
            data_fields=data_fields_of(ended),
        )

    async def save(self, outcome: K2Outcome) -> None:
        if self.item is None:
            return
        item: ProcessItem = await self.process.retrieve_item(self.item)
        data = item.task.data.value if item.task and item.task.data else {}
        try:
            await self.process.save_data(item, {**data, METADATA: outcome.to_wire()})
        except InvalidData as error:
            # It is saved. A form that does not know it is no reason to lose an outcome that K2 gives only once.
            await self.log(f"KuFlow flags the saved outcome: {error.message}", WARN)
        ended = outcome.status or f"task {outcome.serial_number}, acknowledged with {outcome.action or 'nothing'}"
        await self.log(f"K2 workflow instance {outcome.instance_id} has its outcome: {ended}")

    async def log(self, text: str, level: ProcessItemTaskLogLevel = ProcessItemTaskLogLevel.INFO) -> None:
        if self.item is not None:
            await self.process.log(self.item, text, level)

    async def _outcome_task(self) -> OutcomeTask:
        left = None if self.deadline is None else max(self.deadline - workflow.now(), timedelta(0))
        told = await self.tasks.take(self._is_ours, left)
        if told is None:
            raise K2ApprovalTimeout(self.key)
        return told

    def _is_ours(self, told: OutcomeTask) -> bool:
        return told.workflow_instance_id == self.instance_id or told.business_key == self.key

    async def _acknowledge(self, task: Task, wanted: str | None) -> str | None:
        action = wanted or _only_action(task)
        request = K2TaskActRequest(serial_number=task.serial_number, action=action)
        try:
            await self.calls.short(names.ACT_ON_TASK, request, K2TaskActResponse)
        except ActivityError as error:
            kind = failure_type(error)
            if kind == GONE_OR_FORBIDDEN:
                await self.log(f"K2 task {task.serial_number} was acknowledged by somebody else", WARN)
                return None
            if kind == UNKNOWN_OUTCOME and saw_it_gone(error):
                await self.log(f"K2's reply to {action!r} was lost; the task is gone, so it counts as done", WARN)
                return action
            if kind in WRONG_REQUEST or kind == UNKNOWN_OUTCOME:
                raise K2ApprovalFailed(f"K2 task {task.serial_number} cannot be completed: {reason(error)}") from error
            raise
        return action

    def _outcome(self, task: Task, told: OutcomeTask, action: str | None) -> K2Outcome:
        return K2Outcome(
            business_key=self.key,
            instance_id=told.workflow_instance_id,
            folio=task.workflow_instance_folio or self.folio,
            serial_number=task.serial_number,
            action=action,
            data_fields=task.fields,
        )


def _only_action(task: Task) -> str:
    actions = [*task.actions.batchable_actions, *task.actions.non_batchable_actions] if task.actions else []
    if len(actions) != 1:
        listed = ", ".join(actions) or "none"
        raise K2ApprovalFailed(f"K2 task {task.serial_number} has these actions: {listed}. Name one in `acknowledge`")
    return actions[0]
