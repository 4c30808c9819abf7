"""What keeps the watcher from its work: said once, and waited through."""

from dataclasses import dataclass, field
from typing import Final

from temporalio import activity

LONGEST_PAUSE: Final = 60.0
"""Seconds to which the pause between two lists grows while K2, KuFlow or the engine cannot be used."""


@dataclass
class Trouble:
    """Knows what does not work at the moment."""

    _said: dict[str, str] = field(default_factory=dict)
    _failures: int = 0

    def met(self, what: str, error: Exception) -> None:
        """Something does not work; said again only when it fails in another way."""
        kind = " ".join(type(each).__name__ for each in (error, error.__cause__) if each is not None)
        if self._said.get(what) != kind:
            activity.logger.warning(f"{what} failed and is tried again: {error}", extra={"error": kind})
        self._said[what] = kind

    def over(self, what: str) -> None:
        """Something works."""
        if self._said.pop(what, None) is not None:
            activity.logger.info(f"{what} works again")

    def pause(self, interval: float, *, well: bool) -> float:
        """Seconds until the next list: they double while nothing goes well.

        Args:
            interval: What they are otherwise.
            well: Whether the last round went well.
        """
        self._failures = 0 if well else min(self._failures + 1, 16)
        return interval if well else max(interval, min(LONGEST_PAUSE, interval * 2**self._failures))
