"""What the definitions file says of K2, checked and with every id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from kurun_twin.json_schema import JsonSchema


@dataclass(frozen=True)
class K2UserDefinition:
    r"""An account of K2.

    Attributes:
        name: ``DOMAIN\user``.
        manager: The name of another account.
        password: What it shows; ``None``: one is made.
    """

    name: str
    display_name: str
    email: str
    manager: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class K2ActionDefinition:
    """What can be done with a task.

    Attributes:
        set: Data fields that it fills, with their values.
        next: The step to go on with; ``None``: the one that follows.
        batchable: Whether it can be done without the task's form.
    """

    name: str
    set: Mapping[str, Any] = field(default_factory=dict, repr=False)
    next: str | None = None
    batchable: bool = False


@dataclass(frozen=True)
class K2Step:
    """A task for people, or a server event that some program finishes.

    Attributes:
        destinations: The names of the accounts that a task is for; none for a server event.
        slots: How many of them do it; as many can have it open.
        expires_after: After this the step ends without an outcome.
    """

    name: str
    is_task: bool
    destinations: tuple[str, ...] = ()
    slots: int = 1
    actions: tuple[K2ActionDefinition, ...] = ()
    expires_after: timedelta | None = None

    def action(self, name: str) -> K2ActionDefinition | None:
        """The action with this name, whose upper and lower case do not matter."""
        return next((each for each in self.actions if each.name.casefold() == name.casefold()), None)


@dataclass(frozen=True)
class K2DataField:
    """A data field: its schema as it stands in the file, and the same ready to judge values."""

    document: Mapping[str, Any]
    schema: JsonSchema


@dataclass(frozen=True)
class K2Workflow:
    """A workflow that can be started.

    Attributes:
        id: Of the definition set; it stays when a new version is deployed.
        full_name: The folder and the name, joined by a backslash.
        starters: The names of the accounts that may start it; ``None``: every one.
    """

    id: int
    full_name: str
    starters: frozenset[str] | None = None
    data_fields: Mapping[str, K2DataField] = field(default_factory=dict, repr=False)
    steps: tuple[K2Step, ...] = ()

    @property
    def version_id(self) -> int:
        """Id of the version that is started."""
        return self.id * 10 + 1

    @property
    def folder(self) -> str:
        """What stands before the name."""
        return self.full_name.rpartition("\\")[0]

    @property
    def name(self) -> str:
        """The name without its folder."""
        return self.full_name.rpartition("\\")[2]

    def step(self, name: str) -> K2Step | None:
        """The step with this name."""
        return self._by_name.get(name)

    def after(self, step: str, action: K2ActionDefinition | None = None) -> K2Step | None:
        """The step that follows; ``None``: the workflow is completed."""
        if action is not None and action.next is not None:
            return self.step(action.next)
        names = list(self._by_name)
        following = names.index(step) + 1 if step in self._by_name else len(names)
        return self.steps[following] if following < len(names) else None

    @cached_property
    def _by_name(self) -> dict[str, K2Step]:
        return {each.name: each for each in self.steps}


@dataclass(frozen=True)
class K2Definitions:
    """Everything about K2.

    Attributes:
        server_event_users: The names of the accounts with the Server Event right; ``None``: every one has it.
    """

    users: tuple[K2UserDefinition, ...]
    server_event_users: frozenset[str] | None = None
    workflows: tuple[K2Workflow, ...] = ()

    def workflow_by_id(self, workflow_id: int) -> K2Workflow | None:
        """The workflow with this id."""
        return self._by_id.get(workflow_id)

    def workflow_by_name(self, full_name: str) -> K2Workflow | None:
        """The workflow with this full name, whose upper and lower case do not matter."""
        wanted = full_name.casefold()
        return next((each for each in self.workflows if each.full_name.casefold() == wanted), None)

    @cached_property
    def _by_id(self) -> dict[int, K2Workflow]:
        return {each.id: each for each in self.workflows}
