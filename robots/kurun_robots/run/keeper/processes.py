"""Looking at processes, and signalling them without hitting another that got the same number."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Process:
    """One process as ``/proc/PID/stat`` shows it; ``memory`` in bytes, ``started`` in ticks since the boot."""

    pid: int
    parent: int
    session: int
    threads: int
    started: int
    memory: int
    zombie: bool


def look_at(pid: int) -> Process | None:
    """One process; ``None`` when it is gone."""
    text = _read(f"/proc/{pid}/stat")
    if not text:
        return None
    fields = text[text.rindex(b")") + 2 :].split()
    return Process(
        pid=pid,
        parent=int(fields[1]),
        session=int(fields[3]),
        threads=int(fields[17]),
        started=int(fields[19]),
        memory=int(fields[21]) * PAGE,
        zombie=fields[0] in (b"Z", b"X"),
    )


def everyone() -> list[Process]:
    """All processes of the machine."""
    found = (look_at(int(name)) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - called often
    return [process for process in found if process is not None]


def descendants(*roots: int, among: Iterable[Process] | None = None) -> list[Process]:
    """Every process below these, found by reading all processes: slow and thorough."""
    children: dict[int, list[Process]] = {}
    for process in everyone() if among is None else among:
        children.setdefault(process.parent, []).append(process)
    return _below(roots, lambda pid: children.get(pid, []))


def descendants_quickly(root: int) -> list[Process]:
    """Every process below this one, found from parent to child; one that forks meanwhile can hide its child."""
    if not os.path.exists(f"/proc/{root}/task/{root}/children"):  # noqa: PTH110 - as above; not in every kernel
        return descendants(root)
    return _below((root,), _children)


def send(process: Process, *signals: signal.Signals) -> bool:
    """Signal a process; ``False`` when it is gone or may not be signalled."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    except OSError:  # a kernel or a sandbox that does not know it
        handle = -1
    try:
        now = look_at(process.pid)
        if now is None or now.started != process.started:
            return False
        for number in signals:
            _send(handle, process.pid, number)
    except OSError:
        return False
    finally:
        if handle >= 0:
            os.close(handle)
    return True


def proportional_memory(processes: Iterable[Process]) -> int:
    """Bytes of memory of processes; what several share counts once. One that hides counts with all it shares."""
    return sum(_proportional(process) for process in processes)


def threads_of_user(user: int) -> int:
    """Processes and threads that a user has on this machine now."""
    count = 0
    for process in everyone():
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{process.pid}").st_uid == user:  # noqa: PTH116 - as above
                count += process.threads
    return count


def _send(handle: int, pid: int, number: signal.Signals) -> None:
    if handle >= 0:
        signal.pidfd_send_signal(handle, number)
    else:
        os.kill(pid, number)


def _children(pid: int) -> list[Process]:
    found: list[Process] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - as above
            numbers = _read(f"/proc/{pid}/task/{thread}/children").split()
            found += [child for number in numbers if (child := look_at(int(number))) is not None]
    return found


def _below(roots: Iterable[int], children: Callable[[int], list[Process]]) -> list[Process]:
    found: dict[int, Process] = {}
    waiting = list(roots)
    while waiting:
        for child in children(waiting.pop()):
            if child.pid not in found:
                found[child.pid] = child
                waiting.append(child.pid)
    return list(found.values())


def _proportional(process: Process) -> int:
    try:
        with open(f"/proc/{process.pid}/smaps_rollup", "rb") as file:  # noqa: PTH123 - as above
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except PermissionError:  # it hides
        return process.memory
    except OSError:  # it ended
        return 0
    return process.memory


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as opened:  # noqa: PTH123 - as above
            return opened.read()
    except OSError:
        return b""
