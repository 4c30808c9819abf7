"""``kurun demo`` as a process: the whole job, and what it says when something is wrong."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.processes import kurun

HEADER = "applicant,email,amount,currency,attachment,mistake,outcome"
ROWS = [
    "Ada,ada@example.com,4000,EUR,20 kB,amount=-4000,GRANTED",
    "Bob,bob@example.com,30000,USD,,,REJECTED",
    "Eve,eve@example.com,12000,GBP,,,GRANTED",
]


def applications(folder: Path, *rows: str) -> Path:
    """A CSV with these rows."""
    file = folder / "applications.csv"
    file.write_text("\n".join([HEADER, *rows, ""]))
    return file


def files(folder: Path) -> set[str]:
    """Names of what lies in a folder."""
    return {file.name for file in folder.iterdir()}


async def demo(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Run ``kurun demo`` to its end: exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kurun_worker", "demo", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    async with asyncio.timeout(100):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_every_row_reaches_its_outcome(tmp_path: Path) -> None:
    """Granted, rejected and corrected: the summary, the figures and the exit code agree; nothing is left behind."""
    rows, figures = applications(tmp_path, *ROWS), tmp_path / "figures.json"
    code, out, err = await demo(tmp_path, "--applications", str(rows), "--json", str(figures), "--token-life", "4")
    found: dict[str, Any] = json.loads(figures.read_text())

    assert (code, err) == (0, "")
    assert "3 of 3 applications reached" in out
    assert found["processes"] == found["completed"] == found["reached"] == 3
    assert found["documents"] == 3  # one attachment, two contracts
    assert found["items"] == 11  # per process a form, a decision and a message; two approvals
    assert found["log_lines"] == 6
    assert found["token_renewals"] >= 1
    assert found["registrations"] >= 1
    assert found["refused_polls"] == 0
    assert files(tmp_path) == {"applications.csv", "figures.json"}


@pytest.mark.long
async def test_a_row_that_does_not_reach_its_outcome_is_named(tmp_path: Path) -> None:
    """Exit code 1 and one line with the row; data and logs are kept to look at."""
    rows = applications(tmp_path, "Ada,ada@example.com,4000,EUR,,,REJECTED")
    code, out, err = await demo(tmp_path, "--applications", str(rows), "--data", "kept", "--token-life", "3")

    assert code == 1
    assert "failed: line 2 (Ada): the outcome: expected REJECTED, found GRANTED" in out
    assert err == "kurun: 1 of 1 applications did not reach their outcome: line 2 (Ada)\n"
    assert {"dev.log", "run.log", "twin"} <= files(tmp_path / "kept")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["Ada,ada@example.com,plenty,EUR,,,GRANTED"], "applications.csv:2: amount: 'plenty' is no number"),
        (["Ada"], "applications.csv:2: row: 1 cells where the header has 7"),
        ([], "applications.csv:1: row: there is no application below the header"),
    ],
)
async def test_a_malformed_csv_starts_nothing(tmp_path: Path, rows: list[str], message: str) -> None:
    """One line that leads to the cell, exit code 2, and not a file more than before."""
    file = applications(tmp_path, *rows)
    code, out, err = await demo(tmp_path, "--applications", str(file), "--data", "data")

    assert (code, out) == (2, "")
    assert err == f"kurun: {file.parent}/{message}\n"
    assert files(tmp_path) == {"applications.csv"}


async def test_figures_that_cannot_be_written_are_refused_at_once(tmp_path: Path) -> None:
    """A folder that is not there is found before anything is started."""
    code, _, err = await demo(tmp_path, "--json", str(tmp_path / "none" / "figures.json"))

    assert code == 2
    assert err == f"kurun: {tmp_path}/none/figures.json: cannot be written: No such file or directory\n"


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
async def test_no_child_outlives_the_demo(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C ends it in order, SIGKILL at once: twin, worker and Temporal end with it each time."""
    rows = applications(tmp_path, *ROWS)
    arguments = ("demo", "--applications", str(rows), "--data", str(tmp_path / "data"))
    async with kurun(*arguments, log=tmp_path / "demo.log") as running:
        await running.says("process started")
        children = psutil.Process(running.pid).children(recursive=True)
        await running.stop(number)
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, timeout=20)

    assert len(children) >= 3
    assert alive == []


@pytest.mark.parametrize("data", [[], ["--data", "kept"]])
async def test_ctrl_c_says_so_and_leaves_only_what_was_asked_for(tmp_path: Path, data: list[str]) -> None:
    """The temporary folder goes away; a folder that was given is kept and named."""
    rows, log = applications(tmp_path, *ROWS), tmp_path / "demo.log"
    async with kurun("demo", "--applications", str(rows), *data, log=log, environment={"TMPDIR": str(tmp_path)}) as it:
        await it.says("playing the applications")
        code = await it.stop(signal.SIGINT)
        said = it.lines()

    assert code == 130
    assert said.endswith(f"interrupted; data and logs in {tmp_path / 'kept'}\n" if data else "interrupted\n")
    assert files(tmp_path) == {"applications.csv", "demo.log", *(["kept"] if data else [])}


async def test_a_child_that_dies_is_reported(tmp_path: Path) -> None:
    """When the worker dies the demo ends with 1, says so in one line and takes the twin with it."""
    rows = applications(tmp_path, *ROWS)
    arguments = ("demo", "--applications", str(rows), "--data", str(tmp_path / "data"))
    async with kurun(*arguments, log=tmp_path / "demo.log") as running:
        await running.says("process started")
        children = psutil.Process(running.pid).children(recursive=True)
        next(child for child in children if child.cmdline()[-1] == "run").kill()
        code = await running.process.wait()
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, timeout=20)

    assert code == 1
    assert "kurun: `kurun run` ended with -9" in running.lines()
    assert alive == []


@pytest.mark.long
async def test_keep_leaves_it_running_until_it_is_told_to_end(tmp_path: Path) -> None:
    """After the summary the addresses are shown and the twin still answers; Ctrl-C ends it with 0."""
    rows, data = applications(tmp_path, ROWS[0]), tmp_path / "data"
    arguments = ("demo", "--applications", str(rows), "--data", str(data), "--keep", "--token-life", "3")
    async with kurun(*arguments, log=tmp_path / "demo.log") as running:
        await running.says("Ctrl-C ends it all")
        info = json.loads((data / "info.json").read_text())
        code = await running.stop(signal.SIGINT)

    assert code == 0
    assert info["kuflow"]["endpoint"] in running.lines()
    assert info["kuflow"]["client_secret"] not in running.lines()
