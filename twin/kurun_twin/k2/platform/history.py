"""What happened, in order: a row for each change, written in the transaction of the change."""

import json
import sqlite3
from typing import Any

_COLUMNS = "id, instance_id, serial, what, who, at, detail"

MAX_PAGE = 1000


def note(
    connection: sqlite3.Connection,
    what: str,
    at: int,
    *,
    instance_id: int,
    serial: str | None = None,
    who: str | None = None,
    **detail: object,
) -> None:
    """Write a row; ``who`` is an account's name, ``None`` where time did it."""
    connection.execute(
        "INSERT INTO k2_history (instance_id, serial, what, who, at, detail) VALUES (?, ?, ?, ?, ?, ?)",
        (instance_id, serial, what, who, at, json.dumps(detail)),
    )


def read(
    connection: sqlite3.Connection,
    *,
    after: int = 0,
    size: int = MAX_PAGE,
    instance_id: int | None = None,
    serial: str | None = None,
    what: str | None = None,
) -> list[dict[str, Any]]:
    """Rows whose id is greater than ``after``, oldest first, that fit all that is given."""
    wanted = {"instance_id": instance_id, "serial": serial, "what": what}
    given = {name: value for name, value in wanted.items() if value is not None}
    conditions = " AND ".join(["id > ?", *(f"{name} = ?" for name in given)])
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM k2_history WHERE {conditions} ORDER BY id LIMIT ?",  # noqa: S608 - own names only
        [after, *given.values(), min(size, MAX_PAGE)],
    )
    return [{**dict(row), "detail": json.loads(row["detail"])} for row in rows]
