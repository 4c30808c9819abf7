"""The Core service."""

from kurun_clients.k2.services import documents, paths
from kurun_clients.k2.services.exchange import Exchange


class Core:
    """Who we are to K2."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def who_am_i(self) -> str:
        """The fully qualified name of the account."""
        return await self._exchange.read(paths.WHO_AM_I, documents.scalar)
