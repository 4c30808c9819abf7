"""What ``kurun dev`` makes of its arguments."""

import sys
from pathlib import Path
from typing import get_type_hints

import pytest

from kurun_twin.options import SWITCHES, TwinOptions
from kurun_worker import cli


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--temporal", "nonsense"], "HOST:PORT"),
        (["--temporal", "host:99999"], "HOST:PORT"),
        (["--token-life", "0"], "--token-life"),
        (["--token-life", "nan"], "--token-life"),
        (["--http-port", "70000"], "--http-port"),
        (["--scenario", "missing.json"], "missing.json: cannot be read"),
        (["--scenario", "broken.json"], "broken.json: Invalid JSON"),
        (["--scenario", "wrong.json"], "wrong.json: rules.0.status"),
        (["--definitions", "missing.yaml"], "missing.yaml"),
        (["--switch", "colour=red"], "'colour' is none of log_cap, "),
        (["--switch", "log_cap=many"], "log_cap: 'many' does not fit"),
        (["--info", "/nonexistent/info.json"], "/nonexistent/info.json: cannot be written"),
        (["--info", "."], ".: cannot be written: it is no file"),
        (["--data", "/dev/null/data"], "/dev/null/data: cannot be used"),
    ],
)
def test_wrong_arguments_are_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was given wrong is named in one line, with exit code 2; nothing is started or written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "wrong.json").write_text('{"rules": [{"status": "teapot"}]}')
    with pytest.raises(SystemExit) as ended:
        cli.main(["dev", *arguments])
    said = capsys.readouterr()

    assert 2 == ended.value.code
    assert message in said.err
    assert 1 == said.err.count("\n")
    assert "" == said.out
    assert ["broken.json", "wrong.json"] == sorted(each.name for each in tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_a_file_that_only_looks_writable_is_found_by_trying(capsys: pytest.CaptureFixture[str]) -> None:
    """A folder whose mode allows it but that takes no new file is refused before anything starts."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["dev", "--info", "/proc/version"])
    said = capsys.readouterr()

    assert 2 == ended.value.code
    assert said.err.startswith("kurun: /proc/version: cannot be written: ")
    assert (1, "") == (said.err.count("\n"), said.out)


def test_every_switch_is_an_option_of_its_type() -> None:
    """A switch that names no option, or another type, would be refused only when the twin starts."""
    hints = get_type_hints(TwinOptions)

    assert {name: hints[name] for name in SWITCHES} == dict(SWITCHES)


def test_its_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    """The help is the reference of the command."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["dev", "--help"])
    said = capsys.readouterr().out

    assert ended.value.code in (0, None)
    for option in ("--definitions", "--data", "--info", "--token-life", "--temporal", "--scenario", "--no-ui"):
        assert option in said
