"""The Process service: starting, reading and changing process instances."""

from collections.abc import Sequence

from kurun_clients.k2.services import documents, paths
from kurun_clients.k2.services.answers import Expected
from kurun_clients.k2.services.exchange import Exchange
from kurun_clients.k2.services.fields import FieldReader
from kurun_clients.k2.services.models import DataField, ProcessInstance, XmlField
from kurun_clients.k2.services.options import NO_FIELDS, FieldFlags, synchronously
from kurun_clients.k2.services.updates import ProcessStart, ProcessUpdate, starts


class Process:
    """Process instances. Every start makes a new one, whatever its folio: nothing repeats it."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._fields = FieldReader(exchange)

    async def start_by_name(self, full_name: str, *, folio: str | None = None, synchronous: bool | None = None) -> int:
        """Start an instance without any fields.

        Args:
            full_name: Folder and name of the definition, joined by a backslash.
            folio: What the instance is called; without it K2 takes the date.
            synchronous: Wait until the process has moved on.

        Returns:
            The id of the instance.
        """
        path = paths.at(paths.DEFINITIONS, full_name) + paths.START_BY_NAME
        query = [*([] if folio is None else [("folio", folio)]), *synchronously(synchronous)]
        return await self._exchange.change(path, Expected(documents.instance_id), query=query)

    async def start(self, instance: ProcessStart, *, synchronous: bool | None = None) -> int:
        """Start an instance; the answer is its id."""
        return await self._exchange.change(
            paths.START_INSTANCE,
            Expected(documents.instance_id),
            query=synchronously(synchronous),
            document=instance.node(),
        )

    async def start_many(
        self, instances: Sequence[ProcessStart], *, synchronous: bool | None = None
    ) -> tuple[int, ...]:
        """Start several instances; the answer is their ids as far as K2 gives them, which it does not document."""
        return await self._exchange.change(
            paths.START_INSTANCES,
            Expected(documents.instance_ids, empty=tuple[int, ...]),
            query=synchronously(synchronous),
            document=starts(instances),
        )

    async def retrieve(self, instance_id: int, *, fields: FieldFlags = NO_FIELDS) -> ProcessInstance:
        """One instance."""
        read = documents.only("ProcessInstance", documents.process_instance)
        return await self._exchange.read(self._instance(instance_id), read, query=fields.process_query())

    async def update(self, changes: ProcessUpdate, *, synchronous: bool | None = None) -> None:
        """Change folio, priority, expected duration or fields of an instance."""
        query = synchronously(synchronous)
        await self._exchange.act(paths.UPDATE_INSTANCE, query=query, document=changes.node())

    async def data_fields(self, instance_id: int) -> tuple[DataField, ...]:
        """Data fields of an instance."""
        return await self._fields.data(self._instance(instance_id))

    async def data_field(self, instance_id: int, name: str) -> DataField:
        """One of them."""
        return await self._fields.data_field(self._instance(instance_id), name)

    async def xml_fields(self, instance_id: int) -> tuple[XmlField, ...]:
        """XML fields of an instance."""
        return await self._fields.xml(self._instance(instance_id))

    async def xml_field(self, instance_id: int, name: str) -> XmlField:
        """One of them."""
        return await self._fields.xml_field(self._instance(instance_id), name)

    def _instance(self, instance_id: int) -> str:
        return paths.numbered(paths.INSTANCES, instance_id)
