"""Being the first process of a container.

The kernel gives the first process duties: it inherits every orphan and has to fetch its end, and no signal ends it that
it does not handle. So kurun does its work in a child, and the first process passes signals on and fetches ends. A
separate init such as tini would do the same, but would also show the container's environment to robots of its user.
"""

import contextlib
import os
import signal

from kurun_robots.run.hiding import hide_from_robots

PASSED_ON = frozenset(
    {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT}
)
"""Signals that are meant for the work and not for the first process."""

_FROM_TERMINAL = 0x80  # si_code SI_KERNEL: the terminal's Ctrl-C, which reaches the child by itself


def leave_first_place() -> None:
    """Where this is the first process, go on in a child: returns there, and elsewhere at once.

    The first process ends with the child's exit code; the kernel then ends whatever is left in the container. To be
    called before there are threads.
    """
    if os.getpid() != 1:
        return
    watched = PASSED_ON | {signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    with contextlib.suppress(OSError):  # as the worker itself, which says so in its log
        hide_from_robots()
    os._exit(_watch(child, watched))


def _watch(child: int, watched: frozenset[signal.Signals]) -> int:
    """Pass signals on and fetch the ends of all children, until the child ends; its exit code."""
    while True:
        received = signal.sigwaitinfo(watched)
        if received.si_signo == signal.SIGCHLD:
            if (code := _fetch_ends(child)) is not None:
                return code
        elif received.si_code != _FROM_TERMINAL:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, received.si_signo)


def _fetch_ends(child: int) -> int | None:
    """Fetch every end there is; the child's exit code if it is among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended == 0:
                break
            if ended == child:
                code = os.waitstatus_to_exitcode(status)
                found = code if code >= 0 else 128 - code
    return found
