"""How a robot's output gets into a task's log."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_activities.robot_runs import run_log
from kurun_activities.robot_runs.log_levels import Levels
from kurun_activities.robot_runs.log_lines import MAX_TEXT, Line, WaitingLines, batched
from kurun_activities.robot_runs.run_log import MAX_ENTRIES, RunLog
from kurun_clients.http import ConnectError
from kurun_clients.kuflow.models import ProcessItemTaskLogLevel as Level


class Task:
    """Keeps what is appended; refuses while it is `unwell`, and takes its time while it is not `quick`."""

    def __init__(self) -> None:
        self.asks = 0
        self.asked = asyncio.Event()
        self.quick = asyncio.Event()
        self.quick.set()
        self.entries: list[tuple[Level, str]] = []
        self.unwell = False

    async def append(self, text: str, level: Level) -> None:
        """One entry."""
        self.asks += 1
        self.asked.set()
        await self.quick.wait()
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
    assert Levels().of(line) == level


TRACEBACKS = """before
Traceback (most recent call last):
  File "main.py", line 1, in <module>
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "main.py", line 3, in <module>
package.errors.NoSuchInvoice
ValueError: said by the robot
  + Exception Group Traceback (most recent call last):
  |   File "main.py", line 1, in <module>
  | ExceptionGroup: two (2 sub-exceptions)
after
"""


def test_a_traceback_is_an_error_to_its_last_line() -> None:
    """What is indented belongs to the line before; so do the exceptions, those before them, and what is between."""
    levels = Levels()
    told = [(line, levels.of(line)) for line in TRACEBACKS.splitlines()]

    assert ["before", "ValueError: said by the robot", "after"] == [line for line, level in told if level == Level.INFO]
    assert {Level.INFO, Level.ERROR} == {level for _, level in told}


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


LINES = st.lists(st.builds(Line, st.sampled_from(list(Level)), st.text(max_size=1000), st.just(0)))


@given(LINES, st.integers(1, 6), st.booleans())
def test_entries_hold_the_first_lines(lines: list[Line], most: int, by_level: bool) -> None:
    """In their order, none twice, no entry too long, and not more entries than allowed."""
    entries = batched(lines, most, by_level=by_level)
    held = [line for entry in entries for line in entry.lines]

    assert lines[: len(held)] == held
    assert len(entries) <= most
    assert all(len(entry.text) <= MAX_TEXT for entry in entries)
    assert len(held) == len(lines) or len(entries) == most
    assert not by_level or all(len({line.level for line in entry.lines}) == 1 for entry in entries)


@given(LINES, st.lists(st.integers(0, 5000), min_size=1), st.data())
def test_every_line_is_taken_or_counted(lines: list[Line], limits: list[int], data: st.DataObject) -> None:
    """Whatever is taken, put back and lost: the order stays, and the notes tell how many lines are missing where."""
    waiting, texts = WaitingLines(), list[Line]()
    for number, line in enumerate(lines):
        waiting.add(Line(line.level, f"{number} {line.text}"), data.draw(st.sampled_from(limits)))
        match data.draw(st.sampled_from(["add", "take", "put back", "lose", "trim"])):
            case "take":
                texts += [line for entry in waiting.take(2) for line in entry.lines]
            case "put back":
                waiting.put_back(waiting.take(2))
            case "lose":
                for entry in waiting.take(1):
                    waiting.lose(entry)
            case "trim":
                waiting.trim(min(limits))
    while entries := waiting.take(1, all_of_them=True):
        texts += entries[0].lines
    numbers = [int(line.text.partition(" ")[0]) for line in texts if not line.left_out]

    assert sorted(numbers) == numbers
    assert len(lines) == sum(line.stands_for for line in texts)


async def test_many_lines_at_once_are_all_written() -> None:
    """There is room for them as long as there are entries; empty lines count too."""
    task = Task()
    log = RunLog(task.append)
    said = [f"line {number} of a table that is rather wide" if number % 2 else "" for number in range(1000)]
    for line in said:
        log.line(line)
    await log.flush(last=True)

    assert "\n".join(said) == "\n".join(text for _, text in task.entries)


async def test_what_is_too_much_is_left_out_of_the_middle() -> None:
    """The beginning is there too, even if everything comes at once."""
    task = Task()
    log = RunLog(task.append)
    for number in range(20_000):
        log.line(f"line {number}")
    await log.flush(last=True)
    text = "\n".join(text for _, text in task.entries)

    assert text.startswith("line 0\nline 1\n")
    assert text.endswith("line 19998\nline 19999")
    assert 1 == text.count("left out")
    assert len(task.entries) <= MAX_ENTRIES


async def test_a_batch_that_is_being_written_when_the_run_ends_is_not_lost() -> None:
    """It comes once, and before what was said since."""
    task = Task()
    task.quick.clear()
    log = RunLog(task.append)

    async def robot() -> None:
        async with log.writing():
            log.line("INFO first")
            log.line("ERROR it failed")
            await task.asked.wait()
            log.line("ERROR badly")
            ending.set()

    ending = asyncio.Event()
    log.line("INFO zeroth")
    running = asyncio.create_task(robot())
    await ending.wait()
    task.quick.set()
    await running

    assert ["INFO zeroth", "INFO first", "ERROR it failed", "ERROR badly"] == "\n".join(
        text for _, text in task.entries
    ).splitlines()
    assert len(task.entries) == task.asks


async def test_a_batch_that_takes_too_long_at_the_end_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is written later, it comes in its order."""
    monkeypatch.setattr(run_log, "LAST_WRITES", 0.01)
    task = Task()
    task.quick.clear()
    log = RunLog(task.append)
    log.line("WARN one")
    log.line("INFO two")
    async with log.writing():
        await task.asked.wait()
    before = list(task.entries)
    task.quick.set()
    await log.say("ends")

    assert before == []
    assert [(Level.WARN, "WARN one"), (Level.INFO, "INFO two"), (Level.INFO, "ends")] == task.entries


async def test_a_log_opens_with_a_line_of_the_robot() -> None:
    """What is said about its environment waits for that, and so does what the log opens with."""
    task = Task()
    log = RunLog(task.append)
    log.open_with("begins anew", Level.WARN)
    log.aside("making an environment")
    await log.flush()
    before = list(task.entries)
    log.line("hello")
    await log.flush()

    assert before == []
    assert [(Level.WARN, "begins anew"), (Level.INFO, "making an environment\nhello")] == task.entries


async def test_a_run_that_is_forgotten_leaves_nothing() -> None:
    """Neither what it opens with nor its lines."""
    task = Task()
    log = RunLog(task.append)
    log.open_with("begins anew", Level.WARN)

    async def attempt() -> None:
        async with log.writing(lambda _error: True):
            log.aside("making an environment")
            raise ValueError("later")

    with pytest.raises(ValueError, match="later"):
        await attempt()

    assert task.entries == []
