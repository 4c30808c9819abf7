"""Namespaces of its own for a robot, where the machine allows them.

In them a robot sees and signals nothing but what it started, and the kernel ends all of that together with the first
process. They need either root or a machine where any user may have user namespaces.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import NoReturn

from kurun_robots.run.keeper import kernel
from kurun_robots.run.keeper.order import Order

_SHARED_PLACES = ("/tmp", "/var/tmp", "/run/lock")  # noqa: S108 - they get hidden
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - as above


def possible(order: Order) -> bool:
    """Try it all in a process that does nothing else."""
    pid = os.fork()
    if pid == 0:
        _exit_with(lambda: _rehearse(order))
    return os.waitpid(pid, 0)[1] == 0


def enter() -> None:
    """Make the next child of this process the first of new namespaces.

    Raises:
        OSError: The machine does not allow it.
    """
    user, group = os.geteuid(), os.getegid()
    if user != 0:
        kernel.unshare(kernel.NEW_USER)
        for file, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            _write(f"/proc/self/{file}", text)
    kernel.unshare(kernel.NEW_PIDS)


def be_first(order: Order, start: Callable[[], int], go: int, status: int, report: int) -> NoReturn:
    """Be the first process of the namespaces: start the robot, tell its exit status, and adopt its orphans.

    Args:
        order: What to run.
        start: Starts the robot and gives its process id.
        go: Descriptor that brings a byte as long as the keeper lives.
        status: Descriptor to write the robot's exit status to.
        report: Descriptor for what prevents the start.
    """
    _exit_with(lambda: _be_first(order, start, go, status, report))


def _be_first(order: Order, start: Callable[[], int], go: int, status: int, report: int) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    kernel.set_parent_death_signal(signal.SIGKILL)
    if not os.read(go, 1):  # the keeper died before the request
        return
    try:
        _mount(order)
        robot = start()
    except OSError as error:
        os.write(report, json.dumps(f"make namespaces: {error.strerror}").encode())
        return
    os.close(report)
    while True:
        try:
            pid, code = os.waitpid(-1, 0)
        except ChildProcessError:
            return
        if pid == robot:
            os.write(status, b"%d\n" % os.waitstatus_to_exitcode(code))


def _rehearse(order: Order) -> None:
    enter()
    pid = os.fork()
    if pid == 0:
        _exit_with(lambda: _mount(order))
    if os.waitpid(pid, 0)[1] != 0:
        raise OSError


def _mount(order: Order) -> None:
    kernel.unshare(kernel.NEW_MOUNTS | kernel.NEW_IPC)
    kernel.mount("none", "/", None, kernel.MOUNT_RECURSIVE | kernel.MOUNT_SLAVE)
    closed = kernel.MOUNT_NOSUID | kernel.MOUNT_NODEV
    kernel.mount("proc", "/proc", "proc", closed | kernel.MOUNT_NOEXEC)
    if os.path.isdir(_SHARED_MEMORY):  # noqa: PTH112 - no pathlib here
        kernel.mount("shm", _SHARED_MEMORY, "tmpfs", closed, f"mode=1777,size={order.limits.memory // 2}")
    for place in _SHARED_PLACES:
        if os.path.isdir(place) and not any(_within(path, place) for path in order.needed):  # noqa: PTH112 - as above
            kernel.mount(order.temporary, place, None, kernel.MOUNT_BIND)


def _within(path: str, folder: str) -> bool:
    return (os.path.realpath(path) + "/").startswith(folder + "/")


def _write(file: str, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _exit_with(work: Callable[[], None]) -> NoReturn:
    """Do something and end, whatever happens: a forked process must never go on as a second keeper."""
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)
