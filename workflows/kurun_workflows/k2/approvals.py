"""Asking K2: a KuFlow process starts a K2 workflow and waits for what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

from kurun_activities.k2 import names
from kurun_activities.k2.failure_types import UNKNOWN_OUTCOME
from kurun_activities.k2.models.tasks import (
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
from kurun_workflows.k2.acknowledging import acknowledged
from kurun_workflows.k2.failures import failure_type, ran_out, reason
from kurun_workflows.k2.instances import data_fields_of, ended_instance, time_to_read
from kurun_workflows.k2.outcome_tasks import MOST, OutcomeTasks, is_of
from kurun_workflows.k2.outcomes import K2ApprovalTimeout, K2Outcome, OutcomeFrom
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
        activity: str | None = None,
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
            activity: Step of the K2 workflow whose task is the outcome. Other tasks that the workflow gives to this
                account are left alone, with a log line. Without it the first one is the outcome.
            outcome: Where the outcome is seen. ``instance`` needs the K2 Services; its polls fill the history, so for
                weeks of waiting let the K2 workflow end with a task.
            within: Longest time for the start and the wait; for ever without it. Once K2 has given the outcome, what is
                left to do may take longer.

        Raises:
            K2ApprovalTimeout: No outcome in time. If not even the start was confirmed, the log says so.
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
        ended = await (asked.by_task(acknowledge, activity) if outcome is OutcomeFrom.TASK else asked.by_instance())
        await asked.save(ended)
        return ended


@dataclass
class _Asked:
    """One K2 workflow that was asked.

    Attributes:
        instance_id: The instance; ``None`` while the reply to its start is lost.
        left_alone: Serial numbers of the instance's tasks that are not the outcome. The watcher names them again and
            again.
    """

    process: KuFlowProcess
    calls: Calls
    tasks: OutcomeTasks
    key: str
    deadline: datetime | None
    item: ItemOrId | None
    instance_id: int | None = field(default=None)
    folio: str | None = None
    left_alone: dict[str, None] = field(default_factory=dict)

    async def start(self, request: K2WorkflowStartRequest) -> None:
        self.folio, left = request.folio, self._left()
        if left == timedelta(0):
            await self.log(f"K2 was not asked to start workflow {request.workflow_id}: no time is left", WARN)
            raise K2ApprovalTimeout(self.key)
        try:
            started = await self.calls.short(names.START_WORKFLOW, request, K2WorkflowStartResponse, within=left)
        except ActivityError as error:
            if ran_out(error):
                await self.log(
                    f"K2 did not confirm the start of workflow {request.workflow_id} in time: {reason(error)}. "
                    f"It may have been started; its key is {self.key}",
                    WARN,
                )
                raise K2ApprovalTimeout(self.key) from error
            if failure_type(error) != UNKNOWN_OUTCOME:
                await self.log(f"K2 did not start workflow {request.workflow_id}: {reason(error)}", WARN)
                raise
            await self.log(f"K2's reply to the start was lost; waiting for the outcome of {self.key}", WARN)
            return
        self.instance_id, self.folio = started.workflow_instance_id, started.folio
        await self.log(f"K2 started workflow instance {self.instance_id}: {started.folio}")

    async def by_task(self, acknowledge: str | None, activity: str | None) -> K2Outcome:
        while True:
            told = await self._outcome_task()
            if not is_of(activity, told.activity_name):
                await self._leave(told.serial_number, told.activity_name)
                continue
            task = await self._read(told.serial_number)
            if task is None:
                await self.log(f"K2 task {told.serial_number} was gone before it could be read", WARN)
                continue
            if not is_of(activity, task.activity_name or ""):
                await self._leave(task.serial_number, task.activity_name)
                continue
            action = await acknowledged(self.calls, self.log, task, acknowledge)
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

    def _left(self) -> timedelta | None:
        return None if self.deadline is None else max(self.deadline - workflow.now(), timedelta(0))

    async def _outcome_task(self) -> OutcomeTask:
        told = await self.tasks.take(self._is_ours, self._left())
        if told is None:
            raise K2ApprovalTimeout(self.key)
        return told

    async def _read(self, serial_number: str) -> Task | None:
        request, within = K2TaskRetrieveRequest(serial_number=serial_number), time_to_read(self.deadline)
        try:
            return (await self.calls.short(names.RETRIEVE_TASK, request, K2TaskRetrieveResponse, within=within)).task
        except ActivityError as error:
            if ran_out(error):
                raise K2ApprovalTimeout(self.key) from error
            raise

    async def _leave(self, serial_number: str, activity: str | None) -> None:
        if serial_number in self.left_alone:
            return
        if len(self.left_alone) >= MOST:
            del self.left_alone[next(iter(self.left_alone))]
        self.left_alone[serial_number] = None
        await self.log(f"K2 task {serial_number} of the step {activity!r} is not the outcome: it is left alone")

    def _is_ours(self, told: OutcomeTask) -> bool:
        return told.workflow_instance_id == self.instance_id or told.business_key == self.key

    def _outcome(self, task: Task, told: OutcomeTask, action: str | None) -> K2Outcome:
        return K2Outcome(
            business_key=self.key,
            instance_id=told.workflow_instance_id,
            folio=task.workflow_instance_folio or self.folio,
            serial_number=task.serial_number,
            action=action,
            data_fields=task.fields,
        )
