"""Starts a program that cannot outlive the process that started it, however that one ends.

Run as ``python leash.py PARENT_PID PROGRAM ARGUMENT…``. The kernel is asked to kill this process when its parent dies;
the request survives turning into the program. Doing it here and not between fork and exec in the parent keeps the
parent, which has many threads, from running Python in a forked copy of itself. Only Linux has the request; elsewhere
the program runs without it.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent and become the program."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(sys.argv[1]):  # it died before the request
            raise SystemExit(1)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - the whole purpose; the parent chose the program


if __name__ == "__main__":
    main()
