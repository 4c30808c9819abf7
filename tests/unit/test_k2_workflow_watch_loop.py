"""How the watcher works off what is due, and how it bears with what does not work."""

import asyncio
import logging

import pytest

from kurun_activities.k2.trouble import Trouble
from kurun_activities.k2.watch_loop import AT_ONCE, GIVEN_UP, work_off
from kurun_clients.http import ConnectError, NotFound
from kurun_clients.k2 import Temporary


def test_a_wrong_address_is_said_though_k2_was_down_before(caplog: pytest.LogCaptureFixture) -> None:
    """Both are temporary, but different things have to be done about them."""
    trouble = Trouble()
    down, misled = Temporary("K2 at k2:443: down"), Temporary("K2 at https://k2: is k2.endpoint right?")
    down.__cause__, misled.__cause__ = ConnectError("GET", "", "/tasks", "x"), NotFound("GET", "", "/tasks", 404)
    for error in (down, down, misled, misled):
        trouble.met("listing", error)

    assert [str(down), str(misled)] == [record.getMessage().partition("again: ")[2] for record in caplog.records]


async def test_work_is_done_a_few_pieces_at_a_time() -> None:
    """However much is due, only so many requests are under way at once, and all of it is done."""
    running, most, done = 0, 0, 0

    async def piece() -> bool:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running, done = running - 1, done + 1
        return True

    assert await work_off(iter([piece] * 500))
    assert (most, done) == (AT_ONCE, 500)


async def test_work_is_left_after_many_failures_in_a_row() -> None:
    """Where everything fails, something is down: the rest is not even tried until the next list."""
    tried = 0

    async def piece() -> bool:
        nonlocal tried
        tried += 1
        await asyncio.sleep(0)
        return False

    assert not await work_off(iter([piece] * 500))
    assert GIVEN_UP <= tried < GIVEN_UP + AT_ONCE


async def test_single_failures_do_not_hold_up_the_rest() -> None:
    """One piece that always fails counts as little against many that succeed."""
    done = 0

    async def good() -> bool:
        nonlocal done
        done += 1
        return True

    async def bad() -> bool:
        return False

    assert await work_off(iter([bad, *[good] * 100, bad]))
    assert done == 100


async def test_nothing_to_do_went_well() -> None:
    """A list without news is no trouble."""
    assert await work_off(iter([]))


def test_pauses_grow_to_a_minute_and_shrink_at_once() -> None:
    """While nothing goes well the pause doubles up to a minute; the first success ends that."""
    trouble = Trouble()
    pauses = [trouble.pause(5, well=False) for _ in range(6)]

    assert pauses == [10, 20, 40, 60, 60, 60]
    assert trouble.pause(5, well=True) == 5
    assert trouble.pause(5, well=False) == 10


def test_a_long_interval_stays() -> None:
    """Where the settings ask for more than a minute anyway, trouble changes nothing."""
    assert Trouble().pause(300, well=False) == 300


def test_the_same_trouble_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """A failure that repeats is logged once, another kind again, and the end of it once."""
    trouble = Trouble()
    with caplog.at_level(logging.INFO):
        for error in (ValueError("a"), ValueError("b"), OSError("c")):
            trouble.met("listing", error)
        trouble.over("listing")
        trouble.over("listing")

    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "INFO"]
