"""The end of the process in time, with the end itself replaced by a note of it."""

import queue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_worker.departure import LAST_WORDS, LEAVING, STOP_MARGIN, Departure
from kurun_worker.slots import LONGEST, closing_time
from kurun_worker.supervisor import CANCEL_GRACE, TASK_GRACE

SHORT = LEAVING + LAST_WORDS + 0.1


def watched(seconds: float) -> tuple[Departure, queue.SimpleQueue[int]]:
    """A departure, and the exit codes with which it ended the process."""
    codes: queue.SimpleQueue[int] = queue.SimpleQueue()
    return Departure(seconds, end=codes.put), codes


def test_a_stop_that_does_not_end_is_ended_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody said that the work is over, so it was not; one line says so."""
    departure, codes = watched(SHORT)
    departure.begin()

    assert codes.get(timeout=10) == 1
    assert capsys.readouterr().err == "kurun: something keeps the process from stopping; it is ended all the same\n"


def test_a_decision_stands_whatever_is_stuck_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    """Everything was handed back; that closing hangs makes it no failure."""
    departure, codes = watched(SHORT)
    departure.begin()
    departure.decide(0)

    assert codes.get(timeout=10) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("code", [0, 1, 2])
def test_what_holds_up_the_end_is_not_waited_for_until_the_deadline(code: int) -> None:
    """The work is over an hour before the time is: the interpreter gets a moment, no more."""
    departure, codes = watched(3600)
    departure.leave(code)

    assert codes.get(timeout=10) == code


def test_without_a_stop_nothing_ends() -> None:
    """The watch begins with the signal, not with the process."""
    _, codes = watched(0.0)

    with pytest.raises(queue.Empty):
        codes.get(timeout=0.2)


@given(drain=st.floats(0.001, 86_400))
def test_every_part_of_a_stop_fits_into_its_time(drain: float) -> None:
    """Closing polls takes a part of the drain and leaves one; what follows the drain fits into the margin."""
    closing = closing_time(drain)

    assert 0 < closing <= LONGEST
    assert drain - closing >= drain / 2
    assert CANCEL_GRACE + 2 * TASK_GRACE < STOP_MARGIN
    assert CANCEL_GRACE + TASK_GRACE < STOP_MARGIN - LEAVING - LAST_WORDS
