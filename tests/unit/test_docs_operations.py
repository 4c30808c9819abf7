"""docs/operations.md against the code: what an operator reads is what there is."""

import re

import pytest

from kurun_config import setting_paths, variable
from kurun_worker.metrics import catalogue
from tests import operations_page

PAGE = operations_page.PAGE.read_text()


def test_the_tables_are_those_of_the_code() -> None:
    """`make docs` writes them anew after a change of settings, metrics or alerts."""
    assert operations_page.written(PAGE) == PAGE


@pytest.mark.parametrize("path", [path for path, _ in setting_paths()])
def test_every_setting_is_named(path: str) -> None:
    """With its variable."""
    assert f"| `{path}`<br>`{variable(path)}` |" in PAGE


@pytest.mark.parametrize("name", [each.name for each in catalogue()])
def test_every_metric_is_named(name: str) -> None:
    """In a row of its own."""
    assert f"| `{name}` |" in PAGE


def test_no_other_setting_is_named() -> None:
    """What the page's words call a setting exists."""
    sections = {path.partition(".")[0] for path, _ in setting_paths()}
    named = {each for each in re.findall(r"`([a-z0-9]+\.[a-z_0-9]+)`", PAGE) if each.partition(".")[0] in sections}

    assert named <= {path for path, _ in setting_paths()}


def test_no_other_variable_is_named() -> None:
    """What the page's words call a variable of kurun exists."""
    known = {variable(path) for path, _ in setting_paths()} | {"KURUN_CONFIG", "KURUN_SECRETS_DIR"}

    assert set(re.findall(r"\bKURUN_[A-Z0-9_]+\b", PAGE)) <= known
