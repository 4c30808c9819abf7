"""The page of all activities."""

from pathlib import Path

from kurun_activities import names
from kurun_activities.reference import REPEATS, SPELLINGS, page

PAGE = Path(__file__).parents[2] / "docs" / "activities.md"
READING = ("find", "retrieve", "prepare")


def test_the_page_is_current() -> None:
    """``docs/activities.md`` is what the registry says; ``make docs`` writes it anew."""
    assert page() == PAGE.read_text()


def test_every_name_is_on_the_page() -> None:
    """Each spelling that a worker answers to is found there."""
    written = page()

    missing = [
        spelling
        for spellings in SPELLINGS.values()
        for spelling in spellings
        if f"`{spelling.removeprefix(names.PREFIX)}`" not in written
    ]
    assert [] == missing


def test_every_change_says_what_a_repeat_does() -> None:
    """Only activities that read may leave it open what a repeated attempt does."""
    changing = {name for name in SPELLINGS if not name.removeprefix(names.PREFIX).startswith(READING)}

    assert set(REPEATS) == changing
