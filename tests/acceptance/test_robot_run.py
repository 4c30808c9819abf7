"""``kurun robot run`` as a process: a robot run by hand."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.robot_runs import command_lines, open_folder, robot_python
from tests.processes import kurun

PROGRAM = """
import os, pathlib, sys, time
print("hello", os.environ["WHO"], flush=True)
if os.environ["WHO"] == "for ever":
    time.sleep(600)
pathlib.Path(os.environ["KUFLOW_EXECUTION_OUTDIR"], "greeting.txt").write_text("hello")
sys.exit(os.environ["WHO"] == "nobody" and 7)
"""


def program(folder: Path) -> str:
    """Name of the program, which no other test's processes have in their command lines."""
    return f"main_{folder.name.replace('-', '_')}.py"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that robots may get into, with a robot in it."""
    for each in open_folder():
        (each / "hello").mkdir()
        (each / "hello" / "kubot.yaml").write_text(f"operations:\n  - {{name: Greet, shell: python {program(each)}}}\n")
        (each / "hello" / program(each)).write_text(PROGRAM)
        yield each


def settings(folder: Path) -> dict[str, str]:
    """Variables for ``kurun``."""
    return {"KURUN_ROBOTS_HOME": str(folder / "home"), "KURUN_ROBOTS_PYTHON": robot_python()}


async def ends(*arguments: str, folder: Path) -> tuple[int, str]:
    """Run ``kurun robot ARGUMENTS`` to its end; exit code and output."""
    log = folder / "log"
    log.unlink(missing_ok=True)
    async with kurun("robot", *arguments, log=log, folder=folder, environment=settings(folder)) as running:
        async with asyncio.timeout(60):
            code = await running.process.wait()
        return code, running.lines()


async def test_a_folder_and_its_package_are_run(folder: Path) -> None:
    """What it leaves is put where one wants it; values of variables are hidden; nothing else stays."""
    by_folder = await ends(
        "run", "hello", "--operation", "Greet", "--variable", "WHO=world", "-o", "out", folder=folder
    )
    await ends("pack", "hello", folder=folder)
    by_zip = await ends("run", "hello.zip", "--operation", "Greet", "--variable", "WHO=Ada", folder=folder)

    assert 0 == by_folder[0], by_folder[1]
    assert "hello **********" in by_folder[1].splitlines()
    assert "hello" == (folder / "out" / "greeting.txt").read_text()
    assert 0 == by_zip[0], by_zip[1]
    assert "left greeting.txt" in by_zip[1].splitlines()
    assert [path for path in (folder / "home" / "runs").iterdir() if path.is_dir()] == []


async def test_the_exit_code_is_the_robots(folder: Path) -> None:
    """One line says how it ended."""
    code, said = await ends("run", "hello", "--operation", "Greet", "--variable", "WHO=nobody", folder=folder)

    assert 7 == code
    assert said.splitlines()[-1].startswith("kurun: 'Greet' ended after ")
    assert said.splitlines()[-1].endswith(" with exit code 7")


async def test_an_operation_that_is_not_there_is_said(folder: Path) -> None:
    """The exit code says that the robot was not run."""
    code, said = await ends("run", "hello", "--operation", "Sing", folder=folder)

    assert 125 == code
    assert "has no operation 'Sing'; it has 'Greet'" in said.splitlines()[-1]


async def test_a_limit_is_told_from_an_exit_code(folder: Path) -> None:
    """A robot that is ended for one has the code that `timeout` ends with."""
    (folder / "kurun.toml").write_text("[robots]\ntimeout = 0.5\nstop_grace = 0.1\n")
    arguments = ("--operation", "Greet", "--variable", "WHO=for ever", "--config", "kurun.toml")
    code, said = await ends("run", "hello", *arguments, folder=folder)

    assert 124 == code
    assert said.splitlines()[-1].startswith("kurun: 'Greet' was ended after ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_robot(folder: Path, number: signal.Signals) -> None:
    """Nothing of it runs or lies on the disk any more."""
    arguments = ("robot", "run", "hello", "--operation", "Greet", "--variable", "WHO=for ever")
    async with kurun(*arguments, log=folder / "log", folder=folder, environment=settings(folder)) as running:
        await running.says("hello **********")
        code = await running.stop(number)

    assert 128 + number == code
    assert [line for _, line in command_lines() if str(folder) in line or program(folder) in line] == []
    assert [path for path in (folder / "home" / "runs").iterdir() if path.is_dir()] == []
