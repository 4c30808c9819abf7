"""The Task service: the same items with less on the way, and batches of updates."""

from collections.abc import Sequence

from kurun_clients.k2.services import documents, paths
from kurun_clients.k2.services.answers import Expected, done
from kurun_clients.k2.services.criteria import Criteria
from kurun_clients.k2.services.exchange import Exchange
from kurun_clients.k2.services.failure import Failure, failures_in
from kurun_clients.k2.services.models import Task
from kurun_clients.k2.services.options import NO_FIELDS, FieldFlags, filtering, paging
from kurun_clients.k2.services.updates import TaskUpdate, task_updates
from kurun_clients.k2.services.xml_reading import Element

_TASKS = documents.collection(documents.task, "Task")


class Tasks:
    """Tasks of the account. Only actions that are marked batchable, and K2's own, can be done here."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def find(
        self,
        criteria: Criteria | None = None,
        *,
        fields: FieldFlags = NO_FIELDS,
        skip: int | None = None,
        top: int | None = None,
    ) -> tuple[Task, ...]:
        """The tasks; long criteria do not fit into the address, and :meth:`find_filtered` takes them."""
        query = [*filtering(criteria), *fields.query(), *paging(skip, top)]
        return await self._exchange.read(paths.TASK_ITEMS, _TASKS, query=query)

    async def find_filtered(self, criteria: Criteria) -> tuple[Task, ...]:
        """The tasks that the criteria, sent as a document, choose."""
        return await self._exchange.read(paths.TASK_FILTERED, _TASKS, document=criteria.to_xml())

    async def retrieve(self, serial_number: str) -> Task:
        """One task."""
        path = paths.item(paths.TASK_ITEMS, serial_number)
        return await self._exchange.read(path, documents.only("Task", documents.task))

    async def update(self, update: TaskUpdate) -> None:
        """Act on a task, changing fields with it. Nothing repeats it."""
        await self._exchange.act(paths.UPDATE_TASK, document=update.node())

    async def update_many(self, updates: Sequence[TaskUpdate]) -> tuple[Failure, ...]:
        """Act on several tasks. Nothing repeats it: send again only what is still listed.

        Returns:
            What K2 says that it did not do; nothing means that all was done. Which update a failure belongs to is
            told by its ``id`` or its text at best, as K2 does not document it.
        """
        expected = Expected(_failures, empty=tuple[Failure, ...], partly=True)
        return await self._exchange.change(paths.UPDATE_TASKS, expected, document=task_updates(updates))


def _failures(root: Element) -> tuple[Failure, ...]:
    done(root)
    return tuple(failures_in(root))
