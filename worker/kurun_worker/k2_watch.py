"""K2's part in a worker: its workflows, and the watcher that one of the workers of an account keeps running.

Loaded only by a worker that K2 is configured for.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from kurun_activities.k2.watch_models import WatchRequest
from kurun_config import K2Settings
from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.definitions import workflow_name
from kurun_worker.pacing import jittered
from kurun_workflows.k2 import K2ApprovalWorkflow, K2TaskMirrorWorkflow, K2WatchWorkflow, watch_workflow_id

log = structlog.get_logger(__name__)

INTERVAL: Final = 180.0
"""Seconds between two starts of the watcher; they find it running, unless somebody terminated it."""

AFTER_FAILURE: Final = 15.0
TIMEOUT: Final = timedelta(seconds=10)

WORKFLOWS: Final[tuple[type, ...]] = (K2WatchWorkflow, K2TaskMirrorWorkflow, K2ApprovalWorkflow)


def with_k2_workflows(existing: Sequence[type] | None, *, watch: bool) -> Sequence[type]:
    """The caller's workflows and those of K2's that he does not replace by his own of the same name.

    Args:
        existing: The caller's.
        watch: Whether the worker may run the watcher.
    """
    own = list(existing or ())
    taken = {workflow_name(each) for each in own}
    wanted = (each for each in WORKFLOWS if watch or each is not K2WatchWorkflow)
    return own + [each for each in wanted if workflow_name(each) not in taken]


class WatchKeeper:
    """Sees to it that the account of the settings is watched.

    An account has one watcher, on the task queue of the worker that started it. When nobody polls that queue any more
    it is moved to ours. To stop it for good, see :class:`K2WatchWorkflow`.

    Args:
        settings: Which account.
        clock: Where time comes from.
    """

    def __init__(self, settings: K2Settings, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._account = settings.account
        self._clock = clock
        self._never = asyncio.Event()
        self._said: str | None = None
        self._elsewhere: str | None = None

    async def run(self, worker: Worker) -> None:
        """Start the watcher on the worker's task queue, again and again. Failures are logged once and tried again."""
        while True:
            pause = INTERVAL if await self._keep(worker) else AFTER_FAILURE
            await self._clock.wait(self._never, jittered(pause))

    async def _keep(self, worker: Worker) -> bool:
        try:
            await self._start(worker)
            await self._fetch(worker)
        except RPCError as error:
            if self._said != (said := str(error)):
                log.warning("the watcher of K2's tasks cannot be started", account=self._account, error=said)
            self._said = said
            return False
        if self._said is not None:
            log.info("the watcher of K2's tasks is started again", account=self._account)
        self._said = None
        return True

    async def _start(self, worker: Worker) -> None:
        await worker.client.start_workflow(
            K2WatchWorkflow.run,
            WatchRequest(account=self._account),
            id=watch_workflow_id(self._account),
            task_queue=worker.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=TIMEOUT,
        )

    async def _fetch(self, worker: Worker) -> None:
        """Take the watcher over from a task queue that nobody polls, or say that it is on another one."""
        client, watcher = worker.client, watch_workflow_id(self._account)
        found = await client.get_workflow_handle(watcher).describe(rpc_timeout=TIMEOUT)
        if found.task_queue == worker.task_queue:
            self._elsewhere = None
            return
        if await is_polled(client, found.task_queue):
            self._warn(watcher, found.task_queue, worker.task_queue)
            return
        # This run alone: another worker may have moved it meanwhile.
        handle = client.get_workflow_handle(watcher, run_id=found.run_id)
        await handle.terminate(
            reason=f"nobody polls {found.task_queue}: moved to {worker.task_queue}", rpc_timeout=TIMEOUT
        )
        await self._start(worker)
        self._elsewhere = None
        log.warning(
            f"the watcher of K2's tasks, {watcher}, was on task queue {found.task_queue}, which nobody polls: "
            f"it is moved to {worker.task_queue}"
        )

    def _warn(self, watcher: str, theirs: str, ours: str) -> None:
        if self._elsewhere != theirs:
            log.warning(
                f"the watcher of K2's tasks, {watcher}, runs on task queue {theirs} and not on ours, {ours}: the "
                "settings of the workers there hold for it. It is moved once nobody has polled that queue for minutes; "
                "terminate it to have it start anew"
            )
        self._elsewhere = theirs


async def is_polled(client: Client, task_queue: str) -> bool:
    """Whether any worker has lately asked for work of a task queue; the engine remembers it for some minutes.

    Where we may not know, it counts as polled.

    Raises:
        RPCError: The engine could not be reached, or failed.
    """
    for kind in (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY):
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=task_queue), task_queue_type=kind
        )
        try:
            described = await client.workflow_service.describe_task_queue(request, timeout=TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.PERMISSION_DENIED:
                raise
            return True
        if described.pollers:
            return True
    return False
