"""JSON pointers (RFC 6901), and which JSON patches (RFC 6902) may be sent twice."""

import copy
import json
from collections.abc import Sequence
from typing import Any

from kurun_clients.kuflow.models import JsonPatchOperation, JsonPatchOperationType

ABSENT = object()


class Unrepeatable(Exception):  # noqa: N818 - it says what the patch is
    """The patch changes the data again when it is applied again, so its outcome cannot be read from the data."""


def tokens(pointer: str) -> list[str]:
    """The reference tokens of a JSON pointer; none for the whole document.

    Raises:
        ValueError: It is no JSON pointer.
    """
    if not pointer:
        return []
    if not pointer.startswith("/"):
        raise ValueError("a JSON pointer is empty or starts with /")
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/")]


def pointer(parts: Sequence[str]) -> str:
    """The JSON pointer of reference tokens."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def at(document: Any, parts: Sequence[str]) -> Any:
    """The value at a place, or ``ABSENT``."""
    for part in parts:
        if isinstance(document, dict):
            document = document.get(part, ABSENT)
        elif isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        else:
            return ABSENT
    return document


def in_effect(operations: Sequence[JsonPatchOperation], document: Any) -> bool:
    """Whether the document is as the patch leaves it, so that sending the patch again would change nothing.

    Repeatable are ``test``, ``replace``, and ``add`` and ``remove`` of an object's property. Adding to a list or
    removing from one moves its entries, and ``move`` and ``copy`` read what they change: with them nobody can tell.

    Raises:
        Unrepeatable: The patch has such an operation.
    """
    for operation in operations:
        if operation.op in _NEVER or operation.path.endswith("/-"):
            raise Unrepeatable(f"{operation.op.value} {operation.path}")
    changed = [copy.deepcopy(document)]
    try:
        for operation in operations:
            _apply(operation, changed)
    except _Inapplicable:
        return False
    return _written(changed[0]) == _written(document)


def _written(value: Any) -> str:
    # In Python True equals 1; in JSON it does not.
    return json.dumps(value, sort_keys=True)


_NEVER = (JsonPatchOperationType.MOVE, JsonPatchOperationType.COPY)


class _Inapplicable(Exception):  # noqa: N818 - it says what the patch is
    """The document lacks what the patch builds on: KuFlow will refuse it."""


def _apply(operation: JsonPatchOperation, holder: list[Any]) -> None:
    # The document lies at place 0 of a list, so that the whole of it can be replaced like any other value.
    *above, last = ["0", *tokens(operation.path)]
    container = at(holder, above)
    replaces = operation.op is JsonPatchOperationType.REPLACE or (container is holder and operation.op is _ADD)
    if operation.op is JsonPatchOperationType.TEST:
        return
    if isinstance(container, list) and not replaces:
        raise Unrepeatable(f"{operation.op.value} {operation.path}")
    if isinstance(container, dict) and operation.op is JsonPatchOperationType.REMOVE:
        container.pop(last, None)
    elif isinstance(container, dict):
        container[last] = operation.value
    elif isinstance(container, list) and at(container, [last]) is not ABSENT:
        container[int(last)] = operation.value
    else:
        raise _Inapplicable


_ADD = JsonPatchOperationType.ADD
