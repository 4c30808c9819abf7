"""How late the event loop is with what is due."""

import asyncio
from time import monotonic
from typing import Final

STEP: Final = 0.25
SPAN: Final = 15.0


class LoopLag:
    """Measures the event loop it runs on; may be read from any thread."""

    def __init__(self) -> None:
        self._due: float | None = None
        self._worst = 0.0
        self._worst_before = 0.0
        self._since = 0.0

    def seconds(self) -> float:
        """The longest delay of the last 15 to 30 s, one that is not over yet included."""
        due = self._due
        late = 0.0 if due is None else monotonic() - due
        return max(0.0, late, self._worst, self._worst_before)

    async def run(self) -> None:
        """Measure until cancelled."""
        self._since = monotonic()
        try:
            while True:
                self._due = monotonic() + STEP
                await asyncio.sleep(STEP)
                self._note(monotonic())
        finally:
            self._due = None

    def _note(self, now: float) -> None:
        self._worst = max(self._worst, now - (self._due or now))
        if now - self._since >= SPAN:
            self._worst_before, self._worst, self._since = self._worst, 0.0, now
