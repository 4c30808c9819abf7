"""Being gone in time after a stop.

An activity may block the event loop, swallow its cancellation or sit in a thread; ``asyncio.run`` and the interpreter
then wait for it without a limit. So a thread that nothing of this holds up watches the end of the process. That thread
stands still once the interpreter takes itself apart, which waits for Temporal's core: so this last part is left out.
"""

import atexit
import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

STOP_MARGIN = 3.0
"""Seconds beyond the drain timeout within which the process is gone."""

LEAVING = 0.5
"""Seconds that the interpreter gets to end by itself."""

LAST_WORDS = 0.3
"""Seconds for the last line and for flushing, which a reader that does not read would hold up."""


class Departure:
    """Ends the process within a time after it was told to stop.

    Args:
        seconds: From the beginning of the stop to the end of the process.
        end: Ends the process with an exit code, without waiting for anything.
    """

    def __init__(self, seconds: float, *, end: Callable[[int], Any] = os._exit) -> None:
        self._seconds = seconds
        self._end = end
        self._begun = threading.Event()
        self._leaving = threading.Event()
        self._code: int | None = None
        # The first to be registered is the last to be called: what the user's modules register comes before it.
        atexit.register(self._at_exit)
        threading.Thread(target=self._watch, name="departure", daemon=True).start()

    def begin(self) -> None:
        """The process was told to stop: the time runs. May be called from a signal's handler."""
        self._begun.set()

    def decide(self, code: int) -> None:
        """Whatever follows, this is the exit code."""
        self._code = code

    def leave(self, code: int) -> None:
        """The work is over; the interpreter may end by itself, and is ended if it does not."""
        self.decide(code)
        self._leaving.set()
        self._begun.set()

    def _watch(self) -> None:
        self._begun.wait()
        if self._leaving.wait(self._seconds - LEAVING - LAST_WORDS):
            time.sleep(LEAVING)
        # A reader of our output that does not read must not hold this up.
        speaker = threading.Thread(target=self._last_words, daemon=True)
        speaker.start()
        speaker.join(LAST_WORDS)
        self._end(self._exit_code)

    def _at_exit(self) -> None:
        if self._leaving.is_set():
            self._last_words()
            self._end(self._exit_code)

    @property
    def _exit_code(self) -> int:
        return 1 if self._code is None else self._code

    def _last_words(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # closed, or nobody there
            if self._code is None:
                said = "something keeps the process from stopping; it is ended all the same"
                print(f"kurun: {said}", file=sys.stderr)  # noqa: T201 - logging may be what is stuck
            for handler in logging.getLogger().handlers:
                handler.flush()
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
