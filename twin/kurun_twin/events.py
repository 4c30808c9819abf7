"""Says in short lines what happens to processes and items, whoever makes it happen."""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from kurun_twin.database import Database

_MAX_LINE = 600
_MAX_REASON = 300
_AT_ONCE = 1000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

# Temporary triggers see every change, and what they note goes away with a transaction that is undone.
_FEED = """
CREATE TEMP TABLE feed (id INTEGER PRIMARY KEY, kind TEXT, code TEXT, of_id TEXT, process_id TEXT, state TEXT);
CREATE TEMP TRIGGER feed_process AFTER INSERT ON main.processes BEGIN
    INSERT INTO feed VALUES (NULL, 'process', NEW.definition_code, NEW.id, NULL, 'started'); SELECT feed_written(); END;
CREATE TEMP TRIGGER feed_process_state AFTER UPDATE OF state ON main.processes WHEN OLD.state != NEW.state BEGIN
    INSERT INTO feed VALUES (NULL, 'process', NEW.definition_code, NEW.id, NULL, lower(NEW.state));
    SELECT feed_written(); END;
CREATE TEMP TRIGGER feed_item AFTER INSERT ON main.process_items BEGIN
    INSERT INTO feed VALUES
        (NULL, lower(NEW.type), NEW.definition_code, NEW.id, NEW.process_id, coalesce(lower(NEW.state), 'created'));
    SELECT feed_written(); END;
CREATE TEMP TRIGGER feed_item_state AFTER UPDATE OF state ON main.process_items WHEN OLD.state != NEW.state BEGIN
    INSERT INTO feed VALUES
        (NULL, lower(NEW.type), NEW.definition_code, NEW.id, NEW.process_id, lower(NEW.state));
    SELECT feed_written(); END;
"""


class Events:
    """Reads what happened after each transaction that changed a state."""

    def __init__(self, database: Database, tell: Callable[[str], None]) -> None:
        """Nothing is noted before :meth:`run`.

        Args:
            database: Whose changes are told.
            tell: Hears one line for each, on the event loop; it must not block.
        """
        self._database = database
        self._tell = tell
        self._written = asyncio.Event()

    async def run(self) -> None:
        """Tell until cancelled; to be called once for a database."""
        loop = asyncio.get_running_loop()

        def written() -> None:
            with suppress(RuntimeError):  # the loop is closed; an error here would undo the transaction
                loop.call_soon_threadsafe(self._written.set)

        await self._database.run(_note, written)
        while True:
            await self._written.wait()
            self._written.clear()
            # Queues behind the transaction that set the event.
            while rows := await self._database.run(_take):
                for line in _lines(rows):
                    self._tell(line)


def one_line(text: str) -> str:
    """Text as it may go to a terminal: one line, no control characters, not too long."""
    clean = " ".join(_CONTROL.sub(" ", text).split())
    return clean if len(clean) <= _MAX_LINE else f"{clean[: _MAX_LINE - 1]}…"


def stuck(
    workflow_id: str, workflow_type: str, process: Mapping[str, Any] | None, reason: str | None, place: str
) -> str:
    """What is said of a workflow whose tasks fail.

    Args:
        workflow_id: Which workflow.
        workflow_type: Its type; empty if the engine does not say.
        process: Its process, if it is a process's.
        reason: Why they fail; ``None``: they do no longer.
        place: Where to look.
    """
    named = " ".join(filter(None, ("workflow", workflow_type)))
    whose = workflow_id if process is None else f"of process {process['processDefinitionRef']['code']} {workflow_id}"
    if reason is None:
        return one_line(f"{named} {whose} goes on again")
    return one_line(f"{named} {whose} cannot go on until it is mended: {reason[:_MAX_REASON]} (see {place})")


def failure(process: Mapping[str, Any], reason: str, place: str) -> str:
    """What is said of a process whose workflow failed; ``place`` is where to look."""
    name = f"{process['processDefinitionRef']['code']} {process['id']}"
    return one_line(
        f"workflow of process {name} failed: {reason[:_MAX_REASON]} (the process is {process['state']}; see {place})"
    )


def _note(connection: sqlite3.Connection, written: Callable[[], None]) -> None:
    connection.create_function("feed_written", 0, written)
    for statement in _statements(_FEED):
        connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """Each by itself: running a script would end the transaction."""
    statement = ""
    for line in script.strip().splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _take(connection: sqlite3.Connection) -> list[sqlite3.Row]:
    rows = connection.execute("SELECT * FROM feed ORDER BY id LIMIT ?", (_AT_ONCE,)).fetchall()
    if rows:
        connection.execute("DELETE FROM feed WHERE id <= ?", (rows[-1]["id"],))
    return rows


def _lines(rows: list[sqlite3.Row]) -> Iterator[str]:
    for row in rows:
        words = (row["kind"], row["code"], row["of_id"], row["state"])
        where = f"(process {row['process_id'][:8]})" if row["process_id"] else ""
        yield one_line(" ".join(filter(None, (*words, where))))
