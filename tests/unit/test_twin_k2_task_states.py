"""Random walks through the states of K2's tasks, against the rules in a few lines."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kurun_twin.k2.platform import K2Refusal, TaskState
from tests.unit.k2_twins import open_k2_twin

NAMES = ("Bob", "Eve", "Zoe")
WHO = st.sampled_from(NAMES)
SLOTS = 2


class K2TaskStates(RuleBasedStateMachine):
    """A step with three destinations and two slots; ``opened``, ``wakes`` and ``acted`` are what the rules say."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.twin = self.stack.enter_context(open_k2_twin(Path(folder)))
        self.twin.start(8)
        self.serials = {name: self.twin.serial(name) for name in NAMES}
        self.opened: set[str] = set()
        self.wakes: dict[str, int] = {}
        self.acted: set[str] = set()

    def teardown(self) -> None:
        """Close the twin."""
        self.stack.close()

    @rule(who=WHO)
    def assign(self, who: str) -> None:
        """Only an Available task is opened."""
        if self._try(self.twin.k2.tasks.assign, who, allowed={TaskState.AVAILABLE}):
            self.opened.add(who)

    @rule(who=WHO)
    def release(self, who: str) -> None:
        """Only one's own Open task is given back."""
        if self._try(self.twin.k2.tasks.release, who, allowed={TaskState.OPEN}):
            self.opened.discard(who)

    @rule(who=WHO, seconds=st.integers(1, 100))
    def sleep(self, who: str, seconds: int) -> None:
        """What the caller holds may sleep; what sleeps may sleep longer or shorter."""
        until = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=self.twin.clock.now, seconds=seconds)
        allowed = {TaskState.AVAILABLE, TaskState.OPEN, TaskState.SLEEP}
        if self._try(self.twin.k2.tasks.sleep, who, until, allowed=allowed):
            self.wakes[who] = self.twin.clock.now + seconds * 1_000_000

    @rule(who=WHO)
    def wake(self, who: str) -> None:
        """Only what sleeps is woken."""
        if self._try(self.twin.k2.tasks.wake, who, allowed={TaskState.SLEEP}):
            del self.wakes[who]

    @rule(who=WHO)
    def act(self, who: str) -> None:
        """What is Available or one's own is done, once."""
        if self._try(self.twin.k2.tasks.act, who, "done", allowed={TaskState.AVAILABLE, TaskState.OPEN}):
            self.acted.add(who)
            self.opened.discard(who)

    @rule(who=WHO)
    def redirect(self, who: str) -> None:
        """To oneself, so that the destinations stay the same; the task is free again, under another number."""
        allowed = {TaskState.AVAILABLE, TaskState.OPEN, TaskState.SLEEP}
        before = self.serials[who]
        if self._try(self.twin.k2.tasks.redirect, who, f"K2:ACME\\{who}", allowed=allowed):
            self.opened.discard(who)
            self.wakes.pop(who, None)
            [task] = self.twin.k2.database.call(self.twin.k2.tasks.list, self.twin.user(who))
            self.serials[who] = task.serial
            assert task.serial != before

    @rule(seconds=st.integers(1, 60))
    def time_passes(self, seconds: int) -> None:
        """What slept long enough is as it was before."""
        self.twin.clock.forward(seconds)
        self.wakes = {who: at for who, at in self.wakes.items() if at > self.twin.clock.now}

    @invariant()
    def everyone_sees_what_the_rules_say(self) -> None:
        """In the list of all states, and one by one."""
        for who in NAMES:
            tasks = self.twin.k2.database.call(
                self.twin.k2.tasks.list, self.twin.user(who), states=frozenset(TaskState)
            )
            expected = self._state(who)
            assert [(each.serial, each.status) for each in tasks] == (
                [] if expected is TaskState.COMPLETED else [(self.serials[who], expected)]
            )

    @invariant()
    def the_history_knows_every_act(self) -> None:
        """Each once; and the workflow is completed when the slots have acted, not before."""
        happened = self.twin.happened()
        assert happened.count("acted") == len(self.acted)
        assert happened.count("completed") == int(len(self.acted) == SLOTS)

    def _state(self, who: str) -> TaskState:
        if who in self.acted or len(self.acted) == SLOTS:
            return TaskState.COMPLETED
        if who in self.wakes:
            return TaskState.SLEEP
        if who in self.opened:
            return TaskState.OPEN
        return TaskState.ALLOCATED if len(self.opened | self.acted) >= SLOTS else TaskState.AVAILABLE

    def _try(self, change: Callable[..., object], who: str, *more: Any, allowed: set[TaskState]) -> bool:
        expected = self._state(who) in allowed
        try:
            self.twin.k2.database.call(change, self.twin.user(who), self.serials[who], *more)
        except K2Refusal:
            assert not expected
        else:
            assert expected
        return expected


TestK2TaskStates = K2TaskStates.TestCase
TestK2TaskStates.settings = settings(max_examples=25, stateful_step_count=25)
