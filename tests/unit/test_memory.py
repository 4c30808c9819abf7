"""What threads may set aside, in a process of its own: it cannot be taken back."""

import os
import platform
import subprocess
import sys

import pytest
from kurun_worker.memory import ARENAS

THREADS = 8
PROGRAM = f"""
import ctypes, sys, threading
from kurun_worker.memory import share_arenas

done = share_arenas() if sys.argv[1] == "shared" else False
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
meeting = threading.Barrier({THREADS} + 1)


def allocate():
    libc.malloc(1000)
    meeting.wait()
    meeting.wait()


for _ in range({THREADS}):
    threading.Thread(target=allocate).start()
meeting.wait()
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
meeting.wait()
print(done, file=sys.stderr)
"""

glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="arenas are the GNU C library's")


def arenas(how: str, **variables: str) -> tuple[int, bool]:
    """How many arenas the threads of a new process take, and whether it limited them."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", PROGRAM, how],
        env={**environment, **variables},
        capture_output=True,
        check=True,
        text=True,
    )
    return ended.stdout.count("<heap nr="), ended.stderr.strip() == "True"


@glibc
def test_threads_share_arenas() -> None:
    """However many threads there are; without us each takes its own."""
    assert arenas("shared") == (ARENAS, True)
    assert arenas("alone")[0] > ARENAS


@glibc
def test_the_librarys_own_variable_stays_in_force() -> None:
    """Whoever runs the process has the last word."""
    assert arenas("shared", MALLOC_ARENA_MAX="4") == (4, False)
