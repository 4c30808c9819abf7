"""GET /kms/keys: keys to encrypt with."""

from kurun_clients.http import BaseClient
from kurun_clients.kuflow.models import KmsKey
from kurun_clients.kuflow.resources.arguments import segment


class Kms:
    """KuFlow's key management."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client

    async def retrieve_key(self, key_id: str) -> KmsKey:
        """A key, by the id that encrypted payloads name."""
        return await self._client.call(KmsKey, "GET", f"/kms/keys/{segment('the key id', key_id)}")
