"""The page of all K2 activities."""

from pathlib import Path

from kurun_activities.k2 import failure_types, names
from kurun_activities.k2.reference import REPEATS, page
from kurun_activities.k2.registry import SERVICES, WORKFLOW_API

PAGE = Path(__file__).parents[2] / "docs" / "k2-activities.md"
READING = ("find", "filter", "list", "search", "retrieve", "whoAmI", "openWorklist")


def test_the_page_is_current() -> None:
    """``docs/k2-activities.md`` is what the registry says."""
    assert page() == PAGE.read_text()


def test_everything_is_on_the_page() -> None:
    """Each activity and each way to fail is found there."""
    failures = {value for value in vars(failure_types).values() if isinstance(value, str) and value.startswith("K2.")}

    assert [] == [name for name in {*WORKFLOW_API, *SERVICES, *failures} if f"`{name}`" not in page()]


def test_every_change_says_what_a_repeat_does() -> None:
    """Only activities that read may leave it open; opening an item may allocate it."""
    known = [*WORKFLOW_API, *SERVICES]
    verbs = {name: name.removeprefix(names.SERVICES_PREFIX).removeprefix(names.PREFIX) for name in known}
    changing = {name for name, verb in verbs.items() if not verb.startswith(READING)}

    assert set(REPEATS) == changing | {names.SERVICES_OPEN_WORKLIST_ITEM}
