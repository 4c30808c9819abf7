"""docs/twin-k2.md against the twin."""

import re
from pathlib import Path

import pytest

from kurun_twin.definitions import k2_entries, load_definitions
from kurun_twin.definitions.entry import Entry
from kurun_twin.k2.platform import K2Platform
from kurun_twin.k2.steering import k2_routes
from kurun_twin.options import SWITCHES, TwinOptions
from tests.unit.k2_twins import open_k2_twin

PAGE = (Path(__file__).parents[2] / "docs" / "twin-k2.md").read_text()

ENTRIES: dict[str, type[Entry]] = {
    "K2": k2_entries.K2Entry,
    "K2 users": k2_entries.K2UserEntry,
    "K2 workflows": k2_entries.K2WorkflowEntry,
    "K2 steps": k2_entries.K2StepEntry,
    "K2 actions": k2_entries.K2ActionEntry,
}


def rows(heading: str) -> dict[str, str]:
    """The table under a heading: the first cell of each row without its backticks, and the second cell."""
    found = re.search(rf"^##+ {heading}\n(.*?)(?=^##+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no heading {heading}"
    cells = [line.split(" | ") for line in found[1].splitlines() if line.startswith("| `")]
    return {first.removeprefix("| ").strip("`"): second for first, second, *_ in cells}


@pytest.mark.parametrize("heading", ENTRIES)
def test_every_key_is_explained(heading: str) -> None:
    """Under its own heading, and no other key is."""
    assert set(rows(heading)) == {field.alias for field in ENTRIES[heading].model_fields.values()}


def test_no_kind_of_entry_is_left_out() -> None:
    """A new kind of entry needs a heading of its own."""
    shapes = {
        each
        for each in vars(k2_entries).values()
        if isinstance(each, type) and issubclass(each, Entry) and each.__module__ == k2_entries.__name__
    }

    assert set(ENTRIES.values()) == shapes


def test_every_switch_is_explained() -> None:
    """With its default."""
    defaults = {name: str(getattr(TwinOptions, name)).lower() for name in SWITCHES if name.startswith("k2_")}

    assert rows("Switches") == defaults


def test_every_route_is_explained(tmp_path: Path) -> None:
    """The steering of K2, and no more."""
    with open_k2_twin(tmp_path) as twin:
        assert isinstance(twin.k2, K2Platform)
        routes = {f"{method} {route.path}" for route in k2_routes(twin.k2) for method in (route.methods or set())}

    assert set(rows("Steering")) == routes - {f"HEAD {route.split()[1]}" for route in routes}


def test_the_sample_is_read(tmp_path: Path) -> None:
    """The definitions file of the page."""
    [sample] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "definitions.yaml").write_text(sample)
    k2 = load_definitions(tmp_path / "definitions.yaml").k2

    assert k2 is not None
    assert [each.name for each in k2.users] == [r"ACME\svc", r"ACME\Bob", r"ACME\Eve"]
    assert [step.name for step in k2.workflows[0].steps] == ["Approve", "Look closer", "Report"]
