"""What ``{action}`` may say: an action of the workflow, or one of the system's with what it needs."""

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from kurun_twin.k2.services_api.values import moment

_PREFIXES: Final = {
    "a": "action",
    "action": "action",
    "r": "redirect",
    "redirect": "redirect",
    "d": "delegate",
    "delegate": "delegate",
    "s": "sleep",
    "sleep": "sleep",
}
_SECONDS: Final = re.compile(r"[+-]?\d{1,10}", re.ASCII)


class UnknownAction(Exception):  # noqa: N818 - it says what is the matter
    """The text names no action."""


@dataclass(frozen=True)
class WorkflowAction:
    """An action that the workflow defines."""

    name: str


@dataclass(frozen=True)
class Redirect:
    """To somebody else, who gets it instead of the caller."""

    fqn: str


@dataclass(frozen=True)
class Delegate:
    """To somebody else as well."""

    fqn: str


@dataclass(frozen=True)
class Sleep:
    """For ``seconds`` (``math.inf``: for ever) or until a moment."""

    seconds: float | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Wake:
    """Sleep no longer."""


Action: TypeAlias = WorkflowAction | Redirect | Delegate | Sleep | Wake


def read_action(text: str) -> Action:
    r"""Read an action's text, such as ``Approve``, ``A:Approve``, ``R:K2:ACME\Bob`` or ``S:3600``.

    Raises:
        UnknownAction: Nothing stands there, or no duration behind Sleep.
    """
    prefix, colon, rest = text.partition(":")
    kind = _PREFIXES.get(prefix.strip().lower()) if colon else None
    argument = rest.strip() if kind else text.strip()
    if not argument:
        raise UnknownAction("an action is wanted")
    match kind:
        case "redirect":
            return Redirect(argument)
        case "delegate":
            return Delegate(argument)
        case "sleep":
            return _sleep(argument)
        case _:
            return WorkflowAction(argument)


def _sleep(argument: str) -> Action:
    if _SECONDS.fullmatch(argument):
        seconds = int(argument)
        return Wake() if seconds < 0 else Sleep(seconds=seconds or math.inf)
    until = moment(argument) if "-" in argument else None
    if until is None:
        raise UnknownAction(f"Sleep takes seconds or an xsd:dateTime, not {argument[:60]!r}")
    return Sleep(until=until)
