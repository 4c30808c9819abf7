"""An outage says what is wrong, and does not say it every second."""

import logging

from kurun_worker.log_floods import INTERVAL, MOST_LINES, OncePerMinute


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
    assert len(flood._said) == MOST_LINES
    assert not flood.filter(record("line", names[-1]))
