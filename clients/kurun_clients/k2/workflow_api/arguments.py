"""Arguments on their way into paths, queries and bodies."""

import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from kurun_clients.http import InvalidRequest

SYSTEM_ACTIONS: Final = ("redirect", "sleep", "release", "wake", "assign")
"""What K2 itself does with tasks; their paths lie where a workflow's own actions lie."""

_MAX_WORD: Final = 255
_SEPARATORS: Final = re.compile(r"[/\\]")


def word(name: str, value: str) -> str:
    """A short text.

    Raises:
        InvalidRequest: It is empty, too long or not printable.
    """
    if not value.strip() or len(value) > _MAX_WORD or not value.isprintable():
        raise InvalidRequest(f"{name} has 1 to {_MAX_WORD} printable characters: {value[:80]!r}")
    return value


def action_segment(action: str) -> str:
    """The name of a workflow's own action as one segment of a path.

    Servers in front of K2 may read a quoted slash or backslash as one that separates, so the parts are looked at too.

    Raises:
        InvalidRequest: It is empty, leads to another place, or is one of K2's own actions.
    """
    parts = [part.strip() for part in _SEPARATORS.split(word("an action", action))]
    if any(part in {".", ".."} for part in parts):
        raise InvalidRequest(f"an action cannot be {action!r}: that is another address")
    named = [part for part in parts if part]
    if not named:
        raise InvalidRequest(f"an action cannot be {action!r}")
    system = named[0].rstrip(". ").casefold()
    if len(named) == 1 and system in SYSTEM_ACTIONS:
        raise InvalidRequest(f"{action!r} is one of K2's own actions: call tasks.{system}(), not tasks.act()")
    return quote(action, safe="")


def number(name: str, value: int) -> int:
    """A positive number, such as an id.

    Raises:
        InvalidRequest: It is none.
    """
    if type(value) is not int or value < 1:
        raise InvalidRequest(f"{name} is a whole number from 1 on, not {value!r}")
    return value


def moment(name: str, value: datetime) -> str:
    """A moment as K2's examples write it: UTC with ``Z``, to the millisecond.

    Raises:
        InvalidRequest: It says no zone, or lies beyond what can be written in UTC.
    """
    if value.utcoffset() is None:
        raise InvalidRequest(f"{name} needs a time zone")
    try:
        text = value.astimezone(UTC).isoformat(timespec="milliseconds")
    except OverflowError:
        raise InvalidRequest(f"{name} lies out of range: {value}") from None
    return text.replace("+00:00", "Z")
