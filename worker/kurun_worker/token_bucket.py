"""How often something may begin."""

import time
from collections.abc import Callable


class TokenBucket:
    """So many beginnings in a second; after a quiet time those of one second may come at once.

    Args:
        rate: Beginnings in a second, or ``None`` where there is no limit.
        clock: Seconds that never run backwards.
    """

    def __init__(self, rate: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._most = max(1.0, rate or 0.0)
        self._there = self._most
        self._since = clock()

    def wait(self) -> float:
        """Seconds until the next may begin; 0 for now."""
        if self._rate is None:
            return 0.0
        now = self._clock()
        self._there = min(self._most, self._there + (now - self._since) * self._rate)
        self._since = now
        # A rounding error short of a whole one would otherwise be waited for again and again.
        return max(0.0, (1.0 - 1e-9 - self._there) / self._rate)

    def take(self) -> None:
        """One begins."""
        self._there -= 1.0

    def give_back(self) -> None:
        """One did not begin after all."""
        self._there = min(self._most, self._there + 1.0)
