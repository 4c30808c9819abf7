"""kurun as the first process of a container, in process namespaces of their own."""

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

BEGINNING = """
import os, pathlib, signal, subprocess, sys, time
assert os.getpid() == 1
from kurun_worker.first_process import leave_first_place
leave_first_place()
assert os.getppid() == 1
"""

ORPHANS = """
left = [subprocess.run(["sh", "-c", "sleep 0.05 & echo $!"], stdout=subprocess.PIPE).stdout for _ in range(20)]
deadline = time.monotonic() + 10
while any(pathlib.Path("/proc", each.decode().strip()).exists() for each in left):
    if time.monotonic() > deadline:
        sys.exit("an orphan's end was never fetched")
    time.sleep(0.01)
"""

LISTENS = """
received = []
signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
signal.signal(signal.SIGHUP, lambda number, _: received.append(number))
print("ready", flush=True)
while signal.SIGTERM not in received:
    time.sleep(0.01)
print([signal.Signals(each).name for each in received], flush=True)
sys.exit(7)
"""

TRIAL = ["unshare", "--pid", "--fork", "--mount-proc", "true"]

pytestmark = pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.run(TRIAL, capture_output=True, check=False).returncode != 0,  # noqa: S603
    reason="no process namespaces can be made here",
)


@asynccontextmanager
async def first_process(script: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program whose first act is what kurun's is."""
    file = folder / "program.py"
    file.write_text(BEGINNING + script)
    process = await asyncio.create_subprocess_exec(
        *("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, str(file)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def end_of(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    """Exit code and what was said."""
    async with asyncio.timeout(30):
        said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_the_end_of_every_orphan_is_fetched(tmp_path: Path) -> None:
    """What a robot or an activity leaves behind fills no table of processes over the months."""
    async with first_process(ORPHANS, tmp_path) as process:
        assert await end_of(process) == (0, "")


async def test_signals_reach_the_work_once_and_its_exit_code_is_the_containers(tmp_path: Path) -> None:
    """A second SIGTERM would end at once instead of draining, so one must stay one."""
    async with first_process(LISTENS, tmp_path) as process:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            assert await process.stdout.readline() == b"ready\n"
        [first] = psutil.Process(process.pid).children()
        for number in (signal.SIGHUP, signal.SIGTERM):
            first.send_signal(number)
            await asyncio.sleep(0)

        code, said = await end_of(process)
        assert code == 7
        assert sorted(said.strip("[]\n").split(", ")) == ["'SIGHUP'", "'SIGTERM'"]


async def test_work_that_is_killed_ends_as_a_shell_says_it(tmp_path: Path) -> None:
    """137 tells an orchestrator of SIGKILL, as it does without a process in between."""
    async with first_process("os.kill(os.getpid(), signal.SIGKILL)", tmp_path) as process:
        assert await end_of(process) == (137, "")


async def test_the_command_line_leaves_the_first_place() -> None:
    """``kurun`` itself does so, and nobody has to ask it to."""
    process = await asyncio.create_subprocess_exec(
        *("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, "-X", "importtime"),
        *("-m", "kurun_worker", "--version"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        said, imported = await process.communicate()

    assert said.startswith(b"kurun ")
    assert b"kurun_worker.first_process" in imported
    assert process.returncode == 0
