"""The workflow that shows one K2 task, or server event, as a process item and acts on it for the person."""

import asyncio
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from kurun_activities import models, names
from kurun_activities.k2.failure_types import GONE_OR_FORBIDDEN, UNKNOWN_OUTCOME
from kurun_activities.k2.watch_models import (
    MEMO_ACCOUNT,
    MEMO_KIND,
    MEMO_SERIAL_NUMBER,
    METADATA,
    MIRROR_WORKFLOW,
    TASK_CHANGED,
    Mirrored,
)
from kurun_clients.kuflow.models import ProcessItem, ProcessItemTaskLogLevel
from kurun_clients.kuflow.models.base import Resource
from kurun_workflows.calls import CallOptions, Calls
from kurun_workflows.errors import ProcessItemCancelled
from kurun_workflows.inbox import CarryOver
from kurun_workflows.k2.failures import WRONG_REQUEST, failure_type, reason, saw_it_gone
from kurun_workflows.k2.forms import MirrorForm, WrongAnswerError, answer_in
from kurun_workflows.k2.subjects import Subject, subject_of
from kurun_workflows.models import WorkflowRequest, WorkflowResponse
from kurun_workflows.process import KuFlowProcess

FILLED_IN: Final = frozenset({"action", "changes"})
"""What a person writes into an item's data."""


class MirrorState(Resource):
    """What a run hands to the next.

    Attributes:
        inbox: The open items.
        item_id: The item that shows the task now.
        left_alone: A person cancelled the item: the task is K2's own again.
    """

    inbox: CarryOver
    item_id: UUID | None = None
    left_alone: bool = False


class MirrorRequest(WorkflowRequest):
    """What KuFlow sends, and what one run hands to the next."""

    carried: MirrorState | None = None


@workflow.defn(name=MIRROR_WORKFLOW)
class K2TaskMirrorWorkflow:
    """A KuFlow process for one K2 task or server event; its metadata says which.

    Whoever completes the item acts in K2. What happens to the task in K2 closes the item. Nothing is polled: the
    watcher of the account signals that the task has changed.
    """

    @workflow.init
    def __init__(self, request: MirrorRequest) -> None:
        carried = request.carried
        self._process = KuFlowProcess(request, carried.inbox if carried else None)
        self._item_id = carried.item_id if carried else None
        self._left_alone = carried is not None and carried.left_alone
        self._completion: asyncio.Task[ProcessItem] | None = None
        self._changed = False
        self._objection: tuple[str, dict[str, Any]] | None = None
        workflow.set_signal_handler(TASK_CHANGED, self._look_again)

    @workflow.run
    async def run(self, request: MirrorRequest) -> WorkflowResponse:
        """Show the task until it is gone, or acted on."""
        mirrored = await self._mirrored()
        subject = subject_of(mirrored, Calls(CallOptions()))
        while True:
            # Before it is read: what happens meanwhile leads to another look.
            self._changed = False
            form = await subject.read()
            if form is None:
                return await self._gone(subject)
            if self._item_id is None and not self._left_alone:
                await self._show(form, mirrored.item_code)
            # After the reading: a task of the engine's that begins with many signals does not count their bytes yet.
            if workflow.info().is_continue_as_new_suggested():
                await self._continue(request)
            item = await self._completed(subject)
            if item is not None and (said := await self._act(subject, form, item)) is not None:
                return await self._end(said)

    # Any arguments: a signal of another shape must neither fail the workflow task nor stop the workflow.
    def _look_again(self, *_arguments: Any) -> None:
        self._changed = True

    async def _mirrored(self) -> Mirrored:
        metadata = (await self._process.retrieve()).metadata
        try:
            mirrored = Mirrored.model_validate(metadata.value.get(METADATA) if metadata else None)
        except ValidationError:
            raise ApplicationError(
                f"the process's metadata does not say what to mirror: {METADATA}.serialNumber is wanted",
                non_retryable=True,
            ) from None
        workflow.upsert_memo(
            {
                MEMO_ACCOUNT: mirrored.account,
                MEMO_KIND: mirrored.kind.value,
                MEMO_SERIAL_NUMBER: mirrored.serial_number,
            }
        )
        return mirrored

    async def _show(self, form: MirrorForm, code: str) -> None:
        objection, kept = self._objection or (None, {})
        item = await self._process.create_task(code, data={**form.to_wire(), **kept})
        if objection is not None:
            await self._process.log(item, objection, ProcessItemTaskLogLevel.WARN)
        self._item_id, self._objection = item.id, None

    async def _completed(self, subject: Subject) -> ProcessItem | None:
        """The item, once a person completed it; ``None`` if the task has to be read again first."""
        if self._item_id is not None and self._completion is None:
            self._completion = asyncio.create_task(self._process.wait_for(self._item_id))
        completion = self._completion
        await workflow.wait_condition(lambda: self._changed or (completion is not None and completion.done()))
        if completion is None or not completion.done():
            return None
        self._completion = self._item_id = None
        try:
            return completion.result()
        except ProcessItemCancelled:
            self._left_alone = True
            await self._process.message(f"{subject.name} was left to K2: its item was cancelled")
            return None

    async def _act(self, subject: Subject, form: MirrorForm, item: ProcessItem) -> str | None:
        """What to say at the end; ``None`` if K2 did not do it and a person has to look again."""
        data = item.task.data.value if item.task and item.task.data else {}
        try:
            answer = answer_in(data, form)
            await subject.end(answer)
        except WrongAnswerError as error:
            self._object(str(error), data)
            return None
        except ActivityError as error:
            return self._not_done(subject, error, data)
        return f"{subject.name}: {answer.action or 'finished'}"

    def _not_done(self, subject: Subject, error: ActivityError, data: dict[str, Any]) -> str | None:
        kind = failure_type(error)
        if kind == GONE_OR_FORBIDDEN:
            return (
                f"{subject.name} was not acted on from here: it was done, redirected or withdrawn in K2, "
                "or is not permitted"
            )
        if kind == UNKNOWN_OUTCOME and saw_it_gone(error):
            return f"{subject.name} counts as done: K2's reply was lost, and it is gone since"
        if kind != UNKNOWN_OUTCOME and kind not in WRONG_REQUEST:
            raise error
        self._object(reason(error), data)
        return None

    def _object(self, why: str, data: dict[str, Any]) -> None:
        kept = {name: value for name, value in data.items() if name in FILLED_IN}
        self._objection = (f"K2 was not told: {why}", kept)

    async def _gone(self, subject: Subject) -> WorkflowResponse:
        if self._completion is not None:
            self._completion.cancel()
            await workflow.wait([self._completion])
        if self._item_id is not None:
            request = models.ProcessItemsCancelRequest(process_id=self._process.id, process_item_ids=[self._item_id])
            await Calls(CallOptions()).short(names.CANCEL_PROCESS_ITEMS, request, models.ProcessItemsCancelResponse)
        return await self._end(f"{subject.name} is gone: it was done, redirected, withdrawn or has expired in K2")

    async def _end(self, said: str) -> WorkflowResponse:
        await self._process.message(said)
        return WorkflowResponse(message=said)

    async def _continue(self, request: MirrorRequest) -> None:
        if self._objection is not None or (self._completion is not None and self._completion.done()):
            return
        await workflow.wait_condition(workflow.all_handlers_finished)
        state = MirrorState(inbox=self._process.carry_over(), item_id=self._item_id, left_alone=self._left_alone)
        workflow.continue_as_new(request.model_copy(update={"carried": state}), memo=workflow.memo())
