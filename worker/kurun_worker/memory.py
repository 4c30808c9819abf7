"""Keeping what the C library sets aside for threads from growing with their number."""

import ctypes
import os
from typing import Final

ARENAS: Final = 2

_M_ARENA_MAX: Final = -8


def share_arenas() -> bool:
    """Let all threads of this process allocate from few arenas; to be called before there are threads.

    The GNU C library gives each thread an arena of its own, up to eight for each processor, and what is freed in one
    serves no other. Temporal's threads for workflows pass the work around among them, so that each arena comes to hold
    a peak of its own. Python's threads take turns anyway, and lose nothing. Who sets the C library's own variables has
    chosen, and other libraries know no such thing.

    Returns:
        Whether it was done.
    """
    if "MALLOC_ARENA_MAX" in os.environ or "arena_max" in os.environ.get("GLIBC_TUNABLES", ""):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_M_ARENA_MAX, ARENAS))
