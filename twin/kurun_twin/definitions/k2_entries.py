"""The shape of the definitions file's ``k2`` section."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from kurun_twin.definitions.entry import Entry, Name

AccountName = Annotated[
    str, StringConstraints(min_length=3, max_length=255, pattern=r"^[^\\:@*\s]+\\[^\\:@*]*[^\\:@*\s]$")
]
FullName = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\\]+(\\[^\\]+)*$")]
Number = Annotated[int, Field(ge=1, lt=2**31)]


class K2UserEntry(Entry):
    r"""An account, named ``DOMAIN\user``; ``manager`` names another. Without a password one is made."""

    name: AccountName
    display_name: Name | None = None
    email: Name | None = None
    manager: AccountName | None = None
    password: Name | None = Field(default=None, repr=False)


class K2ActionEntry(Entry):
    """What can be done with a task: ``set`` fills data fields, ``next`` names the step to go on with."""

    name: Name
    set: dict[str, Any] = Field(default_factory=dict)
    next: Name | None = None
    batchable: bool = False


class K2StepEntry(Entry):
    """A task for people or a server event; which of the two keys is there decides."""

    task: Name | None = None
    server_event: Name | None = None
    destinations: tuple[AccountName, ...] = ()
    slots: Annotated[int, Field(ge=1, le=1000)] | None = None
    actions: tuple[K2ActionEntry, ...] = ()
    expires_after: Annotated[float, Field(gt=0, le=10 * 366 * 86400)] | None = None


class K2WorkflowEntry(Entry):
    """A workflow that runs its steps in order, unless an action says otherwise; data fields are schemas."""

    id: Number | None = None
    name: FullName
    starters: tuple[AccountName, ...] | None = None
    data_fields: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    steps: tuple[K2StepEntry, ...] = ()


class K2Entry(Entry):
    """K2 beside KuFlow."""

    users: Annotated[tuple[K2UserEntry, ...], Field(min_length=1)]
    server_event_users: tuple[AccountName, ...] | None = None
    workflows: tuple[K2WorkflowEntry, ...] = ()
