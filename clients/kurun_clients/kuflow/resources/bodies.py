"""Bodies of requests, checked before they are sent."""

import math
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from kurun_clients.http import InvalidRequest
from kurun_clients.kuflow.models import JsonPatchOperation, JsonPatchOperationType, Params
from kurun_clients.kuflow.resources.arguments import pointer

JSON_PATCH = "application/json-patch+json"
_OPERATIONS = TypeAdapter(list[JsonPatchOperation])
_WITH_VALUE = {JsonPatchOperationType.ADD, JsonPatchOperationType.REPLACE, JsonPatchOperationType.TEST}
_WITH_FROM = {JsonPatchOperationType.MOVE, JsonPatchOperationType.COPY}


def body(params: Params) -> bytes:
    """The body of a request.

    Raises:
        InvalidRequest: It holds something that JSON cannot express.
    """
    try:
        written = params.to_wire_json()
    except PydanticSerializationError as error:
        raise InvalidRequest(f"{type(params).__name__} cannot be written as JSON: {error}") from None
    if b"null" in written and _holds_no_number(params.model_dump()):
        raise InvalidRequest(f"{type(params).__name__} cannot be written as JSON: it holds NaN or an infinity")
    return written


def patch(operations: Iterable[JsonPatchOperation]) -> bytes:
    """The body of a JSON Patch (RFC 6902).

    Raises:
        InvalidRequest: It has no operation, or one that lacks what its kind needs, names no JSON pointer or holds
            something that JSON cannot express.
    """
    listed = list(operations)
    if not listed:
        raise InvalidRequest("a JSON Patch needs at least one operation")
    for number, operation in enumerate(listed):
        _check(f"operation {number} ({operation.op}) of the JSON Patch", operation)
    try:
        return _OPERATIONS.dump_json(listed)
    except PydanticSerializationError as error:
        raise InvalidRequest(f"the JSON Patch cannot be written as JSON: {error}") from None


def _check(what: str, operation: JsonPatchOperation) -> None:
    pointer(f"{what}: path", operation.path)
    if operation.op in _WITH_VALUE and "value" not in operation.model_fields_set:
        raise InvalidRequest(f"{what} needs a value; None is one")
    if operation.op in _WITH_FROM and operation.from_ is None:
        raise InvalidRequest(f"{what} needs a 'from'")
    if operation.from_ is not None:
        pointer(f"{what}: from", operation.from_)
    if _holds_no_number(operation.value):
        raise InvalidRequest(f"{what} cannot be written as JSON: it holds NaN or an infinity")


def _holds_no_number(data: Any) -> bool:
    """Whether there is a float that would be written as ``null`` without a word."""
    pending, seen = [data], set[int]()
    while pending:
        value = pending.pop()
        if isinstance(value, float):
            if not math.isfinite(value):
                return True
        elif isinstance(value, dict | list | tuple) and id(value) not in seen:
            seen.add(id(value))
            pending.extend(value.values() if isinstance(value, dict) else value)
    return False
