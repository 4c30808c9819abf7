"""Finding what is left of a run whose keeper was killed.

It happens when a robot runs as the keeper's user, without namespaces of its own, and turns against its keeper. What
took all marks off before (new session, no environment, not seen by the keeper) cannot be told from the user's other
processes and stays.
"""

import os
import signal
import time
from collections.abc import Collection

from kurun_robots.run.keeper.processes import Process, descendants, everyone, send
from kurun_robots.run.preparing import MARK

PATIENCE = 10.0

Known = tuple[int, int]
"""Process id and start, as the keeper told them."""


def end_leftovers(mark: str, session: int | None, known: Collection[Known] = ()) -> list[int]:
    """Kill all that is left of a run; blocking.

    Args:
        mark: Value of the run's own variable.
        session: Session of the robot's first process.
        known: Processes that the keeper saw.

    Returns:
        Processes that could not be ended.
    """
    deadline = time.monotonic() + PATIENCE
    wanted = f"{MARK}={mark}".encode()
    seen = set(known)
    left = _left(wanted, session, seen)
    while left and time.monotonic() < deadline:
        fresh = {(each.pid, each.started) for each in left} - seen
        seen |= fresh
        for process in left:
            # Those that are stopped do not fork: only when nothing new is found, all are.
            send(process, signal.SIGSTOP if fresh else signal.SIGKILL)
        left = _left(wanted, session, seen)
    return [process.pid for process in left]


def _left(wanted: bytes, session: int | None, seen: Collection[Known]) -> list[Process]:
    everybody = [each for each in everyone() if each.pid != os.getpid() and not each.zombie]
    marked = [
        each
        for each in everybody
        if each.session == session or (each.pid, each.started) in seen or wanted in _environment(each.pid)
    ]
    found = {each.pid: each for each in (*marked, *descendants(*(each.pid for each in marked), among=everybody))}
    return list(found.values())


def _environment(pid: int) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123 - for every process of the machine
            return file.read(2**20).split(b"\0")
    except OSError:
        return []
