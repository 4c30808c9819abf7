"""Turning a fresh process into the robot."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import signal
from typing import NoReturn

from kurun_robots.run.keeper import kernel
from kurun_robots.run.keeper.order import Order
from kurun_robots.run.keeper.processes import threads_of_user

SHELL = "/bin/sh"
OPEN_FILES = 4096
_OUT_OF_MEMORY_ADJUSTMENT = "800"  # of 1000: the kernel takes a robot before the worker


class StartFailed(Exception):  # noqa: N818 - it says what happened
    """The robot could not be started; the message says at what."""


def become(order: Order, stdout: int, stderr: int, report: int) -> NoReturn:
    """Become the robot, in a process forked for it.

    Args:
        order: What to run.
        stdout: Descriptor for its output.
        stderr: Descriptor for its errors.
        report: Descriptor closed by the start, or told what prevented it.
    """
    doing = "set limits"
    try:
        os.setsid()
        _hold_to(order)
        doing = f"become the user {order.user}"
        _drop(order.user)
        doing = "prepare the process"
        kernel.forbid_new_privileges()
        kernel.set_parent_death_signal(signal.SIGKILL)
        _streams(stdout, stderr, report)
        _signals()
        doing = f"enter the folder {order.working}"
        os.chdir(order.working)
        doing = f"start {SHELL}"
        os.execve(SHELL, [SHELL, "-c", order.command], dict(order.variables))  # noqa: S606 - the whole purpose
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(report, json.dumps(f"{doing}: {_words(error)}").encode())
    finally:
        os._exit(127)


def started(report: int) -> None:
    """Wait until a process became the robot.

    Raises:
        StartFailed: It did not.
    """
    text = b""
    while chunk := os.read(report, 4096):
        text += chunk
    if text:
        raise StartFailed(json.loads(text))


def _hold_to(order: Order) -> None:
    limits = order.limits
    user = order.user[0] if order.user else os.getuid()
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, limits.disk)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    # The keeper looks every so often; these hold between two looks.
    _limit(resource.RLIMIT_DATA, 2 * limits.memory)
    _limit(resource.RLIMIT_NPROC, threads_of_user(user) + limits.ceiling)
    os.umask(0o077)
    kernel.set_dumpable(allowed=True)  # its files in /proc are root's otherwise
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 - no pathlib here
        file.write(_OUT_OF_MEMORY_ADJUSTMENT)


def _limit(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _drop(user: tuple[int, int] | None) -> None:
    if user is not None:
        number, group = user
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(number, number, number)


def _streams(stdout: int, stderr: int, report: int) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.closerange(3, report)
    os.closerange(report + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[1] + 1)


def _signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):  # those that cannot be changed
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return "the command or its variables are too long" if error.errno == errno.E2BIG else os.strerror(error.errno)
    return f"{type(error).__name__}: {error}"
