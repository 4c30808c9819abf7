"""Random walks through the states of a task, against the rules in a few lines."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kurun_twin.platform.principals import Principal
from kurun_twin.platform.refusals import Refusal
from kurun_twin.platform.requests import Assign, ProcessCreate, ProcessItemCreate, ProcessItemType
from tests.unit.twins import open_twin

PEOPLE = st.integers(0, 2)


class TaskStates(RuleBasedStateMachine):
    """One task, three principals; ``state`` and ``owner`` are what the rules say they must be."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.twin = self.stack.enter_context(open_twin(Path(folder)))
        self.people: tuple[Principal, ...] = self.twin.platform.principals.all
        self.call = self.twin.platform.database.call
        self.tasks = self.twin.platform.tasks
        self.process_id, self.task_id = self._begin()
        self.state, self.owner, self.signals = "READY", -1, 0

    def _begin(self) -> tuple[str, str]:
        platform, worker = self.twin.platform, self.twin.worker
        wanted = ProcessCreate(processDefinitionId=UUID(self.twin.definition_id()))
        process, _ = self.call(platform.processes.create, worker, wanted)
        item = ProcessItemCreate(
            type=ProcessItemType.TASK, processId=UUID(process["id"]), processItemDefinitionCode="FREE"
        )
        task, _ = self.call(platform.process_items.create, worker, item)
        return process["id"], task["id"]

    def teardown(self) -> None:
        """Close the twin."""
        self.stack.close()

    @rule(who=PEOPLE)
    def claim(self, who: int) -> None:
        """Only a READY task can be claimed, or one's own again."""
        allowed = self.state == "READY" or (self.state == "CLAIMED" and self.owner == who)
        assert allowed == self._try(self.tasks.claim, self.people[who], self.task_id)
        if allowed:
            self.state, self.owner = "CLAIMED", who

    @rule(who=PEOPLE, whom=PEOPLE)
    def assign(self, who: int, whom: int) -> None:
        """An open task can be given to anyone."""
        allowed = self.state in ("READY", "CLAIMED")
        request = Assign(ownerId=self.people[whom].definition.id)
        assert allowed == self._try(self.tasks.assign, self.people[who], self.task_id, request)
        if allowed:
            self.state, self.owner = "CLAIMED", whom

    @rule(who=PEOPLE)
    def complete(self, who: int) -> None:
        """Only the owner of a CLAIMED task can complete it; that signals."""
        allowed = self.state == "CLAIMED" and self.owner == who
        assert allowed == self._try(self.tasks.complete, self.people[who], self.task_id)
        if allowed:
            self.state, self.signals = "COMPLETED", self.signals + 1

    @rule(who=PEOPLE)
    def cancel(self, who: int) -> None:
        """Cancelling leaves finished tasks alone."""
        self.call(self.twin.platform.processes.cancel_items, self.people[who], self.process_id, [self.task_id])
        if self.state in ("READY", "CLAIMED"):
            self.state = "CANCELLED"

    @invariant()
    def the_task_is_what_the_rules_say(self) -> None:
        """State, owner and number of signals."""
        task = self.call(self.twin.platform.process_items.retrieve, self.task_id)
        owner = self.people[self.owner].id if self.owner >= 0 else None
        signals = [each for each in self.twin.commands() if each.kind == "signal_workflow"]

        assert (self.state, owner, self.signals) == (task["task"]["state"], task.get("ownerId"), len(signals))

    def _try(self, *arguments: object) -> bool:
        try:
            self.call(*arguments)  # type: ignore[arg-type]
        except Refusal:
            return False
        return True


TaskStates.TestCase.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
TestTaskStates = TaskStates.TestCase
TestTaskStates.__doc__ = "A task's state follows the rules through any sequence of actions."
