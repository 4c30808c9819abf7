"""K2's part in a worker: its workflows, and the watcher that one of the workers of an account keeps running.

Loaded only by a worker that K2 is configured for.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError
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


def with_k2_workflows(existing: Sequence[type] | None) -> Sequence[type]:
    """The caller's workflows and those of K2's that he does not replace by his own of the same name."""
    own = list(existing or ())
    taken = {workflow_name(each) for each in own}
    return own + [each for each in WORKFLOWS if workflow_name(each) not in taken]


class WatchKeeper:
    """Sees to it that the account of the settings is watched.

    Args:
        settings: Which account.
        clock: Where time comes from.
    """

    def __init__(self, settings: K2Settings, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._account = settings.account
        self._clock = clock
        self._never = asyncio.Event()
        self._said: str | None = None

    async def run(self, worker: Worker) -> None:
        """Start the watcher on the worker's task queue, again and again. Failures are logged once and tried again."""
        while True:
            pause = INTERVAL if await self._start(worker) else AFTER_FAILURE
            await self._clock.wait(self._never, jittered(pause))

    async def _start(self, worker: Worker) -> bool:
        try:
            await worker.client.start_workflow(
                K2WatchWorkflow.run,
                WatchRequest(account=self._account),
                id=watch_workflow_id(self._account),
                task_queue=worker.task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                rpc_timeout=TIMEOUT,
            )
        except RPCError as error:
            if self._said != (said := str(error)):
                log.warning("the watcher of K2's tasks cannot be started", account=self._account, error=said)
            self._said = said
            return False
        if self._said is not None:
            log.info("the watcher of K2's tasks is started again", account=self._account)
        self._said = None
        return True
