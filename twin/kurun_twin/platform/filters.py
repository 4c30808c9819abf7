"""Filter expressions on JSON data: ``code operation value…``, each part URL-encoded."""

import json
import math
from typing import Any
from urllib.parse import unquote

from kurun_twin.platform.refusals import Invalid

_NUMBER_OF_VALUES = {"eq": (1, 1), "le": (1, 1), "ge": (1, 1), "contains": (1, 1), "between": (2, 2), "in": (1, 100)}
_TEXT = "CASE field.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(field.value AS TEXT) END"
_IS_NUMBER = "field.type IN ('integer', 'real')"


def data_condition(column: str, expression: str, parameter: str) -> tuple[str, list[Any]]:
    """An SQL condition on a column that holds a ``JsonValue``, and its values.

    Where both sides are numbers they compare as numbers, all else as text. Several operations on the same field are
    several expressions.

    Args:
        column: The column.
        expression: What was asked for.
        parameter: The query parameter that it came in, for the refusal.

    Raises:
        Invalid: The operation is unknown or has the wrong number of values.
    """
    parts = [unquote(part) for part in expression.split(" ")]
    code, operation, values = (parts[0], parts[1], parts[2:]) if len(parts) > 1 else ("", "", [])
    fewest, most = _NUMBER_OF_VALUES.get(operation, (0, -1))
    if not code or not all(values) or not fewest <= len(values) <= most:
        raise _invalid(expression, parameter)
    condition, bound = _condition(operation, values)
    # Not a JSON path: no code can be written in one that has a quote or a backslash.
    inner = f"SELECT 1 FROM json_each({column}, '$.value') AS field WHERE field.key = ? AND {condition}"  # noqa: S608
    return f"EXISTS ({inner})", [code, *bound]


def _condition(operation: str, values: list[str]) -> tuple[str, list[Any]]:
    if operation == "contains":
        return f"instr(lower({_TEXT}), lower(?)) > 0", [values[0]]
    if operation in ("eq", "in"):
        numbers = [number for value in values if (number := _number(value)) is not None]
        among = "IN (SELECT value FROM json_each(?))"
        condition = f"({_TEXT} {among} OR ({_IS_NUMBER} AND field.value {among}))"
        return condition, [json.dumps(values), json.dumps(numbers)]
    if operation == "between":
        low, high = _compared(">=", values[0]), _compared("<=", values[1])
        return f"({low[0]} AND {high[0]})", [*low[1], *high[1]]
    return _compared("<=" if operation == "le" else ">=", values[0])


def _compared(operator: str, value: str) -> tuple[str, list[Any]]:
    number = _number(value)
    if number is not None:
        return f"({_IS_NUMBER} AND field.value {operator} ?)", [number]
    return f"{_TEXT} {operator} ?", [value]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _invalid(expression: str, parameter: str) -> Invalid:
    operations = ", ".join(_NUMBER_OF_VALUES)
    return Invalid(
        f"{expression!r} is no filter: write 'code operation value', with one of {operations}",
        location=parameter,
        location_type="query",
    )
