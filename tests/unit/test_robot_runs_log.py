"""How a robot's output gets into a task's log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_activities.robot_runs.run_log import MAX_ENTRIES, MAX_TEXT, RunLog, batched, level_of
from kurun_clients.http import ConnectError
from kurun_clients.kuflow.models import ProcessItemTaskLogLevel as Level


class Task:
    """Keeps what is appended; refuses while it is `unwell`."""

    def __init__(self) -> None:
        self.entries: list[tuple[Level, str]] = []
        self.unwell = False

    async def append(self, text: str, level: Level) -> None:
        """One entry."""
        if self.unwell:
            raise ConnectError("POST", "http://kuflow/", "/", "not reached")
        self.entries.append((level, text))


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("ERROR no such file", Level.ERROR),
        ("[ERROR] no such file", Level.ERROR),
        ("2026-01-31 10:00:00,123 CRITICAL: down", Level.ERROR),
        ("2026-01-31T10:00:00Z WARN slow", Level.WARN),
        ("WARNING: slow", Level.WARN),
        ("Traceback (most recent call last):", Level.ERROR),
        ("DEBUG details", Level.INFO),
        ("INFO started", Level.INFO),
        ("no ERROR at all", Level.INFO),
        ("ERRORS are counted", Level.INFO),
    ],
)
def test_the_level_is_the_word_that_a_line_begins_with(line: str, level: Level) -> None:
    """Before it there may be a date and brackets."""
    assert level_of(line) == level


def test_an_indented_line_belongs_to_the_one_before() -> None:
    """So that a traceback stays in one piece."""
    assert level_of("  File 'main.py', line 1", Level.ERROR) == Level.ERROR
    assert level_of("done", Level.ERROR) == Level.INFO


async def test_lines_are_joined_by_level() -> None:
    """Neighbours of one level are one entry."""
    task = Task()
    log = RunLog(task.append)
    for line in ("one", "two", "WARN three", "four"):
        log.line(line)
    await log.flush()

    assert [(Level.INFO, "one\ntwo"), (Level.WARN, "WARN three"), (Level.INFO, "four")] == task.entries


async def test_a_flood_of_output_is_cut_in_the_middle() -> None:
    """The entries are limited, and the beginning and the end are there."""
    task = Task()
    log = RunLog(task.append)
    await log.say("begins")
    async with log.writing():
        for number in range(100_000):
            log.line(f"{'ERROR' if number % 2 else 'INFO'} line {number}")
            if number % 1000 == 0:
                await log.flush()
    await log.say("ends")

    assert len(task.entries) <= MAX_ENTRIES
    assert "INFO line 0" in task.entries[1][1]
    assert "ERROR line 99999" in task.entries[-2][1]
    assert " lines left out …" in "".join(text for _, text in task.entries)
    assert (Level.INFO, "ends") == task.entries[-1]
    assert log.last_lines[-1] == "ERROR line 99999"
    assert max(len(text) for _, text in task.entries) <= MAX_TEXT


async def test_a_log_that_cannot_be_written_does_not_end_the_run() -> None:
    """What is missing is counted in the next entry."""
    task = Task()
    log = RunLog(task.append)
    task.unwell = True
    log.line("lost")
    await log.flush()
    task.unwell = False
    log.line("kept")
    await log.flush()

    assert [(Level.INFO, "… 1 line left out …\nkept")] == task.entries


async def test_a_secret_that_came_up_later_is_hidden() -> None:
    """In the log and in the last lines."""
    task = Task()
    log = RunLog(task.append)
    log.learn("fresh-token")
    log.line("calling with fresh-token")
    await log.flush()

    assert "calling with **********" == task.entries[0][1]
    assert ("calling with **********",) == log.last_lines


async def test_without_a_task_nothing_is_kept_but_the_end() -> None:
    """A run without a task has last lines too."""
    log = RunLog(None)
    for number in range(100):
        log.line(str(number))
    await log.flush(last=True)

    assert tuple(str(number) for number in range(80, 100)) == log.last_lines


@given(st.lists(st.tuples(st.sampled_from(list(Level)), st.text(max_size=1000))), st.integers(1, 6), st.booleans())
def test_entries_hold_the_lines_that_are_counted(lines: list[tuple[Level, str]], most: int, by_level: bool) -> None:
    """In their order, none twice, no entry too long, and not more entries than allowed."""
    entries, count = batched(lines, most, by_level=by_level)

    assert "\n".join(text for _, text in lines[:count]) == "\n".join(text for _, text in entries)
    assert len(entries) <= most
    assert all(len(text) <= MAX_TEXT for _, text in entries)
    assert count == len(lines) or len(entries) == most
