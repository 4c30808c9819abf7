"""Notices workflows that ended, so that their processes end too."""

import asyncio
import logging
import sqlite3
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from kurun_twin.database import Database
from kurun_twin.platform import WorkflowOutcome

logger = logging.getLogger(__name__)

INTERVAL = 0.5
"""Pause between two looks, in seconds."""

# Temporal's list trails behind what happened: by milliseconds as a rule, by seconds under load.
_OVERLAP = timedelta(seconds=3)
_WIDE_OVERLAP = timedelta(minutes=2)
_WIDE_EVERY = 40  # looks
_MAX_SEEN = 50_000
_CALL = timedelta(seconds=10)
_BACKOFF_MAX = 5.0

ENCODED = "Encoded failure"
"""What every SDK puts in the place of a failure's message that it encoded."""

_OUTCOMES = {
    WorkflowExecutionStatus.COMPLETED: WorkflowOutcome.COMPLETED,
    WorkflowExecutionStatus.CANCELED: WorkflowOutcome.CANCELLED,
    WorkflowExecutionStatus.TERMINATED: WorkflowOutcome.CANCELLED,
    WorkflowExecutionStatus.FAILED: WorkflowOutcome.FAILED,
    WorkflowExecutionStatus.TIMED_OUT: WorkflowOutcome.FAILED,
}

Finished = Callable[[UUID, WorkflowOutcome, str], Awaitable[object]]


class Watcher:
    """One list query an interval, however many processes run.

    How far it has looked is kept in the database: what ended while the twin was down is found at its next start.
    """

    def __init__(self, client: Client, database: Database, finished: Finished, *, interval: float = INTERVAL) -> None:
        """Make a watcher.

        Args:
            client: A client of the engine, past the gateway.
            database: Keeps how far it has looked.
            finished: Told the workflow's id, how it ended and, for a failure, why; sometimes twice, and of workflows
                that are no process's.
            interval: Pause between two looks, in seconds.
        """
        self._client = client
        self._database = database
        self._finished = finished
        self._interval = interval
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def run(self) -> None:
        """Look until cancelled."""
        looked_until = await self._database.run(_read_cursor)
        if looked_until is None:
            looked_until = datetime.now(UTC)
            await self._database.run(_write_cursor, looked_until)  # what ends before the first look is found later
        pause, looks = self._interval, 0
        while True:
            overlap = _OVERLAP if looks % _WIDE_EVERY else _WIDE_OVERLAP
            try:
                latest = await self._look(looked_until - overlap)
            except RPCError as error:
                logger.info("the engine cannot be asked which workflows ended: %s", error.status.name)
                pause = min(pause * 2, _BACKOFF_MAX)
            else:
                pause, looks = self._interval, looks + 1
                if latest is not None and latest > looked_until:
                    looked_until = latest
                    await self._database.run(_write_cursor, looked_until)
            await asyncio.sleep(pause)

    async def _look(self, since: datetime) -> datetime | None:
        """Report what ended since then; when the last of it did."""
        latest = None
        query = f"CloseTime >= '{since.isoformat()}'"
        async for execution in self._client.list_workflows(query, page_size=1000, rpc_timeout=_CALL):
            if execution.run_id not in self._seen:
                await self._report(execution)
                self._seen[execution.run_id] = None
                if len(self._seen) > _MAX_SEEN:
                    self._seen.popitem(last=False)
            if execution.close_time is not None:
                latest = max(latest or execution.close_time, execution.close_time)
        return latest

    async def _report(self, execution: WorkflowExecution) -> None:
        outcome = _OUTCOMES.get(execution.status) if execution.status else None
        process_id = _as_uuid(execution.id)
        if outcome is None or process_id is None:
            return
        # A reset or retried workflow ends one run and goes on with another.
        if outcome is WorkflowOutcome.COMPLETED or await self._is_last_run(execution):
            reason = await self._reason(execution) if outcome is WorkflowOutcome.FAILED else ""
            await self._finished(process_id, outcome, reason)

    async def _is_last_run(self, execution: WorkflowExecution) -> bool:
        try:
            last = await self._client.get_workflow_handle(execution.id).describe(rpc_timeout=_CALL)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True
            raise
        return last.run_id == execution.run_id

    async def _reason(self, execution: WorkflowExecution) -> str:
        """Why a workflow failed, as far as the engine can say."""
        handle = self._client.get_workflow_handle(execution.id, run_id=execution.run_id)
        try:
            await handle.result(follow_runs=False, rpc_timeout=_CALL)
        except WorkflowFailureError as error:
            return _innermost(error.cause)
        except RPCError as error:
            logger.info("the engine cannot be asked why a workflow failed: %s", error.status.name)
        except Exception as error:  # what others encoded may be unreadable here, in any way, and is no reason to stop
            logger.info("the reason of a failed workflow cannot be read: %s", type(error).__name__)
        return "the engine does not say why"


def _innermost(error: BaseException) -> str:
    """The error that the others around it only pass on; what a confidential workflow encrypted stays so."""
    while error.__cause__ is not None:
        error = error.__cause__
    kind = error.type if isinstance(error, ApplicationError) and error.type else type(error).__name__
    said = error.message if isinstance(error, ApplicationError) else str(error)
    if said == ENCODED:
        said = "its message is encrypted"
    return f"{kind}: {said}" if said else kind


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _read_cursor(connection: sqlite3.Connection) -> datetime | None:
    connection.execute("CREATE TABLE IF NOT EXISTS engine_watch (looked_until TEXT NOT NULL)")
    row = connection.execute("SELECT looked_until FROM engine_watch").fetchone()
    return None if row is None else datetime.fromisoformat(row[0])


def _write_cursor(connection: sqlite3.Connection, looked_until: datetime) -> None:
    connection.execute("DELETE FROM engine_watch")
    connection.execute("INSERT INTO engine_watch VALUES (?)", (looked_until.isoformat(),))
