"""JSON data as it is stored: the value with the verdict of its schema."""

import json
from typing import Any

from kurun_twin.json_schema import JsonSchema
from kurun_twin.platform.refusals import Invalid
from kurun_twin.platform.requests import JsonValueBody

MAX_DEPTH = 100

JsonObject = dict[str, Any]


def judged(schema: JsonSchema | None, value: JsonObject) -> str:
    """A value with ``valid`` and ``errors``, as text for the database. Invalid data is kept and flagged, not refused.

    Raises:
        Invalid: The value is nested too deeply, or has a number too large, to be handled.
    """
    ensure_depth(value)
    stored: JsonObject = {"valid": True, "value": value}
    try:
        breaches = schema.breaches(value) if schema else []
        if breaches:
            errors = [{"propertyPath": each.property_path, "type": each.type} for each in breaches]
            stored |= {"valid": False, "errors": errors}
        # A number such as 1e400 is read as infinity, which is no JSON.
        return json.dumps(stored, separators=(",", ":"), allow_nan=False)
    except (ValueError, OverflowError):
        raise Invalid("a number in the value is too large") from None
    except RecursionError:
        raise Invalid("the value is nested too deeply for its schema") from None


def judged_at_start(schema: JsonSchema | None, body: JsonValueBody | None) -> str | None:
    """The same for something new: without data it starts empty, if a schema says what it should hold."""
    if body is None and schema is None:
        return None
    return judged(schema, body.value if body else {})


def unpacked(stored: str | None) -> JsonObject | None:
    """The ``JsonValue`` that was stored."""
    if stored is None:
        return None
    value: JsonObject = json.loads(stored)
    return value


def ensure_depth(value: object) -> None:
    """Refuse values that are nested more than 100 deep.

    Raises:
        Invalid: It is.
    """
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise Invalid(f"the value is nested more than {MAX_DEPTH} deep")


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
