"""When to renew a credential, and when to try again: plain arithmetic, in seconds."""

import random
from collections.abc import Callable
from dataclasses import dataclass

Random = Callable[[], float]
"""A number from 0 up to 1."""

MINIMUM_PAUSE = 0.5
"""Never ask KuFlow more often than this, whatever it answers."""


@dataclass(frozen=True)
class Pacing:
    """The pauses of one keeper.

    Attributes:
        backoff_max: Longest pause after a failure.
        look_max: Longest pause between two looks at the clock; bounds what a sleep of the machine or a change of its
            date can do.
        minimum: Shortest pause of all.
        random: Source of the jitter.
    """

    backoff_max: float
    look_max: float = 30.0
    minimum: float = MINIMUM_PAUSE
    random: Random = random.random

    def renewal(self, life: float) -> float:
        """How long to leave a credential of this remaining life alone: 40 to 50 percent of it."""
        return max(self.minimum, life * (0.4 + 0.1 * self.random()))

    def retry(self, failures: int, remaining: float, retry_after: float = 0.0) -> float:
        """How long to pause after a failure.

        The pause doubles with each failure. While the old credential is valid it takes at most a third of what
        remains, so that several tries fit in before the end.

        Args:
            failures: How many there were in a row, this one included.
            remaining: Seconds for which the old credential stays valid; 0 or less when it is not.
            retry_after: What the other side asked for.
        """
        doubled = self.minimum * 2.0 ** min(failures, 32)
        pause = min(self.backoff_max, max(doubled * (0.5 + 0.5 * self.random()), retry_after))
        if remaining > 0:
            pause = min(pause, remaining / 3)
        return max(self.minimum, pause)


def jittered(seconds: float, random: Random = random.random) -> float:
    """The same give or take a tenth, so that a fleet that started together does not stay in step."""
    return seconds * (0.9 + 0.2 * random())
