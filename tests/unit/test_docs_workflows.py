"""docs/workflows.md against the code."""

import re

import pytest

from kurun_activities.registry import ACTIVITIES
from kurun_config import setting_paths
from kurun_workflows import KuFlowProcess
from tests.operations_page import written
from tests.workflows_page import PAGE, SUBJECTS, TABLES, methods

TEXT = PAGE.read_text()


def test_the_table_is_that_of_the_code() -> None:
    """`make docs` writes it anew after a change of the process helper."""
    assert written(TEXT, TABLES) == TEXT


def test_no_base_of_the_helper_is_left_out() -> None:
    """Each class that it inherits from has a subject."""
    assert set(KuFlowProcess.__mro__[:-1]) == set(SUBJECTS)


@pytest.mark.parametrize("name", [name for name in dir(KuFlowProcess) if not name.startswith("_")])
def test_every_method_has_a_row(name: str) -> None:
    """What a workflow may call on it is in the table."""
    assert re.search(rf"^\| `{name}(\(\))?` \|", methods(), re.MULTILINE)


def test_every_name_on_the_page_exists() -> None:
    """Settings and activities are those of the code."""
    sections = {path.partition(".")[0] for path, _ in setting_paths()}
    named = {each for each in re.findall(r"`([a-z0-9]+\.[a-z_0-9]+)`", TEXT) if each.partition(".")[0] in sections}

    assert named <= {path for path, _ in setting_paths()}
    assert len(named) >= 6
    assert set(re.findall(r"KuFlow_Engine_\w+", TEXT)) <= set(ACTIVITIES)
