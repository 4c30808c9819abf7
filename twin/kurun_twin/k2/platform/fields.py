"""Fields of instances: checked against the workflow and merged."""

import json
import re
from collections.abc import Mapping
from typing import Any

from kurun_twin.definitions.k2_models import K2Workflow
from kurun_twin.k2.platform.records import Changes, InstanceRecord, JsonObject
from kurun_twin.k2.platform.refusals import invalid_data

_MAX_DEPTH = 50
_UNDERSCORED = re.compile(r"_\d+")


def initial(workflow: K2Workflow) -> JsonObject:
    """A new instance's data fields, each with the default of its schema or ``None``."""
    return {name: each.document.get("default") for name, each in workflow.data_fields.items()}


def merged(workflow: K2Workflow | None, fields: JsonObject, values: Mapping[str, Any]) -> JsonObject:
    """Data fields with new values; names and types are the workflow's.

    Raises:
        K2Refusal: A data field is unknown, or a value breaks its schema.
    """
    known = workflow.data_fields if workflow else {}
    for name, value in values.items():
        if name not in known:
            raise invalid_data(f"Data field '{name}' does not exist.")
        if breaches := known[name].schema.breaches(_shallow(value, name)):
            raise invalid_data(f"Data field '{name}' has an invalid value: {breaches[0].type}.")
    return {**fields, **values}


def columns(workflow: K2Workflow | None, instance: InstanceRecord, changes: Changes) -> dict[str, str]:
    """The columns that hold an instance's fields, as they will be after the changes.

    Raises:
        K2Refusal: The changes do not fit the workflow.
    """
    xml_fields = json.loads(instance.xml_fields_json) | {each.name: each.value for each in changes.xml_fields}
    return {
        "data_fields": dumped(merged(workflow, instance.data_fields, changes.data_fields)),
        "xml_fields": dumped(xml_fields),
        "item_references": dumped({**instance.item_references, **references(changes.item_references)}),
    }


def references(given: Mapping[str, Any]) -> JsonObject:
    """Item references with record numbers in their plain form: .NET clients write ``_1`` for ``1``."""
    _shallow(given, "itemReferences")
    return {name: _records(value) if isinstance(value, dict) else value for name, value in given.items()}


def dumped(value: object) -> str:
    """As text for the database.

    Raises:
        K2Refusal: A number is too large.
    """
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise invalid_data("A number is too large.") from None


def _records(records: JsonObject) -> JsonObject:
    return {key[1:] if _UNDERSCORED.fullmatch(key) else key: value for key, value in records.items()}


def _shallow(value: object, name: str) -> object:
    level: list[object] = [value]
    for _ in range(_MAX_DEPTH):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return value
    raise invalid_data(f"'{name}' is nested too deeply.")


def _inside(value: object) -> list[object]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []
