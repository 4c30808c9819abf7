"""``kurun robot`` without its extra, and what it says of packages; run in this process."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path

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


Ends = Callable[..., tuple[int, str]]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a robot; the one that commands are run in."""
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "kubot.yaml").write_text("operations:\n  - name: Say hello\n    shell: python main.py\n")
    (folder / "main.py").write_text("print('hello')\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def ends(capsys: pytest.CaptureFixture[str]) -> Ends:
    """Runs ``kurun robot ARGUMENTS`` to its end; exit code and output."""

    def run(*arguments: str) -> tuple[int, str]:
        code = reported(lambda: cli.main(args=["robot", *arguments], prog_name="kurun", standalone_mode=False))
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def test_a_second_package_is_the_same(source: Path, ends: Ends) -> None:
    """Its own package does not become a part of it."""
    first = ends("pack", ".")
    content = (source / "hello.zip").read_bytes()
    again = ends("pack", "../hello", "--output", "../hello/hello.zip")

    assert 0 == first[0] == again[0]
    assert content == (source / "hello.zip").read_bytes()


def test_mistakes_are_said_by_check_too(source: Path, ends: Ends) -> None:
    """As by pack, which makes nothing of them."""
    (source / "kubot.yaml").write_text("operations:\n  - name: A\n")
    said = "kubot.yaml:2: operations.0.shell: is missing\nkurun: .: 1 problem\n"

    assert (2, said) == ends("check", ".") == ends("pack", ".")
    assert not (source / "hello.zip").exists()


def test_limits_are_those_of_the_worker(source: Path, ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment or a file of settings, as the worker has them."""
    (source.parent / "settings.toml").write_text("[robots]\nmax_unpacked_bytes = 10\n")
    small = ends("pack", ".", "--config", "../settings.toml")
    monkeypatch.setenv("KURUN_ROBOTS_MAX_FILES", "1")
    few = ends("check", ".")

    assert 2 == few[0] == small[0]
    assert "the package has more than 1 files and folders" in few[1]
    assert "at most 10 are allowed" in small[1]


def test_what_is_no_package_is_said(source: Path, ends: Ends) -> None:
    """Another file, none at all, one that nobody writes to; a folder that is none."""
    os.mkfifo(source / "pipe")
    other = ends("check", "main.py")
    none = ends("check", "none.zip")
    pipe = ends("check", "pipe")
    folder = ends("pack", "main.py")
    nowhere = ends("pack", ".", "--output", "none/robot.zip")

    assert (2, {"the package is no ZIP", "kurun: main.py: 1 problem"}) == (other[0], set(other[1].splitlines()))
    assert (2, True) == (none[0], "'none.zip' does not exist" in none[1])
    assert (2, True) == (pipe[0], "pipe is no file" in pipe[1])
    assert (2, True) == (folder[0], "'main.py' is a file" in folder[1])
    assert (2, "kurun: Invalid value for --output: there is no folder none\n") == nowhere
