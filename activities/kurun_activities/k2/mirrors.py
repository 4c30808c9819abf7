"""The watcher's hands: it starts mirrors in KuFlow, and signals workflows through the engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from kurun_activities.k2.watch_models import (
    MEMO_ACCOUNT,
    MEMO_KIND,
    MEMO_SERIAL_NUMBER,
    METADATA,
    MIRROR_WORKFLOW,
    OUTCOME_TASK,
    TASK_CHANGED,
    Kind,
    Mirrored,
    OutcomeTask,
    TaskChanged,
)
from kurun_activities.k2.watched import Known, ListedTask, mirror_id
from kurun_clients.http import NotFound
from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import JsonValue, Process, ProcessCreateParams, ProcessState
from kurun_config import K2Settings

MOST_GENERATIONS: Final = 1000
"""Mirrors of one task that are looked through to find the latest."""

_TIMEOUT: Final = timedelta(seconds=10)
_RUNNING: Final = f"WorkflowType = '{MIRROR_WORKFLOW}' AND ExecutionStatus = 'Running'"


DEAD: Final = frozenset(
    {WorkflowExecutionStatus.FAILED, WorkflowExecutionStatus.TIMED_OUT, WorkflowExecutionStatus.TERMINATED}
)
"""How a mirror ends that nobody wanted to end. One that was cancelled is none: a person does not want another."""


@dataclass(frozen=True)
class _Latest:
    """The latest mirror of a task: whether it has ended, and of what, if it was not at the end of its work."""

    generation: int
    process_id: UUID
    ended: bool
    died: WorkflowExecutionStatus | None = None


class Mirrors:
    """Starts and tells the workflows that care about the tasks of one account.

    Args:
        kuflow: Where mirrors are started.
        engine: Where workflows are signalled.
        settings: Which account, and how it is mirrored.
    """

    def __init__(self, kuflow: KuFlowClient, engine: Client, settings: K2Settings) -> None:
        self._kuflow = kuflow
        self._engine = engine
        self._settings = settings

    async def attend(self, known: Known) -> None:
        """Do what is to be done about a listed task.

        Raises:
            ApiError: KuFlow could not be reached, or refused.
            RPCError: The engine could not be reached, or refused.
        """
        if (process_id := known.task.awaited_by) is not None:
            await self._announce(known.task, process_id)
            known.was_announced()
            return
        if known.process_id is not None and await self._status(known.process_id) is WorkflowExecutionStatus.RUNNING:
            known.mirrored_by(known.process_id)
            return
        latest = await self._latest(known, await self._mirror(known.task, known.generation))
        if not latest.ended:
            known.mirrored_by(latest.process_id, latest.generation)
            return
        if latest.died is not None:
            activity.logger.warning(
                f"K2 task {known.task.serial_number} is not shown any more: the workflow of its process "
                f"{latest.process_id} has ended, {latest.died.name}; it gets another one while it stays listed"
            )
        known.mirror_ended(latest.generation)

    async def tell(self, serial_number: str, process_id: UUID) -> None:
        """Tell a mirror that its task has changed; one that has ended need not know.

        Raises:
            RPCError: The engine could not be reached, or refused.
        """
        await self._signal(process_id, TASK_CHANGED, TaskChanged(serial_number=serial_number))

    async def running(self) -> Mapping[str, UUID]:
        """The account's mirrors of tasks that run, as the engine's search shows them; it may lag behind.

        Raises:
            RPCError: The engine could not be reached, or refuses to search.
        """
        found: dict[str, UUID] = {}
        async for execution in self._engine.list_workflows(_RUNNING, rpc_timeout=_TIMEOUT):
            if (serial_number := await self._serial_number(execution)) is not None:
                found[serial_number] = UUID(execution.id)
        return found

    async def _announce(self, task: ListedTask, process_id: UUID) -> None:
        signal = OutcomeTask(
            serial_number=task.serial_number,
            workflow_instance_id=task.workflow_instance_id,
            business_key=task.business_key,
            activity_name=task.activity_name,
        )
        if not await self._signal(process_id, OUTCOME_TASK, signal):
            activity.logger.warning(
                f"no workflow waits for K2 task {task.serial_number}: the process that its folio names, {process_id}, "
                "has ended, or never was"
            )

    async def _mirror(self, task: ListedTask, generation: int) -> Process:
        settings = self._settings
        mirrored = Mirrored(
            account=settings.account,
            serial_number=task.serial_number,
            kind=Kind.TASK,
            workflow_instance_id=task.workflow_instance_id,
            folio=task.folio,
            workflow_name=task.workflow_name,
            activity_name=task.activity_name,
            item_code=settings.mirror_item_code,
        )
        params = ProcessCreateParams(
            id=mirror_id(settings.account, task.serial_number, generation),
            process_definition_id=settings.mirror_process_definition_id,
            metadata=JsonValue.of({METADATA: mirrored.to_wire()}),
        )
        return await self._kuflow.processes.create(params)

    async def _latest(self, known: Known, process: Process) -> "_Latest":
        generation = known.generation
        while (latest := await self._seen(known, generation, process)).ended and generation < MOST_GENERATIONS:
            following = mirror_id(self._settings.account, known.task.serial_number, generation + 1)
            try:
                process = await self._kuflow.processes.retrieve(following)
            except NotFound:
                break
            generation += 1
        return latest

    async def _seen(self, known: Known, generation: int, process: Process) -> "_Latest":
        if process.state is ProcessState.COMPLETED:
            return _Latest(generation, process.id, ended=True)
        # KuFlow shows a process as running although its workflow is dead, or as cancelled after it.
        status = await self._status(process.id) if known.doubtful else None
        died = status if status in DEAD else None
        return _Latest(generation, process.id, ended=died is not None, died=died)

    async def _status(self, process_id: UUID) -> WorkflowExecutionStatus | None:
        """Where a process's workflow stands; ``None`` if the engine does not know it, yet or any more."""
        try:
            return (await self._engine.get_workflow_handle(str(process_id)).describe(rpc_timeout=_TIMEOUT)).status
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None

    async def _signal(self, process_id: UUID, name: str, argument: TaskChanged | OutcomeTask) -> bool:
        try:
            await self._engine.get_workflow_handle(str(process_id)).signal(name, argument, rpc_timeout=_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    async def _serial_number(self, execution: WorkflowExecution) -> str | None:
        memo = await execution.memo()
        if memo.get(MEMO_ACCOUNT) != self._settings.account or memo.get(MEMO_KIND) != Kind.TASK:
            return None
        return str(memo[MEMO_SERIAL_NUMBER]) if _is_uuid(execution.id) else None


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
