"""Ending everything a robot started."""

from __future__ import annotations

import os
import select
import signal
import time

from kurun_robots.run.keeper.order import tell
from kurun_robots.run.keeper.processes import Process, descendants, send
from kurun_robots.run.keeper.starting import Started

PATIENCE = 30.0
"""Seconds for the kernel to end what was killed; only a process stuck in a broken disk or network needs more."""


def ask(robot: Started) -> None:
    """Ask every process to end by itself."""
    for process in _alive(robot):
        send(process, signal.SIGTERM, signal.SIGCONT)


def kill(robot: Started) -> list[int]:
    """End every process, whatever it does against it.

    Returns:
        Those that the kernel did not end in time; none, if nothing is wrong with the machine.
    """
    if _reaped():
        return []
    if robot.nested:
        os.kill(robot.child, signal.SIGKILL)  # ends all the others; only then can it be waited for
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not robot.nested:
            _stop_then_kill(robot)
        if _reaped():
            return []
        tell("ending")  # the worker takes a silent keeper for a dead one
        select.select((), (), (), 0.01)
    return [process.pid for process in _alive(robot)]


def _stop_then_kill(robot: Started) -> None:
    """Kill all at a moment when none of them forks.

    Nothing is waited for meanwhile: dead processes count for the limit of the robot's user, so that one that forks and
    ends, forks and ends, runs into it.
    """
    stopped: set[tuple[int, int]] = set()
    while fresh := [each for each in _alive(robot) if (each.pid, each.started) not in stopped]:
        for process in fresh:
            send(process, signal.SIGSTOP)
            stopped.add((process.pid, process.started))
    for process in _alive(robot):
        send(process, signal.SIGKILL)


def _alive(robot: Started) -> list[Process]:
    root = robot.child if robot.nested else os.getpid()
    return [process for process in descendants(root) if not process.zombie]


def _reaped() -> bool:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return False
