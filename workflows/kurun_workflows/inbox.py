"""Which items a workflow has open, and which of them KuFlow has signalled."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from kurun_clients.kuflow.models.base import Resource
from kurun_workflows.models import KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM, SignalProcessItem


class OpenItem(Resource):
    """An item that the workflow made or waits for and whose end it has not seen.

    Attributes:
        id: The item.
        code: Code of its definition, if the workflow knows it.
        signalled: KuFlow has signalled it since the workflow last read it.
    """

    id: UUID
    code: str | None = None
    signalled: bool = False


class CarryOver(Resource):
    """What the next run of a workflow has to know, for ``continue_as_new``."""

    open_items: tuple[OpenItem, ...] = ()


class Inbox:
    """Takes KuFlow's signals and keeps one mark for each open item, however many signals come.

    A signal for an item that is not open is dropped. Nothing is lost by it: an item is opened before it is created, and
    one that was created elsewhere is read once before it is waited for.
    """

    def __init__(self, carried: CarryOver | None = None) -> None:
        self._open: dict[UUID, OpenItem] = {item.id: item for item in carried.open_items} if carried else {}
        if workflow.get_signal_handler(KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM) is not None:
            # Temporal would let the later handler silence the earlier one, which then waits for ever.
            raise ApplicationError(
                f"the workflow handles {KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM} already: make one KuFlowProcess in it and no"
                " handler of this signal beside it",
                non_retryable=True,
            )
        workflow.set_signal_handler(KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM, self._receive)

    @property
    def items(self) -> tuple[OpenItem, ...]:
        """The open items, oldest first."""
        return tuple(self._open.values())

    def open(self, item_id: UUID, code: str | None = None) -> None:
        """Watch for signals of an item from now on."""
        known = self._open.get(item_id)
        if known is None or (known.code is None and code is not None):
            signalled = known.signalled if known else False
            self._open[item_id] = OpenItem(id=item_id, code=code, signalled=signalled)

    def holds(self, item_id: UUID) -> bool:
        """Whether an item is open."""
        return item_id in self._open

    def close(self, item_id: UUID) -> None:
        """Forget an item that has come to its end."""
        self._open.pop(item_id, None)

    def take(self, item_id: UUID) -> None:
        """Clear an item's mark; to be called before the item is read, so that a signal meanwhile is seen."""
        if item_id in self._open:
            self._open[item_id] = self._open[item_id].model_copy(update={"signalled": False})

    async def signalled(self, item_id: UUID, within: timedelta | None) -> bool:
        """Wait until an item is signalled, or closed by another waiter; ``False`` if the time ran out first."""
        try:
            await workflow.wait_condition(self._is_signalled(item_id), timeout=within)
        except TimeoutError:
            return False
        return True

    def _is_signalled(self, item_id: UUID) -> Callable[[], bool]:
        return lambda: item_id not in self._open or self._open[item_id].signalled

    # Any arguments: a signal of another shape must neither fail the workflow task nor stop the workflow.
    def _receive(self, *arguments: Any) -> None:
        try:
            signal = SignalProcessItem.model_validate(arguments[0] if arguments else None)
        except ValidationError:
            workflow.logger.warning("ignored a process item signal of an unknown shape")
            return
        item = self._open.get(signal.id)
        if item is None:
            workflow.logger.debug("ignored a signal of a process item that is not open", extra={"item_id": signal.id})
        elif not item.signalled:
            self._open[item.id] = item.model_copy(update={"signalled": True})
