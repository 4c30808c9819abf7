"""Rows of audited tables. Table and column names come from our own code only, values are always bound."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from kurun_twin.clock import microseconds, wire_time
from kurun_twin.platform.json_data import JsonObject


def insert(connection: sqlite3.Connection, table: str, columns: Mapping[str, Any]) -> None:
    """Add a row."""
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(columns.values()))  # noqa: S608


def update(connection: sqlite3.Connection, table: str, row_id: str, by: str, columns: Mapping[str, Any]) -> None:
    """Set columns of one row and the marks of its last change."""
    changed = {**columns, "last_modified_by": by, "last_modified_at": microseconds()}
    assignments = ", ".join(f"{name} = ?" for name in changed)
    connection.execute(f"UPDATE {table} SET {assignments} WHERE id = ?", [*changed.values(), row_id])  # noqa: S608


def deletion(row: sqlite3.Row) -> JsonObject:
    """Who deleted the row's resource, and when; nothing if it is not deleted."""
    if row["deleted_at"] is None:
        return {}
    return {"deletedBy": row["deleted_by"], "deletedAt": wire_time(row["deleted_at"])}


def audit(row: sqlite3.Row) -> JsonObject:
    """Who made and last changed the row's resource, and when."""
    return {
        "createdBy": row["created_by"],
        "createdAt": wire_time(row["created_at"]),
        "lastModifiedBy": row["last_modified_by"],
        "lastModifiedAt": wire_time(row["last_modified_at"]),
    }
