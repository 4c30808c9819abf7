"""JSON Patch (RFC 6902), applied as a whole or not at all."""

import copy
import json
from typing import Annotated, Any, Literal

import jsonpatch
import jsonpointer
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from kurun_twin.platform.json_data import JsonObject, ensure_depth
from kurun_twin.platform.refusals import Invalid

_MAX_RESULT = 4 * 1024**2


class PatchOperation(BaseModel):
    """One operation; KuFlow allows no other keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    op: Literal["add", "remove", "replace", "move", "copy", "test"]
    path: str
    from_: str | None = Field(default=None, alias="from")
    value: Any = None

    def to_wire(self) -> JsonObject:
        """The operation as it was sent: a ``null`` value stays, an absent one stays absent."""
        return self.model_dump(by_alias=True, exclude_unset=True)


PATCH = TypeAdapter(Annotated[list[PatchOperation], Field(min_length=1, max_length=1000)])


def patched(value: JsonObject, operations: list[PatchOperation]) -> JsonObject:
    """A copy of the value with the operations carried out.

    Raises:
        Invalid: An operation cannot be carried out, a test fails, or the result is no object or too large.
    """
    document: Any = copy.deepcopy(value)
    for position, operation in enumerate(operations):
        document = _apply(document, operation, f"[{position}]")
    if not isinstance(document, dict):
        raise Invalid("the patch leaves no JSON object")
    return document


def _apply(document: Any, operation: PatchOperation, location: str) -> Any:
    try:
        changed = jsonpatch.JsonPatch([operation.to_wire()]).apply(document, in_place=True)
    except jsonpatch.JsonPatchTestFailed:
        raise Invalid(f"the test of {operation.path!r} fails", location=location) from None
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise Invalid(f"{operation.op} {operation.path!r} is not possible: {error}", location=location) from None
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, RecursionError):
        raise Invalid(f"{operation.op} {operation.path!r} is not possible", location=location) from None
    if operation.op == "copy":
        # Copies of copies double the value each time.
        ensure_depth(changed)
        if len(json.dumps(changed)) > _MAX_RESULT:
            raise Invalid("the patch makes the value too large", location=location)
    return changed
