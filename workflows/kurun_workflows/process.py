"""The process as its workflow sees it: tasks that people complete, messages, logs, documents, data."""

from datetime import timedelta
from typing import Any, overload
from uuid import UUID

from temporalio import workflow

from kurun_activities import models, names
from kurun_clients.kuflow.models import (
    ProcessItem,
    ProcessItemMessageCreateParams,
    ProcessItemTaskCreateParams,
    ProcessItemTaskState,
    ProcessItemType,
)
from kurun_workflows.calls import CallOptions, Calls
from kurun_workflows.errors import ProcessItemCancelled, ProcessItemTimeout
from kurun_workflows.inbox import CarryOver, Inbox, OpenItem
from kurun_workflows.item_calls import ItemCalls, ItemOrId, item_id_of
from kurun_workflows.models import WorkflowRequest, WorkflowUserActionRequest
from kurun_workflows.process_calls import ProcessCalls
from kurun_workflows.values import CompletedTask, Data, Value, completed, insist_on_valid, json_value

LAG = timedelta(seconds=1)
"""Pause before an item is read again that is over and does not look so yet."""


class KuFlowProcess(ItemCalls, ProcessCalls):
    """A process, for use inside its workflow.

    Make one as early as possible, in a constructor marked ``@workflow.init`` or at the start of the run method: it sets
    the handler of KuFlow's process item signal, and Temporal keeps the signals that came before. :meth:`task` is the
    usual step. Everything is deterministic and safe to replay.

    Args:
        request: What KuFlow started the workflow with.
        carried: What :meth:`carry_over` gave in the previous run, after ``continue_as_new``.
        options: Limits of the activities.
    """

    def __init__(
        self,
        request: WorkflowRequest | WorkflowUserActionRequest,
        carried: CarryOver | None = None,
        *,
        options: CallOptions | None = None,
    ) -> None:
        self.id: UUID = request.process_id
        self._calls = Calls(options or CallOptions())
        self._inbox = Inbox(carried)

    @property
    def open_items(self) -> tuple[OpenItem, ...]:
        """Tasks that the workflow made or waits for and whose end it has not seen; fit to answer a query."""
        return self._inbox.items

    def carry_over(self) -> CarryOver:
        """What the next run needs, so that no signal is lost; call it directly before ``continue_as_new``.

        Give it a place in the workflow's one argument: a subclass of :class:`WorkflowRequest` with a field
        ``carried: CarryOver | None = None``. Temporal reads a second, optional argument without its type when KuFlow
        starts the workflow with one. A workflow with handlers of its own first awaits
        ``workflow.wait_condition(workflow.all_handlers_finished)``.
        """
        return CarryOver(open_items=self._inbox.items)

    @overload
    async def task(
        self,
        code: str,
        *,
        data: Value | None = None,
        owner_email: str | None = None,
        owner_id: UUID | None = None,
        within: timedelta | None = None,
        recheck_every: timedelta | None = None,
    ) -> CompletedTask[dict[str, Any]]: ...

    @overload
    async def task(
        self,
        code: str,
        model: type[Data],
        *,
        data: Value | None = None,
        owner_email: str | None = None,
        owner_id: UUID | None = None,
        within: timedelta | None = None,
        recheck_every: timedelta | None = None,
    ) -> CompletedTask[Data]: ...

    async def task(
        self,
        code: str,
        model: type[Any] = dict,
        *,
        data: Value | None = None,
        owner_email: str | None = None,
        owner_id: UUID | None = None,
        within: timedelta | None = None,
        recheck_every: timedelta | None = None,
    ) -> CompletedTask[Any]:
        """Create a task, wait until it is completed and read its data.

        Args:
            code: Code of the task's definition.
            model: Pydantic model to read the data into; a ``dict`` without it.
            data: What the task starts with; it may be incomplete, the person completes it.
            owner_email: Who has to do it; or ``owner_id``. Anyone who may claim it without both.
            owner_id: The same by principal id.
            within: Longest wait for the completion; for ever without it.
            recheck_every: Read the item this often even if no signal comes. Whether KuFlow signals an item that was
                cancelled is not documented; without this only a signal wakes the workflow.

        Raises:
            ProcessItemCancelled: The task was cancelled.
            ProcessItemTimeout: It was not completed in time.
            InvalidData: KuFlow flags the completed data, or it does not fit the model.
        """
        item = await self.create_task(code, data=data, owner_email=owner_email, owner_id=owner_id)
        return completed(await self._until_over(item, within, recheck_every), model)

    async def create_task(
        self, code: str, *, data: Value | None = None, owner_email: str | None = None, owner_id: UUID | None = None
    ) -> ProcessItem:
        """Create a task and go on without waiting; :meth:`wait_for` waits for it later."""
        item_id = workflow.uuid4()
        # Before it is created: the signal may come before the activity's result does.
        self._inbox.open(item_id, code)
        request = models.ProcessItemCreateRequest(
            id=item_id,
            type=ProcessItemType.TASK,
            process_id=self.id,
            process_item_definition_code=code,
            owner_email=owner_email,
            owner_id=owner_id,
            task=None if data is None else ProcessItemTaskCreateParams(data=json_value(data)),
        )
        try:
            response = await self._calls.short(names.CREATE_PROCESS_ITEM, request, models.ProcessItemCreateResponse)
        except BaseException:
            self._inbox.close(item_id)
            raise
        return response.process_item

    async def wait_for(
        self, item: ItemOrId, *, within: timedelta | None = None, recheck_every: timedelta | None = None
    ) -> ProcessItem:
        """Wait until a task is completed, whoever created it; one that already is needs no signal.

        Raises:
            ProcessItemCancelled: The task was cancelled.
            ProcessItemTimeout: It was not completed in time.
        """
        item_id = item_id_of(item)
        self._inbox.open(item_id)
        return await self._until_over(await self._look(item_id), within, recheck_every)

    async def complete_task(self, item: ItemOrId) -> ProcessItem:
        """Complete a task that the worker itself has claimed."""
        request = models.ProcessItemTaskCompleteRequest(process_item_id=item_id_of(item))
        response = await self._calls.short(
            names.COMPLETE_PROCESS_ITEM_TASK, request, models.ProcessItemTaskCompleteResponse
        )
        self._inbox.close(request.process_item_id)
        return response.process_item

    async def message(
        self,
        text: str,
        data: Value | None = None,
        *,
        code: str | None = None,
        data_code: str | None = None,
        thread_id: UUID | None = None,
    ) -> ProcessItem:
        """Put a message into the process, or into one of its threads.

        Args:
            text: Markdown.
            data: Data to go with it, of the structure that ``data_code`` names.
            code: Code of the message's definition, if it has one.
            data_code: Code of the data's structure.
            thread_id: Thread that the message belongs to.

        Raises:
            InvalidData: KuFlow took the message but flags its data.
        """
        content = ProcessItemMessageCreateParams(
            text=text,
            data=None if data is None else json_value(data),
            data_structure_data_definition_code=data_code,
        )
        request = models.ProcessItemCreateRequest(
            id=workflow.uuid4(),
            type=ProcessItemType.MESSAGE,
            process_id=self.id,
            process_item_definition_code=code,
            process_item_thread_id=thread_id,
            message=content,
        )
        response = await self._calls.short(names.CREATE_PROCESS_ITEM, request, models.ProcessItemCreateResponse)
        item = response.process_item
        insist_on_valid(item.id, item.message.data if item.message else None)
        return item

    async def _until_over(
        self, item: ProcessItem, within: timedelta | None, recheck_every: timedelta | None
    ) -> ProcessItem:
        deadline = None if within is None else workflow.now() + within
        while not _is_over(item):
            left = None if deadline is None else deadline - workflow.now()
            if within is not None and left is not None and left <= timedelta(0):
                raise ProcessItemTimeout(item.id, within)
            pauses = [pause for pause in (left, recheck_every) if pause is not None]
            await self._inbox.signalled(item.id, min(pauses, default=None))
            item = await self._look(item.id)
            if not _is_over(item) and not self._inbox.holds(item.id):
                # Another waiter has seen its end already, so this read came from a copy that lags behind.
                await workflow.sleep(LAG)
        self._inbox.close(item.id)
        if item.task and item.task.state is ProcessItemTaskState.CANCELLED:
            raise ProcessItemCancelled(item.id)
        return item

    async def _look(self, item_id: UUID) -> ProcessItem:
        # The mark is taken before the item is read, so that a signal in the meantime leads to another look.
        self._inbox.take(item_id)
        return await self.retrieve_item(item_id)


def _is_over(item: ProcessItem) -> bool:
    return item.task is None or item.task.state in {ProcessItemTaskState.COMPLETED, ProcessItemTaskState.CANCELLED}
