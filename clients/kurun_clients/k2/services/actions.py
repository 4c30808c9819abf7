"""What is done with a task: an action of its workflow, or one of K2's own."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from kurun_clients.http import InvalidRequest
from kurun_clients.k2.services.values import printed_moment


class ActionKind(StrEnum):
    """Which kind of action it is, as the Worklist service writes it; the Task service writes the first letter."""

    ACTION = "Action"
    REDIRECT = "Redirect"
    DELEGATE = "Delegate"
    SLEEP = "Sleep"


FOREVER: Final = "0"
WAKE: Final = "-1"


@dataclass(frozen=True)
class TaskAction:
    """One thing to do with a task; made by the class methods.

    Attributes:
        kind: Which kind of action.
        argument: Its name, a user, or how long to sleep.
    """

    kind: ActionKind
    argument: str

    def __post_init__(self) -> None:
        if not self.argument.strip():
            raise InvalidRequest(f"{self.kind}: it wants a name")

    @classmethod
    def named(cls, name: str) -> Self:
        """An action of the workflow; upper and lower case are the same to K2."""
        return cls(ActionKind.ACTION, name)

    @classmethod
    def redirect(cls, fqn: str) -> Self:
        r"""Give the task to somebody else, such as ``K2:DENALLIX\\Bob``."""
        return cls(ActionKind.REDIRECT, fqn)

    @classmethod
    def delegate(cls, fqn: str) -> Self:
        """Let somebody else act on the task too."""
        return cls(ActionKind.DELEGATE, fqn)

    @classmethod
    def sleep(cls, seconds: int) -> Self:
        """Put the task to sleep for some seconds, counted by K2 from when it acts.

        Raises:
            InvalidRequest: It is not a positive number: 0 would be forever, and a negative one would wake the task.
        """
        if seconds <= 0:
            raise InvalidRequest("sleep wants a positive number of seconds")
        return cls(ActionKind.SLEEP, str(seconds))

    @classmethod
    def sleep_until(cls, moment: datetime) -> Self:
        """Put the task to sleep until a moment; a repeat changes nothing."""
        return cls(ActionKind.SLEEP, printed_moment(moment))

    @classmethod
    def sleep_forever(cls) -> Self:
        """Put the task to sleep until it is woken."""
        return cls(ActionKind.SLEEP, FOREVER)

    @classmethod
    def wake(cls) -> Self:
        """Wake the task."""
        return cls(ActionKind.SLEEP, WAKE)

    @classmethod
    def of(cls, action: "TaskAction | str") -> "TaskAction":
        """The action itself; a plain text is the name of one of the workflow's, whatever colons it has."""
        return cls.named(action) if isinstance(action, str) else action

    @property
    def in_worklist(self) -> str:
        """As the Worklist service wants it: ``Action:Name``."""
        return f"{self.kind}:{self.argument}"

    @property
    def in_task(self) -> str:
        """As the Task service wants it: ``a:Name``."""
        return f"{self.kind[0].lower()}:{self.argument}"
