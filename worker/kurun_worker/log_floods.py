"""Keeping an outage from filling the disk with the same line."""

import logging
import re
import time
from collections.abc import Callable

INTERVAL = 60.0
"""Seconds for which a line that has been said is not said again."""

MOST_LINES = 200
"""Different lines that are remembered; older ones may be said again."""

_NUMBERS = re.compile(r"\d+")


class OncePerMinute(logging.Filter):
    """Lets a record of Temporal's core through once a minute, however often it comes.

    The core reports every repeat of every call in flight, about once a second each. Records count as the same when
    they differ in numbers only.

    Args:
        clock: Seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """See base class."""
        if not record.name.startswith("temporalio.core"):
            return True
        line, now = f"{record.name} {_NUMBERS.sub('#', record.getMessage())}", self._clock()
        if line in self._said and now - self._said[line] < INTERVAL:
            return False
        self._said.pop(line, None)
        while len(self._said) >= MOST_LINES:
            del self._said[next(iter(self._said))]
        self._said[line] = now
        return True
