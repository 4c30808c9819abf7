"""How many tasks wait on the worker's queue, as the engine counts them."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import structlog
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.service import RPCError
from temporalio.worker import Worker

from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.pacing import jittered
from kurun_worker.reasons import engine_reason

log = structlog.get_logger(__name__)

INTERVAL: Final = 15.0
TIMEOUT: Final = timedelta(seconds=5)

KINDS: Final = {
    "workflow": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    "activity": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}


class Backlog:
    """Asks the engine with the worker's own connection, so that scaling by it needs no access to the engine.

    Args:
        worker: The worker that serves now, if one does.
        clock: Where time comes from.

    Attributes:
        tasks: Waiting tasks by their kind, ``workflow`` or ``activity``; empty while the engine does not say.
    """

    def __init__(self, worker: Callable[[], Worker | None], *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._worker = worker
        self._clock = clock
        self._never = asyncio.Event()
        self._said: str | None = None
        self.tasks: Mapping[str, int] = {}

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            if (worker := self._worker()) is not None:
                self.tasks = await self._ask(worker)
            await self._clock.wait(self._never, jittered(INTERVAL))

    async def _ask(self, worker: Worker) -> Mapping[str, int]:
        try:
            counted = {name: await self._count(worker, kind) for name, kind in KINDS.items()}
        except RPCError as error:
            # The engine may grant this to nobody; that it does not answer at all is told elsewhere.
            if (said := engine_reason(error)) != self._said:
                log.debug("the engine does not count waiting tasks", error=said)
            self._said = said
            return {}
        self._said = None
        return counted

    async def _count(self, worker: Worker, kind: TaskQueueType.ValueType) -> int:
        request = DescribeTaskQueueRequest(
            namespace=worker.client.namespace,
            task_queue=TaskQueue(name=worker.task_queue),
            task_queue_type=kind,
            report_stats=True,
        )
        answer = await worker.client.workflow_service.describe_task_queue(request, timeout=TIMEOUT)
        return answer.stats.approximate_backlog_count
