"""Keys that are at hand, in place of KuFlow's key management."""

import base64
from collections.abc import Mapping
from datetime import timedelta

from kurun_clients.http import StatusError
from kurun_clients.kuflow.models import KmsKey
from kurun_worker.encryption import Keyring


class KeysAtHand:
    """A key source that knows some keys, and remembers what it was asked for.

    Args:
        keys: By their ids; may be changed.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self.keys = dict(keys)
        self.asked: list[str] = []

    async def retrieve_key(self, key_id: str) -> KmsKey:
        """The key, or KuFlow's 404."""
        self.asked.append(key_id)
        if key_id not in self.keys:
            path = f"/kms/keys/{key_id}"
            raise StatusError.kind(404)("GET", f"https://kuflow.test{path}", path, 404)
        return KmsKey.model_validate({"id": key_id, "value": base64.b64encode(self.keys[key_id]).decode()})


def keyring(keys: Mapping[str, bytes]) -> Keyring:
    """Keys that are kept for an hour."""
    return Keyring(KeysAtHand(keys), life=timedelta(hours=1), size=10)
