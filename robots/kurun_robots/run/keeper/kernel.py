"""What the kernel offers and Python 3.11 has no words for."""

import ctypes
import os
import signal

NEW_MOUNTS = 0x00020000
NEW_IPC = 0x08000000
NEW_USER = 0x10000000
NEW_PIDS = 0x20000000

MOUNT_NOSUID = 2
MOUNT_NODEV = 4
MOUNT_NOEXEC = 8
MOUNT_BIND = 4096
MOUNT_RECURSIVE = 16384
MOUNT_SLAVE = 1 << 19

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


def set_parent_death_signal(number: signal.Signals) -> None:
    """Get this signal when the parent dies; changing the user forgets it."""
    _prctl(_PR_SET_PDEATHSIG, number)


def set_dumpable(*, allowed: bool) -> None:
    """Let other processes of the user look into this one, or not."""
    _prctl(_PR_SET_DUMPABLE, int(allowed))


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def forbid_new_privileges() -> None:
    """Make set-user-id programs start without their other user."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def unshare(flags: int) -> None:
    """Enter new namespaces."""
    _check(_libc.unshare(flags))


def mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Put a file system, or a folder, in a place of the tree."""
    _check(_libc.mount(*(_bytes(text) for text in (source, target, kind)), ctypes.c_ulong(flags), _bytes(options)))


def _prctl(option: int, value: int) -> None:
    _check(_libc.prctl(option, *(ctypes.c_ulong(argument) for argument in (value, 0, 0, 0))))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)
