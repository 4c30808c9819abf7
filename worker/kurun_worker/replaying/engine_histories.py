"""Histories of the engine: of what runs, and of what has ended lately."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from kurun_config import ConfigurationError
from kurun_worker.reasons import line
from kurun_worker.replaying.verdicts import Recorded


@dataclass(frozen=True)
class Wanted:
    """Which histories to read.

    Attributes:
        task_queue: Of workflows of this queue.
        query: Of workflows that this visibility query finds, instead of those of the queue.
        limit: At most so many running ones, or found by the query.
        closed: And so many that ended last.
    """

    task_queue: str
    query: str | None = None
    limit: int = 1000
    closed: int = 50

    def searches(self) -> list[tuple[str, int]]:
        """Visibility queries, each with the number of workflows to take of it."""
        if self.query is not None:
            return [(self.query, self.limit)]
        queue = "TaskQueue = '{}'".format(self.task_queue.replace("\\", "\\\\").replace("'", "\\'"))
        running = "ExecutionStatus = 'Running'"
        searches = [(f"{queue} AND {running}", self.limit)]
        # A number of 0 would mean all of them to Temporal.
        return searches + ([(f"{queue} AND ExecutionStatus != 'Running'", self.closed)] if self.closed else [])


async def fetch(client: Client, wanted: Wanted) -> AsyncIterator[Recorded]:
    """Read histories from the engine, one after the other. Those that retention removes meanwhile are left out.

    Raises:
        ConfigurationError: The engine does not understand the query.
        RPCError: The engine refuses.
    """
    for query, limit in wanted.searches():
        found = client.list_workflows(query, limit=limit)
        while (execution := await _next(found, wanted)) is not None:
            if (recorded := await _recorded(client, execution)) is not None:
                yield recorded


async def _next(found: AsyncIterator[WorkflowExecution], wanted: Wanted) -> WorkflowExecution | None:
    try:
        return await anext(found, None)
    except RPCError as error:
        if wanted.query is None or error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
        raise ConfigurationError(f"--query: the engine does not understand it: {line(error)}") from None


async def _recorded(client: Client, execution: WorkflowExecution) -> Recorded | None:
    handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
    try:
        history = await handle.fetch_history()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    running = execution.status is WorkflowExecutionStatus.RUNNING
    return Recorded(history, execution.workflow_type, f"{execution.id} (run {execution.run_id})", running)
