"""What signals do to a running worker."""

import asyncio
import os
import pty
import signal
import sys
from pathlib import Path

import pytest

from kurun_config import Settings
from kurun_worker.operating import Operations
from kurun_worker.reloading import Reloader
from kurun_worker.signals import drain_on_signals
from tests.waiting import until


async def test_signals_with_a_task_do_not_end_the_process() -> None:
    """They come as often as they like; the drain begins at the first of the others."""
    seen: list[str] = []
    tasks = {
        signal.SIGHUP: lambda: seen.append("reload"),
        signal.SIGUSR1: lambda: seen.append("pause"),
    }
    with drain_on_signals(lambda: seen.append("stop"), end=lambda code: seen.append(str(code)), tasks=tasks):
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGHUP, signal.SIGTERM):
            os.kill(os.getpid(), number)
            await asyncio.sleep(0)
        await until(lambda: "stop" in seen, seconds=5)

    assert seen == ["reload", "pause", "reload", "stop"]


async def test_a_hangup_of_the_terminal_that_started_the_worker_drains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where standard input is a terminal SIGHUP has no task of its own; elsewhere it reads the settings again."""
    controller, terminal = pty.openpty()
    settings = Settings()
    operations = Operations(reloader=Reloader(settings, lambda: settings, files=list))
    with open(terminal, closefd=True) as from_terminal, open(os.devnull) as from_nothing:  # noqa: PTH123, ASYNC230
        monkeypatch.setattr("sys.stdin", from_terminal)
        there = signal.SIGHUP in operations.signals()
        monkeypatch.setattr("sys.stdin", from_nothing)
        elsewhere = signal.SIGHUP in operations.signals()
    os.close(controller)

    assert (there, elsewhere) == (False, True)


EARLY = """
import os, signal, sys
from kurun_worker.cli import main

class Early:
    def find_spec(name, path, target=None):
        if name == "kurun_worker.cli.run":
            for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP):
                os.kill(os.getpid(), number)
            os._exit(7)

signal.signal(signal.SIGHUP, signal.SIG_DFL)
sys.meta_path.insert(0, Early)
main(["run"])
"""


@pytest.mark.parametrize(("terminal", "code"), [(False, 7), (True, -signal.SIGHUP)], ids=["elsewhere", "terminal"])
async def test_signals_that_come_early_do_not_end_a_worker(tmp_path: Path, *, terminal: bool, code: int) -> None:
    """While the command is being loaded they are ignored; only a terminal that goes away ends it at any time."""
    controller, other_end = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KURUN_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", EARLY),
        stdin=other_end if terminal else asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=tmp_path,
        env=environment,
    )
    ended = await process.wait()
    os.close(controller)
    os.close(other_end)

    assert code == ended


async def test_without_a_task_a_hangup_drains() -> None:
    """As for a worker that was started from a terminal."""
    seen: list[str] = []
    with drain_on_signals(lambda: seen.append("stop")):
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: seen, seconds=5)

    assert seen == ["stop"]


async def test_usr1_and_usr2_pause_and_resume() -> None:
    """Twice the same changes nothing."""
    operations = Operations()
    states = []
    with drain_on_signals(lambda: None, tasks=operations.signals()):
        for number in (signal.SIGUSR1, signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR2):
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.01)
            states.append(operations.pause.paused)

    assert states == [True, True, False, False]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2])
async def test_afterwards_signals_mean_what_they_meant(number: signal.Signals) -> None:
    """The handlers of before are put back."""
    before = signal.getsignal(number)
    with drain_on_signals(lambda: None, tasks=Operations().signals()):
        during = signal.getsignal(number)

    assert signal.getsignal(number) == before != during
