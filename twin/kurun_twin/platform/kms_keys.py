"""Keys of confidential processes."""

import base64
import secrets
import sqlite3

from kurun_twin.clock import microseconds
from kurun_twin.definitions import Definitions
from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.refusals import Conflict, NotFound

_KEY_BYTES = 32
_MAX_ID = 255
_MAX_KEYS = 1000


class KmsKeys:
    """AES-256 keys, made when they are first asked for and the same ever after.

    When the definitions file names keys there are no others; values that it gives are not kept anywhere else.
    """

    def __init__(self, definitions: Definitions) -> None:
        self._named = None if definitions.kms_keys is None else {each.id: each for each in definitions.kms_keys}

    def retrieve(self, connection: sqlite3.Connection, key_id: str) -> JsonObject:
        """The key in base64.

        Raises:
            Refusal: There is no such key, or there are too many to make another.
        """
        return {"id": key_id, "value": base64.b64encode(self.value(connection, key_id)).decode()}

    def value(self, connection: sqlite3.Connection, key_id: str) -> bytes:
        """The key.

        Raises:
            Refusal: There is no such key, or there are too many to make another.
        """
        named = self._named.get(key_id) if self._named is not None else None
        if named is not None and named.value is not None:
            return named.value
        if (self._named is not None and named is None) or not key_id.isprintable() or len(key_id) > _MAX_ID:
            raise NotFound("there is no such key", location="keyId", location_type="path")
        row = connection.execute("SELECT value FROM kms_keys WHERE id = ?", (key_id,)).fetchone()
        return self._make(connection, key_id) if row is None else bytes(row["value"])

    def _make(self, connection: sqlite3.Connection, key_id: str) -> bytes:
        if connection.execute("SELECT count(*) FROM kms_keys").fetchone()[0] >= _MAX_KEYS:
            raise Conflict(f"there are {_MAX_KEYS} keys already", location="keyId", location_type="path")
        value = secrets.token_bytes(_KEY_BYTES)
        connection.execute("INSERT INTO kms_keys VALUES (?, ?, ?)", (key_id, value, microseconds()))
        return value
