"""What has to hold for a worker to be alive and to be ready, as one thread notes it and another reads it."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that has to hold.

    Attributes:
        name: What it is called.
        ok: Whether it holds.
        reason: Why it does not, in one line; empty if it holds.
        since: When it began to hold, or ceased to.
    """

    name: str
    ok: bool
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """The answer to one question.

    Attributes:
        ok: Whether all conditions hold.
        status: The same in words.
        conditions: What it is made of.
        about: Who says so: task queue, identity and version.
    """

    ok: bool
    status: str
    conditions: tuple[Condition, ...]
    about: Mapping[str, str]

    def body(self) -> dict[str, Any]:
        """As it is served."""
        conditions = [{**asdict(each), "since": each.since.isoformat(timespec="seconds")} for each in self.conditions]
        return {"status": self.status, "conditions": conditions, **self.about}


@dataclass(frozen=True, slots=True)
class Beat:
    """A moment at which the event loop turned.

    Attributes:
        at: In steady seconds.
        thread: The thread of the loop.
    """

    at: float
    thread: int


class Health:
    """How the worker stands. The event loop's thread writes it, any thread may read it.

    What is read is replaced as a whole, so there is no lock that a signal's handler could find taken.

    Args:
        about: Who it is about, for people.
        max_loop_lag: Seconds that the event loop may stand still.
        clean: Hides secrets in a reason: it may tell what a server said, and is served to whoever asks.
        monotonic: Seconds that never run backwards.
    """

    def __init__(
        self,
        about: Mapping[str, str],
        *,
        max_loop_lag: float,
        clean: Callable[[str], str] = str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._about = dict(about)
        self._max_lag = max_loop_lag
        self._clean = clean
        self._monotonic = monotonic
        self._began = datetime.now(UTC)
        self._beat_at = monotonic()
        self._beat: Beat | None = None
        self._draining_since: datetime | None = None
        self._ended_at: datetime | None = None
        self._conditions: tuple[Condition, ...] = ()
        self._noted_at = monotonic()

    def beat(self) -> None:
        """The event loop turns."""
        self._beat_at = self._monotonic()
        self._beat = Beat(self._beat_at, threading.get_ident())

    @property
    def last_beat(self) -> Beat | None:
        """When the event loop was last seen to turn; ``None`` before the first time."""
        return self._beat

    def end(self) -> None:
        """Nothing serves the task queue any more; what follows closes what the worker used."""
        self._ended_at = datetime.now(UTC)

    def drain(self) -> None:
        """The worker was told to stop. May be called from a signal's handler."""
        if self._draining_since is None:
            self._draining_since = datetime.now(UTC)

    def note(self, troubles: Mapping[str, str | None]) -> tuple[Condition, ...]:
        """Replace what is known.

        Args:
            troubles: For each condition why it does not hold, or ``None``.

        Returns:
            The conditions that now hold and did not, or the other way round.
        """
        before = {each.name: each for each in self._conditions}
        now = datetime.now(UTC)
        changed, conditions = [], []
        for name, trouble in troubles.items():
            old = before.get(name)
            same = old is not None and old.ok == (trouble is None)
            reason = "" if trouble is None else self._clean(trouble)
            condition = Condition(name, trouble is None, reason, old.since if old is not None and same else now)
            conditions.append(condition)
            if not same:
                changed.append(condition)
        self._conditions, self._noted_at = tuple(conditions), self._monotonic()
        return tuple(changed)

    @property
    def draining(self) -> bool:
        """Whether the worker was told to stop."""
        return self._draining_since is not None

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What was noted last."""
        return self._conditions

    def live(self) -> Report:
        """Whether there is any point in letting this process go on."""
        conditions = (self._loop_turns(), self._supervisor_works())
        ok = all(each.ok for each in conditions)
        return Report(ok, "alive" if ok else "not alive", conditions, self._about)

    def ready(self) -> Report:
        """Whether this worker does its work now."""
        draining = self._draining_since
        stops = () if draining is None else (Condition("draining", False, "draining: told to stop", draining),)
        conditions = (*stops, self._loop_turns(), *self._known())
        ok = all(each.ok for each in conditions)
        return Report(ok, "ready" if ok else "not ready", conditions, self._about)

    def _known(self) -> tuple[Condition, ...]:
        if not self._conditions:
            return (Condition("looked", False, "nothing has been looked at yet", self._began),)
        age = self._monotonic() - self._noted_at
        if age <= self._max_lag:
            return self._conditions
        since = datetime.now(UTC) - timedelta(seconds=age)
        return (Condition("looked", False, f"nothing has been looked at for {age:.1f} s", since), *self._conditions)

    def _loop_turns(self) -> Condition:
        lag = self._monotonic() - self._beat_at
        if lag <= self._max_lag:
            return Condition("loop", True, "", self._began)
        reason = f"the event loop has not turned for {lag:.1f} s: an activity or a workflow blocks it"
        return Condition("loop", False, reason, datetime.now(UTC) - timedelta(seconds=lag))

    def _supervisor_works(self) -> Condition:
        if self._ended_at is None or self._draining_since is not None:
            return Condition("supervisor", True, "", self._began)
        reason = "the supervisor has ended and the process has not: nothing serves the task queue"
        return Condition("supervisor", False, reason, self._ended_at)
