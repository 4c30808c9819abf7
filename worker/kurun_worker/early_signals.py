"""What signals mean before the worker listens to them; so small that it is loaded before anything else."""

import signal
import sys


def from_terminal() -> bool:
    """Whether the process was started from a terminal, so that SIGHUP means that this has gone away."""
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:
        return False  # closed


def ignore_what_asks_for_no_end() -> None:
    """Let no signal that a worker listens to later end it while it is still being loaded.

    What SIGHUP asks for is done anyway: the settings have yet to be read.
    """
    early = [signal.SIGUSR1, signal.SIGUSR2]
    for number in early if from_terminal() else [*early, signal.SIGHUP]:
        signal.signal(number, signal.SIG_IGN)
