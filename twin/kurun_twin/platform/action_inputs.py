"""What actions are given, checked against their definitions."""

import json

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from kurun_twin.json_schema import JsonSchema
from kurun_twin.options import TwinOptions
from kurun_twin.platform.json_data import JsonObject, judged, unpacked
from kurun_twin.platform.refusals import Invalid, InvalidInput
from kurun_twin.platform.requests import JsonValueBody

MAX_SIGNAL_INPUT = 200 * 1024


def ensure_only(request: BaseModel, fields: frozenset[str], allowed: str | None, code: str) -> None:
    """Insist that of the fields that belong to types, at most the one of the action's type is there.

    Raises:
        Invalid: Another one is.
    """
    for name in sorted(fields):
        if name != allowed and getattr(request, name) is not None:
            raise Invalid(f"{to_camel(name)} does not belong to an action like {code}", location=to_camel(name))


def judged_input(schema: JsonSchema | None, value: JsonObject | None, place: str, options: TwinOptions) -> JsonObject:
    """The details of an action with this input: none without one.

    Raises:
        InvalidInput: It breaks the schema, and the options want it refused.
    """
    if value is None:
        return {}
    stored = unpacked(judged(schema, value)) or {}
    if not stored["valid"] and options.actions_need_valid_input:
        raise InvalidInput(stored["errors"], place)
    return {"input": stored}


def ensure_signal_input(schema: JsonSchema | None, value: JsonObject | None, code: str) -> None:
    """Insist that a signal takes this input at all.

    Raises:
        Invalid: Its definition declares none, or it is too large.
    """
    if value is None:
        return
    if schema is None:
        raise Invalid(f"{code} takes no input", location="sendWorkflowSignal.input")
    if len(json.dumps(value, ensure_ascii=False).encode()) > MAX_SIGNAL_INPUT:
        raise Invalid(f"the input has more than {MAX_SIGNAL_INPUT} bytes", location="sendWorkflowSignal.input")


def json_value(value: JsonObject | None) -> JsonValueBody | None:
    """The value as bodies of requests carry it."""
    return None if value is None else JsonValueBody(value=value)
