"""AI assistance for process items: an attempt is PENDING for a while, then COMPLETED or FAILED."""

import sqlite3
from datetime import timedelta

from kurun_twin.clock import microseconds, wire_time
from kurun_twin.definitions import Definitions
from kurun_twin.options import TwinOptions
from kurun_twin.platform import item_records, process_records
from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.refusals import Conflict, NotFound

_SECOND = 1_000_000


class AiAssistance:
    """The latest attempt of each item. Every method runs inside the caller's transaction.

    The twin asks no model: an attempt ends by the clock, the way that the item's definition says.
    """

    def __init__(self, definitions: Definitions, options: TwinOptions) -> None:
        self._definitions = definitions
        self._options = options

    def generate(self, connection: sqlite3.Connection, item_id: str, request_id: str) -> tuple[JsonObject, bool]:
        """Start an attempt, or answer with the one that has this id.

        Returns:
            The attempt, and whether it is new.

        Raises:
            Refusal: There is no such item, its process is closed, or another attempt is pending.
        """
        item = item_records.existing(connection, item_id)
        last = self._last(connection, item_id)
        if last is not None and last["request_id"] == request_id:
            return _body(last), False
        if last is not None and last["ends_at"] > microseconds():
            raise Conflict("another attempt is PENDING", location="requestId")
        process = process_records.changeable(connection, item["process_id"], self._options)
        model, error = self._outcome(process, item)
        now = microseconds()
        ends_at = now + self._options.ai_assistance_time // timedelta(microseconds=1)
        connection.execute(
            "INSERT OR REPLACE INTO ai_runs (process_item_id, request_id, started_at, ends_at, model, error)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (item_id, request_id, now, ends_at, model, error),
        )
        return self.retrieve(connection, item_id), True

    def retrieve(self, connection: sqlite3.Connection, item_id: str) -> JsonObject:
        """The item's latest attempt.

        Raises:
            NotFound: There is no such item, or it had none.
        """
        item_records.existing(connection, item_id)
        last = self._last(connection, item_id)
        if last is None:
            raise NotFound(f"the process item {item_id} had no AI assistance")
        return _body(last)

    def _last(self, connection: sqlite3.Connection, item_id: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = connection.execute(
            "SELECT * FROM ai_runs WHERE process_item_id = ?", (item_id,)
        ).fetchone()
        return row

    def _outcome(self, process: sqlite3.Row, item: sqlite3.Row) -> tuple[str, str | None]:
        definition = self._definitions.process_by_id(process["definition_id"])
        found = definition.items.get(item["definition_code"]) if definition and definition.items else None
        return (found.ai_model, found.ai_error) if found else ("twin", None)


def _body(row: sqlite3.Row) -> JsonObject:
    left = row["ends_at"] - microseconds()
    body: JsonObject = {"requestId": row["request_id"], "startedAt": wire_time(row["started_at"])}
    if left > 0:
        pending = {"embeddingPending": 0, "embeddingProcessing": 1, "retryAfterSeconds": -(-left // _SECOND)}
        return {**body, "state": "PENDING", **pending}
    body["finishedAt"] = wire_time(row["ends_at"])
    if row["error"] is not None:
        return {**body, "state": "FAILED", "errorCode": "model_error", "errorMessage": row["error"]}
    return {**body, "state": "COMPLETED", "model": row["model"], "finishReason": "stop"}
