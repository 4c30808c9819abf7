"""SIGTERM and SIGINT: the first drains, the second ends at once. Other signals may be given other tasks.

SIGHUP has two meanings: a terminal went away, which ends what was started from it, and "read your settings again",
which is what a service manager means by it.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import structlog

log = structlog.get_logger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Those that end the process, as far as they have no other task."""


@contextmanager
def drain_on_signals(
    stop: Callable[[], None],
    *,
    begun: Callable[[], None] | None = None,
    end: Callable[[int], Any] = os._exit,
    tasks: Mapping[signal.Signals, Callable[[], None]] | None = None,
) -> Iterator[None]:
    """Call ``stop`` on the event loop at the first signal inside the block; leave the process at the second.

    The handlers are plain ones, not the loop's, so that the second signal works even while code blocks the loop.
    Outside of the main thread, where signals do not arrive, the block changes nothing.

    Args:
        stop: Begins the drain; called once.
        begun: Called at the first signal right inside the handler, also while code blocks the loop.
        end: Ends the process with the exit code given: 128 and the signal's number, so 143 for SIGTERM.
        tasks: What other signals ask for; called on the event loop, each time.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    received: list[int] = []

    def drain(number: int) -> None:
        log.info("draining, a second signal ends at once", signal=signal.Signals(number).name)
        stop()

    def receive(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) == 1:
            if begun is not None:
                begun()
            loop.call_soon_threadsafe(drain, number)
        else:
            sys.stderr.flush()
            end(128 + number)

    def note(number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(others[signal.Signals(number)])

    others = dict(tasks or {})
    handlers = {**dict.fromkeys(SIGNALS, receive), **dict.fromkeys(others, note)}
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
