"""The people of the demo: they find their tasks, claim them, fill in forms and decide, all through the public API."""

import asyncio
from typing import Any, Final
from uuid import UUID

from kurun_clients.http import ApiError, Conflict
from kurun_clients.kuflow import BytesContent, KuFlowClient
from kurun_clients.kuflow.models import JsonValue, ProcessItemPageItem, ProcessItemTaskState
from kurun_examples.demo.cases import Case, Cases

APPLICATION: Final = "LOAN_APPLICATION"
APPROVAL: Final = "LOAN_APPROVAL"
K2_APPROVAL: Final = "LOAN_K2_APPROVAL"
COMMENT: Final = "as the figures suggest"

_LOOK_EVERY: Final = 0.25
_HANDS: Final = 4  # tasks that one person works on at the same time


class Person:
    """Someone who does the tasks of one kind."""

    def __init__(self, name: str, kuflow: KuFlowClient, task_code: str, cases: Cases) -> None:
        self._name = name
        self._kuflow = kuflow
        self._task_code = task_code
        self._cases = cases
        self._hands = asyncio.Semaphore(_HANDS)

    async def work(self) -> None:
        """Look for tasks and do them, until cancelled."""
        taken: set[UUID] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                for item in await self._open_tasks():
                    case = self._cases.of_process(item.process_id)
                    if case is not None and item.id not in taken:
                        taken.add(item.id)
                        tasks.create_task(self._do(case, item))
                await asyncio.sleep(_LOOK_EVERY)

    async def _open_tasks(self) -> list[ProcessItemPageItem]:
        try:
            page = await self._kuflow.process_items.find(
                process_item_definition_code=(self._task_code,),
                task_state=(ProcessItemTaskState.READY,),
                sort=("createdAt,asc",),
                size=1000,
            )
        except ApiError:
            return []  # looked for again soon; who never finds anything is noticed by the lack of progress
        return page.content

    async def _do(self, case: Case, item: ProcessItemPageItem) -> None:
        async with self._hands:
            try:
                self._cases.report(case, f"{self._name} claims {self._task_code}")
                await self._kuflow.process_items.claim(item.id)
                await (self._decide if self._task_code == APPROVAL else self._apply)(case, item)
            except ApiError as error:
                case.problems.append(f"the {self._name} could not do {self._task_code}: {error}")

    async def _apply(self, case: Case, item: ProcessItemPageItem) -> None:
        application = case.application
        form: dict[str, Any] = {
            "applicant": application.applicant,
            "email": application.email,
            "amount": float(application.amount),
            "currency": application.currency,
        }
        if application.attachment:
            form["attachment"] = await self._attach(case)
        if application.mistake:
            await self._err(case, item, {**form, application.mistake.field: application.mistake.value})
        await self._submit(case, item, form)

    async def _attach(self, case: Case) -> str:
        content = await asyncio.to_thread(case.attachment)
        self._cases.report(case, f"{self._name} uploads {len(content):,} bytes")
        document = await self._kuflow.processes.upload_document(
            case.process_id, BytesContent(content), file_name="payslips.pdf", content_type="application/pdf"
        )
        return document.document_uri

    async def _err(self, case: Case, item: ProcessItemPageItem, form: dict[str, Any]) -> None:
        """Submit wrong data: KuFlow has to flag it and to keep the task open."""
        saved = await self._kuflow.process_items.update_data(item.id, JsonValue.of(form))
        data = saved.task.data if saved.task else None
        if data is None or data.valid is not False:
            case.problems.append("invalid data was not flagged")
            return
        places = ", ".join(f"{error.property_path} {error.type}" for error in data.errors or [])
        try:
            await self._kuflow.process_items.complete(item.id)
        except Conflict:
            self._cases.report(case, f"KuFlow flags {places}")
        else:
            case.problems.append("a task with invalid data was completed")

    async def _decide(self, case: Case, item: ProcessItemPageItem) -> None:
        read = await self._kuflow.process_items.retrieve(item.id)
        known = read.task.data.value if read.task and read.task.data else {}
        answer = {"decision": case.application.outcome, "comment": COMMENT}
        await self._submit(case, item, {**known, **answer})

    async def _submit(self, case: Case, item: ProcessItemPageItem, form: dict[str, Any]) -> None:
        await self._kuflow.process_items.update_data(item.id, JsonValue.of(form))
        await self._kuflow.process_items.complete(item.id)
        self._cases.report(case, f"{self._name} completes {self._task_code}")
