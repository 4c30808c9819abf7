"""The twin's database and outbox."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from kurun_config import ConfigurationError
from kurun_twin.database import Database
from kurun_twin.outbox import CommandKind, EngineCommand, Outbox, read_pending


def _insert(connection: sqlite3.Connection, workflow_id: str) -> None:
    connection.execute(
        "INSERT INTO engine_commands (kind, workflow_id, created_at) VALUES ('cancel_workflow', ?, 0)", (workflow_id,)
    )


def _fail_after_writing(connection: sqlite3.Connection) -> None:
    _insert(connection, "undone")
    raise KeyError("changed its mind")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An open database in a new folder."""
    opened = Database(tmp_path / "twin.db")
    yield opened
    opened.close()


async def test_a_failed_function_leaves_nothing_behind(database: Database) -> None:
    """What a function wrote before it raised is undone, and the next one is not hampered."""
    with pytest.raises(KeyError):
        await database.run(_fail_after_writing)
    await database.run(_insert, "kept")

    assert [each.workflow_id for each in await database.run(read_pending, 10)] == ["kept"]


async def test_concurrent_transactions_follow_one_another(database: Database) -> None:
    """A hundred writers at once lose nothing."""
    await asyncio.gather(*(database.run(_insert, str(number)) for number in range(100)))

    assert {str(number) for number in range(100)} == {each.workflow_id for each in database.call(read_pending, 1000)}


def test_state_survives(tmp_path: Path) -> None:
    """What was written is there when the file is opened again, and only its owner can read it."""
    first = Database(tmp_path / "twin.db")
    first.call(_insert, "kept")
    first.close()
    second = Database(tmp_path / "twin.db")
    kept = second.call(read_pending, 10)
    second.close()

    assert [each.workflow_id for each in kept] == ["kept"]
    assert (tmp_path / "twin.db").stat().st_mode & 0o777 == 0o600


def test_another_schema_version_is_refused(tmp_path: Path) -> None:
    """A database of another version of the twin is named, not damaged."""
    Database(tmp_path / "twin.db").close()
    connection = sqlite3.connect(tmp_path / "twin.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(ConfigurationError, match=r"twin\.db: .*schema version 99, this twin needs 4"):
        Database(tmp_path / "twin.db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """Something else in the database's place is named."""
    (tmp_path / "twin.db").write_text("not a database" * 100)

    with pytest.raises(ConfigurationError, match=r"twin\.db: cannot be used"):
        Database(tmp_path / "twin.db")


async def test_commands_wait_in_order_until_done(database: Database) -> None:
    """Commands come back in the order they were written, whole, until they are marked."""
    outbox = Outbox(database)
    start = EngineCommand(
        CommandKind.START_WORKFLOW, "p", workflow_type="W", task_queue="q", payload={"processId": "p"}
    )
    signal = EngineCommand(CommandKind.SIGNAL_WORKFLOW, "p", signal_name="s", payload={"id": "i"})
    await database.run(outbox.write, start)
    await database.run(outbox.write, signal)

    first, second = await outbox.pending()
    await outbox.done(first.id)
    await outbox.failed(second.id, "engine away")

    assert (start.kind, "W", "q", {"processId": "p"}) == (
        first.kind,
        first.workflow_type,
        first.task_queue,
        first.payload,
    )
    assert [(second.id, 1, "s")] == [(each.id, each.attempts, each.signal_name) for each in await outbox.pending()]


async def test_a_written_command_wakes_the_reader(database: Database) -> None:
    """A reader that found nothing hears of the next command and then finds it."""
    outbox = Outbox(database)
    assert await outbox.pending() == []

    await database.run(outbox.write, EngineCommand(CommandKind.CANCEL_WORKFLOW, "p"))
    await asyncio.wait_for(outbox.wakeup.wait(), 5)

    assert [each.workflow_id for each in await outbox.pending()] == ["p"]
