"""The Worklist service: items of the account, what is in them, and what can be done with them."""

from kurun_clients.k2.services import documents, paths
from kurun_clients.k2.services.actions import TaskAction
from kurun_clients.k2.services.answers import Expected
from kurun_clients.k2.services.criteria import Criteria
from kurun_clients.k2.services.exchange import Exchange
from kurun_clients.k2.services.fields import FieldReader
from kurun_clients.k2.services.models import (
    Action,
    ActivityInstanceDestination,
    DataField,
    Destination,
    EventInstance,
    ProcessInstance,
    WorklistItem,
    XmlField,
)
from kurun_clients.k2.services.options import NO_FIELDS, FieldFlags, filtering, paging, synchronously
from kurun_clients.k2.services.updates import NO_CHANGES, ItemFields, item_changes

_ITEMS = documents.collection(documents.worklist_item, "WorklistItem")
_ACTIONS = documents.collection(documents.action, "Action")
_DESTINATIONS = documents.collection(documents.destination, "Destination")


class Worklist:
    """Items of the worklist of the account. ``serial_number`` may have its ``SN=``."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._fields = FieldReader(exchange)

    async def find(
        self,
        criteria: Criteria | None = None,
        *,
        fields: FieldFlags = NO_FIELDS,
        skip: int | None = None,
        top: int | None = None,
    ) -> tuple[WorklistItem, ...]:
        """The items; long criteria do not fit into the address, and :meth:`find_filtered` takes them."""
        query = [*filtering(criteria), *fields.query(), *paging(skip, top)]
        return await self._exchange.read(paths.WORKLIST_ITEMS, _ITEMS, query=query)

    async def find_filtered(self, criteria: Criteria) -> tuple[WorklistItem, ...]:
        """The items that the criteria, sent as a document, choose."""
        return await self._exchange.read(paths.WORKLIST_FILTERED, _ITEMS, document=criteria.to_xml())

    async def search(
        self, *, process_full_name: str | None = None, folio: str | None = None, fields: FieldFlags = NO_FIELDS
    ) -> tuple[WorklistItem, ...]:
        """The items of a process or a folio."""
        asked = {"processFullName": process_full_name, "folio": folio}
        query = [(name, value) for name, value in asked.items() if value is not None]
        return await self._exchange.read(paths.WORKLIST_SEARCH, _ITEMS, query=[*query, *fields.query()])

    async def retrieve(
        self, serial_number: str, *, allocate: bool = False, fields: FieldFlags = NO_FIELDS
    ) -> WorklistItem:
        """One item.

        Args:
            serial_number: Which one.
            allocate: Open it for this account, so that others of its slot cannot. That changes it: nothing repeats it.
            fields: Which fields to give.
        """
        path, read = (
            paths.item(paths.WORKLIST_ITEMS, serial_number),
            documents.only("WorklistItem", documents.worklist_item),
        )
        query = [("allocate", "true" if allocate else "false"), *fields.query()]
        if allocate:
            return await self._exchange.change(path, Expected(read), query=query)
        return await self._exchange.read(path, read, query=query)

    async def execute(self, serial_number: str, action: TaskAction | str, *, synchronous: bool | None = None) -> None:
        """Act on an item. Of the workflow's own actions, those that are marked batchable.

        Args:
            serial_number: Which item.
            action: What to do; a text is the name of an action of the workflow.
            synchronous: Wait until the process has moved on.
        """
        path = paths.at(self._below(serial_number, paths.ACTIONS), TaskAction.of(action).in_worklist)
        await self._exchange.act(path + paths.EXECUTE, query=synchronously(synchronous))

    async def execute_action(
        self,
        serial_number: str,
        action: TaskAction | str,
        fields: ItemFields = NO_CHANGES,
        *,
        synchronous: bool | None = None,
    ) -> None:
        """Change fields of an item and act on it, with any action; arguments as for :meth:`execute`."""
        query = [("action", TaskAction.of(action).in_worklist), *synchronously(synchronous)]
        await self._exchange.act(
            paths.WORKLIST_EXECUTE_ACTION, query=query, document=item_changes(serial_number, fields)
        )

    async def actions(self, serial_number: str) -> tuple[Action, ...]:
        """What can be done with an item."""
        return await self._exchange.read(self._below(serial_number, paths.ACTIONS), _ACTIONS)

    async def action(self, serial_number: str, name: str) -> Action:
        """One of its actions."""
        path = paths.at(self._below(serial_number, paths.ACTIONS), name)
        return await self._exchange.read(path, documents.only("Action", documents.action))

    async def process_instance(self, serial_number: str, *, fields: FieldFlags = NO_FIELDS) -> ProcessInstance:
        """The process instance that an item belongs to."""
        read = documents.only("ProcessInstance", documents.process_instance)
        return await self._exchange.read(self._process(serial_number), read, query=fields.process_query())

    async def process_data_fields(self, serial_number: str) -> tuple[DataField, ...]:
        """Data fields of that instance."""
        return await self._fields.data(self._process(serial_number))

    async def process_data_field(self, serial_number: str, name: str) -> DataField:
        """One of them."""
        return await self._fields.data_field(self._process(serial_number), name)

    async def process_xml_fields(self, serial_number: str) -> tuple[XmlField, ...]:
        """XML fields of that instance."""
        return await self._fields.xml(self._process(serial_number))

    async def process_xml_field(self, serial_number: str, name: str) -> XmlField:
        """One of them."""
        return await self._fields.xml_field(self._process(serial_number), name)

    async def activity_instance_destination(
        self, serial_number: str, *, fields: FieldFlags = NO_FIELDS
    ) -> ActivityInstanceDestination:
        """The activity that an item belongs to."""
        read = documents.only("ActivityInstanceDestination", documents.activity_instance_destination)
        return await self._exchange.read(self._activity(serial_number), read, query=fields.activity_query())

    async def activity_data_fields(self, serial_number: str) -> tuple[DataField, ...]:
        """Data fields of that activity."""
        return await self._fields.data(self._activity(serial_number))

    async def activity_data_field(self, serial_number: str, name: str) -> DataField:
        """One of them."""
        return await self._fields.data_field(self._activity(serial_number), name)

    async def activity_xml_fields(self, serial_number: str) -> tuple[XmlField, ...]:
        """XML fields of that activity."""
        return await self._fields.xml(self._activity(serial_number))

    async def activity_xml_field(self, serial_number: str, name: str) -> XmlField:
        """One of them."""
        return await self._fields.xml_field(self._activity(serial_number), name)

    async def event_instance(self, serial_number: str) -> EventInstance:
        """The event that made an item."""
        # In an item the contract calls it ActivityInstanceDestination.
        read = documents.only("EventInstance", documents.event_instance, "ActivityInstanceDestination")
        return await self._exchange.read(self._below(serial_number, paths.EVENT_INSTANCE), read)

    async def destinations(self, serial_number: str) -> tuple[Destination, ...]:
        """Whom an item is for."""
        return await self._exchange.read(self._below(serial_number, paths.DESTINATIONS), _DESTINATIONS)

    async def destination(self, serial_number: str, index: int) -> Destination:
        """One of these, counted by K2."""
        path = paths.numbered(self._below(serial_number, paths.DESTINATIONS), index)
        return await self._exchange.read(path, documents.only("Destination", documents.destination))

    def _below(self, serial_number: str, part: str) -> str:
        return paths.item(paths.WORKLIST_ITEMS, serial_number) + part

    def _process(self, serial_number: str) -> str:
        return self._below(serial_number, paths.PROCESS_INSTANCE)

    def _activity(self, serial_number: str) -> str:
        return self._below(serial_number, paths.ACTIVITY_INSTANCE_DESTINATION)
