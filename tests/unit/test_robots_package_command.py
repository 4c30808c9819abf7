"""``kurun robot`` without its extra."""

import importlib

import pytest

from kurun_worker.cli import cli
from kurun_worker.cli.errors import reported


def test_robots_are_an_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without it the command says what to install."""

    def missing(_name: str) -> None:
        raise ModuleNotFoundError("No module named 'yaml'", name="yaml")

    monkeypatch.setattr(importlib, "import_module", missing)
    code = reported(lambda: cli.main(args=["robot"], prog_name="kurun", standalone_mode=False))

    assert 2 == code
    assert capsys.readouterr().err == (
        "kurun: `kurun robot` needs yaml, which is not installed: pip install 'kurun[robots]'\n"
    )
