"""A workflow that cannot go on says why, once and readably."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from kurun_worker.log_floods import INTERVAL, MOST_LINES, OncePerMinute, bounded, failure_fields
from kurun_worker.log_stuck_workflows import LOGGERS, WorkflowTaskFailures


def raised(error: Exception) -> Exception:
    """The same with a traceback."""

    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        fail()
    return caught.value


def failed(
    run: str, error: Exception | None = None, *, name: str = LOGGERS[1], kind: str | None = "Loan"
) -> logging.LogRecord:
    """What Temporal's Python side logs of a task that failed."""
    caught = raised(error or KeyError("days"))
    text = f"Failed activation on workflow Loan with ID w and run ID {run}"
    made = logging.LogRecord(name, logging.WARNING, "", 0, text, None, (type(caught), caught, caught.__traceback__))
    if kind is not None:
        made.temporal_workflow = {"workflow_type": kind}
    return made


def core(run: str) -> logging.LogRecord:
    """What its core logs of it."""
    text = "[sdk_core::worker] Failing workflow task {'failure': 'Failure { …"
    made = logging.LogRecord("temporalio.core-sdk_core::worker", logging.WARNING, "", 0, text, None, None)
    made.temporal_log = SimpleNamespace(fields={"run_id": run})
    return made


@pytest.mark.parametrize(("name", "kind"), [(LOGGERS[0], None), (LOGGERS[1], "Loan")])
def test_a_run_says_the_same_once_a_minute(name: str, kind: str | None) -> None:
    """With its traceback, and next time with the number of attempts that were kept back; another error is another."""
    now = [0.0]
    failures = WorkflowTaskFailures(lambda: now[0])
    lines = [failed("r1", name=name, kind=kind) for _ in range(4)]
    passed = [failures.filter(line) for line in lines[:3]]
    other = failures.filter(failed("r1", ValueError("x"), name=name, kind=kind))
    now[0] += INTERVAL
    later = failures.filter(lines[3])

    assert (passed, other, later) == ([True, False, False], True, True)
    assert lines[0].exc_info
    assert lines[3].exc_info
    assert (failure_fields(lines[0]), failure_fields(lines[3])) == ({}, {"kept_back": 2})


def test_of_many_runs_that_fail_alike_one_shows_where() -> None:
    """Each says its reason; another workflow's defect is shown too."""
    failures = WorkflowTaskFailures(lambda: 0.0)
    first, second, third = failed("r1"), failed("r2", KeyError("two\nlines")), failed("r3", kind="Other")

    assert all(failures.filter(line) for line in (first, second, third))
    assert [bool(line.exc_info) for line in (first, second, third)] == [True, False, True]
    assert failure_fields(second) == {"failure": "KeyError", "error": "'two\\nlines'"}


def test_the_core_does_not_say_it_again() -> None:
    """Only what the Python side said: a history that does not fit is found by the core alone."""
    failures = WorkflowTaskFailures(lambda: 0.0)
    failures.filter(failed("r1"))
    other = logging.LogRecord("temporalio.core-x", logging.WARNING, "", 0, "poll retried", None, None)

    assert not failures.filter(core("r1"))
    assert failures.filter(core("r2"))
    assert failures.filter(other)


def test_other_lines_pass() -> None:
    """A workflow's own words, and those of Temporal without an error."""
    failures = WorkflowTaskFailures(lambda: 0.0)
    bare = logging.LogRecord(LOGGERS[0], logging.WARNING, "", 0, "Shutting down", None, None)

    assert all(failures.filter(line) for line in (failed("r1", name="temporalio.workflow"), bare) * 2)


def test_what_is_remembered_is_bounded() -> None:
    """However many runs fail."""
    failures = WorkflowTaskFailures(lambda: 0.0)

    assert all(failures.filter(failed(f"r{number}")) for number in range(MOST_LINES * 2))
    assert {len(each) for each in (failures.said, failures.runs)} == {MOST_LINES}


def test_what_the_sandbox_forbids_is_said_once_a_minute() -> None:
    """It comes again with each attempt."""
    flood = OncePerMinute(lambda: 0.0)
    line: dict[str, Any] = {"name": "temporalio.worker.workflow_sandbox._restrictions", "msg": "now restricted"}

    assert [flood.filter(logging.makeLogRecord(line)) for _ in range(3)] == [True, False, False]


def test_a_long_traceback_is_cut() -> None:
    """Of a workflow's task as of an activity."""
    event = bounded(None, "warning", {"logger": LOGGERS[1], "exception": "x" * 20_000})

    assert len(event["exception"]) < 5000
