"""What the engine has still to be told, written together with the change that causes it."""

import asyncio
import json
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kurun_twin.clock import microseconds
from kurun_twin.database import Database


class CommandKind(StrEnum):
    """What the dispatcher has to do."""

    START_WORKFLOW = "start_workflow"
    SIGNAL_WORKFLOW = "signal_workflow"
    CANCEL_WORKFLOW = "cancel_workflow"


@dataclass(frozen=True)
class EngineCommand:
    """One thing to tell the engine.

    Attributes:
        kind: What to do with the workflow.
        workflow_id: The process id.
        workflow_type: For a start, the workflow's type.
        task_queue: For a start, the queue of its worker.
        signal_name: For a signal, its name.
        payload: The one argument of the start or signal, ready to be JSON; ``None`` for a cancellation.
        id: Position in the outbox: the order in which commands were written.
        attempts: How often it was tried in vain.
        kms_key_id: The key of a confidential workflow, as it was at its start; ``None`` where it is not confidential.
    """

    kind: CommandKind
    workflow_id: str
    workflow_type: str | None = None
    task_queue: str | None = None
    signal_name: str | None = None
    payload: Mapping[str, Any] | None = field(default=None, repr=False)
    id: int = 0
    attempts: int = 0
    kms_key_id: str | None = None


class Outbox:
    """Commands wait here until the engine has taken them, over restarts too.

    The dispatcher's loop: clear :attr:`wakeup`, take :meth:`pending`, carry out and mark each; when there was none,
    wait for :attr:`wakeup`. A command written after the clearing sets it again, so that none is overlooked.

    Attributes:
        wakeup: Set, in the loop that last called :meth:`pending`, when a command was written.
    """

    def __init__(self, database: Database) -> None:
        self.wakeup = asyncio.Event()
        self._database = database
        self._loop: asyncio.AbstractEventLoop | None = None

    def write(self, connection: sqlite3.Connection, command: EngineCommand) -> None:
        """Add a command, inside the transaction of the change that causes it."""
        connection.execute(
            "INSERT INTO engine_commands"
            " (kind, workflow_id, workflow_type, task_queue, signal_name, payload, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                command.kind,
                command.workflow_id,
                command.workflow_type,
                command.task_queue,
                command.signal_name,
                None if command.payload is None else json.dumps(command.payload),
                microseconds(),
            ),
        )
        # The reader's query queues behind this transaction, so waking it before the commit loses nothing.
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.wakeup.set)

    async def pending(self, limit: int = 100, *, without_keys: Collection[str] = ()) -> list[EngineCommand]:
        """The oldest commands that are not done, in the order in which they were written.

        Args:
            limit: The most that are returned.
            without_keys: Leave out those of workflows that are encrypted with these keys.
        """
        self._loop = asyncio.get_running_loop()
        return await self._database.run(read_pending, limit, without_keys)

    async def done(self, command_id: int) -> None:
        """The engine took it, or it has become pointless."""
        await self._database.run(_mark_done, command_id)

    async def failed(self, command_id: int, reason: str) -> None:
        """The attempt failed; the command stays pending."""
        await self._database.run(_mark_failed, command_id, reason)


def read_pending(connection: sqlite3.Connection, limit: int, without_keys: Collection[str] = ()) -> list[EngineCommand]:
    """The oldest commands that are not done; see :meth:`Outbox.pending`."""
    return [_command(row) for row in connection.execute(_PENDING, (json.dumps([*without_keys]), limit))]


_PENDING = """
SELECT c.id, c.kind, c.workflow_id, c.workflow_type, c.task_queue, c.signal_name, c.payload, c.attempts,
    coalesce(p.kms_key_id, a.kms_key_id) AS kms_key_id
FROM engine_commands c LEFT JOIN processes p ON p.id = c.workflow_id LEFT JOIN actions a ON a.id = c.workflow_id
WHERE c.done_at IS NULL
    AND coalesce(p.kms_key_id, a.kms_key_id, '') NOT IN (SELECT value FROM json_each(?))
ORDER BY c.id LIMIT ?
"""


def _command(row: sqlite3.Row) -> EngineCommand:
    fields = dict(row)
    payload = fields.pop("payload")
    kind = CommandKind(fields.pop("kind"))
    return EngineCommand(kind=kind, payload=None if payload is None else json.loads(payload), **fields)


def _mark_done(connection: sqlite3.Connection, command_id: int) -> None:
    connection.execute("UPDATE engine_commands SET done_at = ? WHERE id = ?", (microseconds(), command_id))


def _mark_failed(connection: sqlite3.Connection, command_id: int, reason: str) -> None:
    connection.execute(
        "UPDATE engine_commands SET attempts = attempts + 1, last_error = ? WHERE id = ?", (reason[:1000], command_id)
    )


def forget_done(connection: sqlite3.Connection) -> None:
    """Delete commands that were done more than a day ago."""
    connection.execute("DELETE FROM engine_commands WHERE done_at < ?", (microseconds() - 24 * 3600 * 1_000_000,))
