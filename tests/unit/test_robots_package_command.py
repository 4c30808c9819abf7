"""``kurun robot`` without its extra, and what it says of packages; run in this process."""

import importlib
import os
import zipfile
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one\n-e ../foo\n", "requirements.txt:2: an environment is shared by many runs: name '../foo' without"),
        ("-r other.txt\n", "requirements.txt:1: the package has no 'other.txt'"),
        ("-r left.out\n", "requirements.txt:1: the package has no 'left.out'"),
        ("hu manize===\n", "requirements.txt:1: is no requirement"),
        ("one\0\n", "requirements.txt:1: has control characters"),
        (None, "requirements.txt: is no file"),
    ],
)
def test_requirements_that_a_run_would_refuse(source: Path, ends: Ends, text: str | None, said: str) -> None:
    """Are found in a folder and in a package, with their line; none is packed."""
    (source / ".kubotignore").write_text("left.out\n")
    (source / "left.out").touch()
    wanted = source / "requirements.txt"
    ends("pack", ".", "-o", "good.zip")
    if text is None:
        wanted.mkdir()
        (wanted / "inside").touch()
    else:
        wanted.write_text(text)
    with zipfile.ZipFile("good.zip", "a") as package:
        for path in (wanted / "inside",) if text is None else (wanted,):
            package.write(path, path.relative_to(source))

    for command in (("check", "."), ("check", "good.zip"), ("pack", ".", "-o", "bad.zip")):
        code, output = ends(*command)
        assert (2, True) == (code, output.startswith(said)), output
    assert not Path("bad.zip").exists()


def test_requirements_that_are_right(source: Path, ends: Ends) -> None:
    """What they name of the package is there."""
    (source / "more").mkdir()
    (source / "wheels").mkdir()
    (source / "wheels" / "x-1-py3-none-any.whl").touch()
    (source / "requirements.txt").write_text(
        "one\n-r more/own.txt\n--find-links wheels\n./wheels/x-1-py3-none-any.whl\n"
    )
    (source / "more" / "own.txt").write_text("two>=2\n")

    assert (0, 0, 0) == tuple(ends(*command)[0] for command in (("check", "."), ("pack", "."), ("check", "hello.zip")))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--variable", "A B=1"), "'A B': a name has letters, digits and underscores"),
        (("--variable", "KUFLOW_TASK_ID=1"), "'KUFLOW_TASK_ID': every run sets it itself"),
        (("--variable", "HOME=/"), "'HOME': every run sets it itself"),
        (("--variable", "KUFLOW_API_TOKEN=zz"), "'KUFLOW_API_TOKEN': robots.share_credentials sets it"),
        (("--nosuch",), "--nosuch"),
        (("--config", "nosuch.toml"), "nosuch.toml"),
        ((), "kubot.yaml:3: operations.0.shell: is empty"),
    ],
)
@pytest.mark.usefixtures("source")
def test_a_run_that_cannot_begin(
    ends: Ends, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    """Ends with a code that no robot's own can be taken for."""
    monkeypatch.setenv("KURUN_ROBOTS_SHARE_CREDENTIALS", "true")
    if not arguments:
        Path("kubot.yaml").write_text("operations:\n  - name: Say hello\n    shell: ''\n")
    code, output = ends("run", ".", "--operation", "Say hello", *arguments)

    assert 125 == code
    assert said in output
