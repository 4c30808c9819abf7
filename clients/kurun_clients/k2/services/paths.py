"""Where the operations of the K2 Services are, and how values are written into a path.

Paths are case-sensitive. Those marked "inferred" are in no document: the contract names the operation alone.
"""

import re
from typing import Final
from urllib.parse import quote

from kurun_clients.http import InvalidRequest
from kurun_clients.k2.serial_numbers import SerialNumber

REST: Final = "/REST.svc"
SYNC: Final = "/SyncREST.svc"

WORKLIST_ITEMS: Final = f"{REST}/Worklist/Items"
WORKLIST_FILTERED: Final = f"{WORKLIST_ITEMS}/Filtered"
WORKLIST_SEARCH: Final = f"{WORKLIST_ITEMS}/SearchForWorklistItems"  # inferred, from its sibling of Identity
WORKLIST_EXECUTE_ACTION: Final = f"{WORKLIST_ITEMS}/ExecuteAction"

DEFINITIONS: Final = f"{REST}/Process/Definitions"
INSTANCES: Final = f"{REST}/Process/Instances"
START_INSTANCE: Final = f"{INSTANCES}/StartInstance"
START_INSTANCES: Final = f"{INSTANCES}/StartInstances"
UPDATE_INSTANCE: Final = f"{INSTANCES}/UpdateProcessInstance"

USERS: Final = f"{REST}/Identity/Users"
SEARCH_USERS: Final = f"{USERS}/SearchForUsers"
WHO_AM_I: Final = f"{REST}/Core/WhoAmI"  # inferred

TASK_ITEMS: Final = f"{SYNC}/Task/Items"
TASK_FILTERED: Final = f"{TASK_ITEMS}/Filtered"
UPDATE_TASK: Final = f"{TASK_ITEMS}/UpdateTask"
UPDATE_TASKS: Final = f"{TASK_ITEMS}/UpdateTasks"

# Below one item or one instance; all of them inferred, except Execute.
ACTIONS: Final = "/Actions"
EXECUTE: Final = "/Execute"
START_BY_NAME: Final = "/StartInstance"  # documented
PROCESS_INSTANCE: Final = "/ProcessInstance"
ACTIVITY_INSTANCE_DESTINATION: Final = "/ActivityInstanceDestination"
EVENT_INSTANCE: Final = "/EventInstance"
DESTINATIONS: Final = "/Destinations"
DATA_FIELDS: Final = "/DataFields"
XML_FIELDS: Final = "/XmlFields"

WORDS: Final = frozenset(
    word
    for path in (
        *(WORKLIST_FILTERED, WORKLIST_SEARCH, WORKLIST_EXECUTE_ACTION),
        *(DEFINITIONS, START_INSTANCE, START_INSTANCES, UPDATE_INSTANCE),
        *(SEARCH_USERS, WHO_AM_I, TASK_FILTERED, UPDATE_TASK, UPDATE_TASKS),
        *(ACTIONS, EXECUTE, START_BY_NAME, PROCESS_INSTANCE, ACTIVITY_INSTANCE_DESTINATION),
        *(EVENT_INSTANCE, DESTINATIONS, DATA_FIELDS, XML_FIELDS),
    )
    for word in path.split("/")[1:]
)
"""The words of all of them."""

_REPLACED: Final = {"_": "_U_", "/": "_S_", "\\": "_B_", ":": "_C_"}
_ORIGINALS: Final = {replaced: original for original, replaced in _REPLACED.items()}
_UNWRITABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_TO_REPLACE: Final = re.compile(r"[_/\\:]")
_TO_RESTORE: Final = re.compile("_[USBC]_")


def escaped(value: str) -> str:
    r"""A value with K2's replacement sequences for ``_ / \\ :``, not yet quoted for an address."""
    return _TO_REPLACE.sub(lambda found: _REPLACED[found[0]], value)


def unescaped(text: str) -> str:
    """What :func:`escaped` was given."""
    return _TO_RESTORE.sub(lambda found: _ORIGINALS[found[0]], text)


def at(path: str, value: str) -> str:
    """``path(value)``, the value escaped and quoted.

    Raises:
        InvalidRequest: The value is empty, or has characters that no name has.
    """
    if not value or _UNWRITABLE.search(value):
        raise InvalidRequest(f"{path}: {value[:60]!r} cannot be written into a path")
    return f"{path}({quote(escaped(value), safe='')})"


def item(path: str, serial_number: str) -> str:
    """``path(12_34)``: a serial number is written raw.

    Raises:
        InvalidRequest: It is none.
    """
    return f"{path}({SerialNumber(serial_number)})"


def numbered(path: str, number: int) -> str:
    """``path(7)``.

    Raises:
        InvalidRequest: The number is negative.
    """
    if number < 0:
        raise InvalidRequest(f"{path}: {number} is no id")
    return f"{path}({number})"
