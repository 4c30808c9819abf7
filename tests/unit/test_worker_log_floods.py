"""An outage says what is wrong, and does not say it every second."""

import logging

import pytest
from temporalio.exceptions import ApplicationError

from kurun_activities import failure_types
from kurun_activities.failures import failure, unexpected
from kurun_activities.k2 import failure_types as k2_failure_types
from kurun_activities.robot_runs.failure_types import ENVIRONMENT_UNAVAILABLE
from kurun_worker.log_floods import INTERVAL, MOST_LINES, ActivityFailures, OncePerMinute, failure_fields


def record(message: str, name: str = "temporalio.core-sdk_core::retry") -> logging.LogRecord:
    """A record as Temporal's core makes it."""
    return logging.LogRecord(name, logging.WARNING, "", 0, message, None, None)


def test_a_line_of_the_core_is_said_once_a_minute() -> None:
    """Repeats that differ in numbers only are kept back until the minute is over; other lines are not."""
    now = [0.0]
    flood = OncePerMinute(lambda: now[0])

    assert flood.filter(record("gRPC call poll retried 7 times"))
    assert not flood.filter(record("gRPC call poll retried 8 times"))
    assert flood.filter(record("gRPC call respond retried 8 times"))
    now[0] += INTERVAL
    assert flood.filter(record("gRPC call poll retried 90 times"))
    assert not flood.filter(record("gRPC call poll retried 91 times"))


def test_our_own_lines_and_the_activities_are_never_kept_back() -> None:
    """Only the core floods."""
    flood = OncePerMinute()

    assert all(flood.filter(record("the same", name)) for name in ("kurun_worker.pulse", "temporalio.activity") * 2)


def test_what_is_remembered_is_bounded() -> None:
    """Ever new lines do not grow the memory, and the newest are remembered."""
    flood = OncePerMinute(lambda: 0.0)
    names = [f"temporalio.core-{'x' * length}" for length in range(MOST_LINES * 3)]

    assert all(flood.filter(record("line", name)) for name in names)
    assert len(flood.said) == MOST_LINES
    assert not flood.filter(record("line", names[-1]))


def failed(
    error: Exception, activity: str | None = "K2_findTasks", name: str = "temporalio.activity"
) -> logging.LogRecord:
    """What Temporal logs of an attempt that failed; without the activity where it knows of none."""
    exc_info = type(error), error, error.__traceback__
    made = logging.LogRecord(name, logging.WARNING, "", 0, "Completing activity as failed", None, exc_info)
    setattr(made, "__temporal_error_identifier", "ActivityFailure")
    if activity is not None:
        made.temporal_activity = {"activity_type": activity}
    return made


@pytest.mark.parametrize("kind", [failure_types.REST_FAILURE, k2_failure_types.TEMPORARY, ENVIRONMENT_UNAVAILABLE])
def test_a_failure_of_ours_is_one_line_once_a_minute(kind: str) -> None:
    """No traceback; per type and activity, with the number of lines that were kept back."""
    now = [0.0]
    failures = ActivityFailures(lambda: now[0])
    lines = [failed(ApplicationError(f"no K2\n  at {number}", type=kind)) for number in range(4)]
    passed = [failures.filter(line) for line in lines[:3]]
    other = failures.filter(failed(ApplicationError("no K2", type=kind), activity="K2_actOnTask"))
    now[0] += INTERVAL
    later = failures.filter(lines[3])

    assert (passed, other, later) == ([True, False, False], True, True)
    assert lines[0].exc_info is None
    assert failure_fields(lines[0]) == {"failure": kind, "error": "no K2 at 0"}
    assert failure_fields(lines[3]) == {"failure": kind, "error": "no K2 at 3", "kept_back": 2}


def test_a_failure_that_ends_its_activity_is_always_said() -> None:
    """It comes once, and each has its own reason."""
    failures = ActivityFailures(lambda: 0.0)
    lines = [failed(ApplicationError("wrong", type=k2_failure_types.REFUSED, non_retryable=True)) for _ in range(3)]

    assert all(failures.filter(line) for line in lines)
    assert not any(line.exc_info for line in lines)


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), unexpected(ValueError("x")), ApplicationError("theirs", type="Theirs"), ApplicationError("none")],
    ids=["exception", "translated", "of other code", "without type"],
)
def test_what_nobody_foresaw_keeps_its_traceback(error: Exception) -> None:
    """Once a minute per activity, with the number of lines that were kept back."""
    now = [0.0]
    failures = ActivityFailures(lambda: now[0])
    lines = [failed(error) for _ in range(4)]
    passed = [failures.filter(line) for line in lines[:3]]
    other = failures.filter(failed(error, activity="another"))
    now[0] += INTERVAL
    later = failures.filter(lines[3])

    assert (passed, other, later) == ([True, False, False], True, True)
    assert lines[0].exc_info
    assert lines[3].exc_info
    assert (failure_fields(lines[0]), failure_fields(lines[3])) == ({}, {"kept_back": 2})


def raised(line: int) -> ValueError:
    """An exception from another line of code."""
    try:
        exec(compile("\n" * line + "raise ValueError('x')", "theirs.py", "exec"))  # noqa: S102 - a line by number
    except ValueError as error:
        return error
    raise AssertionError("nothing was raised")


def test_what_comes_from_another_place_is_another_failure() -> None:
    """Two defects of one activity are both said."""
    failures = ActivityFailures(lambda: 0.0)

    assert [failures.filter(failed(raised(line))) for line in (1, 2, 1)] == [True, True, False]


def test_what_an_activity_logs_itself_is_never_kept_back() -> None:
    """Its logger is that of Temporal's lines, but the words are its own."""
    failures = ActivityFailures(lambda: 0.0)
    lines = [failed(ValueError("x")) for _ in range(3)]
    for line in lines:
        delattr(line, "__temporal_error_identifier")

    assert all(failures.filter(line) for line in lines)


def test_an_activity_that_no_module_has_is_one_line_with_its_ids_once_a_minute() -> None:
    """Temporal lists all activities of the worker and adds no fields."""
    failures = ActivityFailures(lambda: 0.0)
    known = ", ".join(f"KuFlow_Engine_{number}" for number in range(300))
    lines = [
        failed(
            ApplicationError(
                f"Activity function {name} for workflow loans/{number} is not registered on this worker, "
                f"available activities: {known}",
                type="NotFoundError",
            ),
            activity=None,
        )
        for number, name in enumerate(["convert", "convert", "print"])
    ]

    assert [failures.filter(line) for line in lines] == [True, False, True]
    assert lines[0].exc_info is None
    assert failure_fields(lines[0]) == {
        "failure": "NotFoundError",
        "error": "no module of worker.modules has activity convert",
        "activity_type": "convert",
        "workflow_id": "loans/0",
    }


def test_other_lines_with_such_a_failure_keep_their_traceback() -> None:
    """Only what Temporal says of attempts repeats itself; a reason that is foreseen needs no traceback there."""
    elsewhere, attempt = failed(failure("GET x: 503"), name="mine"), failed(failure("GET x: 503"))
    failures = ActivityFailures()

    assert failures.filter(elsewhere)
    assert failures.filter(attempt)
    assert elsewhere.exc_info
    assert attempt.exc_info is None
