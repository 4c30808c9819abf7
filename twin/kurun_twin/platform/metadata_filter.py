"""Filter expressions on a process's metadata: ``code operation value…``, each part URL-encoded."""

import json
from typing import Any
from urllib.parse import unquote

from kurun_twin.platform.refusals import Invalid

_FIELD = "json_extract(metadata, '$.value.' || json_quote(?))"
_NUMBER_OF_VALUES = {"eq": (1, 1), "le": (1, 1), "ge": (1, 1), "contains": (1, 1), "between": (2, 2), "in": (1, 100)}


def metadata_condition(expression: str) -> tuple[str, list[Any]]:
    """An SQL condition on the table ``processes``, and its values. Numbers compare as numbers, all else as text.

    Raises:
        Invalid: The operation is unknown or has the wrong number of values.
    """
    parts = [unquote(part) for part in expression.split(" ") if part]
    code, operation, values = (parts[0], parts[1], parts[2:]) if len(parts) > 1 else ("", "", [])
    fewest, most = _NUMBER_OF_VALUES.get(operation, (0, -1))
    # A quote or backslash cannot be part of an SQLite JSON path.
    if not fewest <= len(values) <= most or '"' in code or "\\" in code:
        raise _invalid(expression)
    if operation == "contains":
        return f"instr(lower({_FIELD}), lower(?)) > 0", [code, values[0]]
    if operation in ("eq", "in"):
        return f"CAST({_FIELD} AS TEXT) IN (SELECT value FROM json_each(?))", [  # noqa: S608
            code,
            json.dumps(values),
        ]
    if operation == "between":
        low, high = _compared(code, ">=", values[0]), _compared(code, "<=", values[1])
        return f"({low[0]} AND {high[0]})", [*low[1], *high[1]]
    return _compared(code, "<=" if operation == "le" else ">=", values[0])


def _compared(code: str, operator: str, value: str) -> tuple[str, list[Any]]:
    try:
        return f"({_FIELD} {operator} ? AND typeof({_FIELD}) IN ('integer', 'real'))", [code, float(value), code]
    except ValueError:
        return f"{_FIELD} {operator} ?", [code, value]


def _invalid(expression: str) -> Invalid:
    operations = ", ".join(_NUMBER_OF_VALUES)
    return Invalid(
        f"{expression!r} is no filter: write 'code operation value', with one of {operations}",
        location="metadata",
        location_type="query",
    )
