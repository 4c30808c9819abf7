"""Data and XML fields below a process instance or an activity: all of them, or one by its name."""

from kurun_clients.k2.services import documents, paths
from kurun_clients.k2.services.exchange import Exchange
from kurun_clients.k2.services.models import DataField, XmlField

_ONE_DATA_FIELD = documents.only("DataField", documents.data_field)
_ONE_XML_FIELD = documents.only("XmlField", documents.xml_field)


class FieldReader:
    """Reads the fields of whatever lies at ``owner``, a path."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def data(self, owner: str) -> tuple[DataField, ...]:
        """Every data field."""
        return await self._exchange.read(owner + paths.DATA_FIELDS, documents.data_fields)

    async def data_field(self, owner: str, name: str) -> DataField:
        """One data field."""
        return await self._exchange.read(paths.at(owner + paths.DATA_FIELDS, name), _ONE_DATA_FIELD)

    async def xml(self, owner: str) -> tuple[XmlField, ...]:
        """Every XML field."""
        return await self._exchange.read(owner + paths.XML_FIELDS, documents.xml_fields)

    async def xml_field(self, owner: str, name: str) -> XmlField:
        """One XML field."""
        return await self._exchange.read(paths.at(owner + paths.XML_FIELDS, name), _ONE_XML_FIELD)
