"""How the watching of a K2 account goes, for whoever looks at the worker from outside."""

from dataclasses import dataclass
from time import monotonic


@dataclass
class Watching:
    """The watcher of this worker's account, while it runs here.

    Attributes:
        since: When it began here, by the steady clock; ``None`` while it does not run here.
        listed_at: When K2 last gave the list of tasks.
        done_at: When all that a list called for was last done.
        tasks: Tasks in the last list.
        mirrored: Mirrors that were started or found, since the worker began.
        signalled: Workflows that were told something, since the worker began.
    """

    since: float | None = None
    listed_at: float | None = None
    done_at: float | None = None
    tasks: int = 0
    mirrored: int = 0
    signalled: int = 0

    def begin(self) -> None:
        """It runs here from now on."""
        self.since, self.listed_at, self.done_at, self.tasks = monotonic(), None, None, 0

    def end(self) -> None:
        """It does not run here any more."""
        self.since = None

    def listed(self, tasks: int) -> None:
        """K2 gave its list."""
        self.listed_at, self.tasks = monotonic(), tasks

    def done(self) -> None:
        """All that the list called for is done."""
        self.done_at = monotonic()
