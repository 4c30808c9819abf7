"""People on both sides of the bridge, who go on until everything is done, as people do."""

import asyncio
from collections.abc import Callable
from typing import Final

from kurun_clients.http import ApiError
from kurun_clients.k2 import K2Error, WorkflowClient
from kurun_clients.k2.workflow_api.models import TaskSummary
from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import JsonValue, ProcessItemPageItem, ProcessItemTaskState

AT_ONCE: Final = 16
"""Items that a person works on at the same time."""

OPEN: Final = (ProcessItemTaskState.READY, ProcessItemTaskState.CLAIMED)
ACTIONS: Final = ("Approve", "Decline")


def amount(folio: str) -> int:
    """The number in a folio such as ``Loan 17 [kuflow:KEY]``."""
    return int(folio.split()[1])


def choice(folio: str) -> str:
    """What a person decides about it."""
    return ACTIONS[amount(folio) % len(ACTIONS)]


async def complete_items(ada: KuFlowClient, *, until: Callable[[], bool]) -> None:
    """Fill in and complete every item that shows a K2 task; what fails is looked at again."""
    some = asyncio.Semaphore(AT_ONCE)

    async def complete(listed: ProcessItemPageItem) -> None:
        async with some:
            try:
                await _complete(ada, listed)
            except ApiError:
                return

    while not until():
        try:
            page = await ada.process_items.find(size=200, task_state=OPEN, process_item_definition_code="K2_TASK")
        except ApiError:
            continue
        await asyncio.gather(*map(complete, page.content))
        await asyncio.sleep(0.2)


async def _complete(ada: KuFlowClient, listed: ProcessItemPageItem) -> None:
    item = await ada.process_items.retrieve(listed.id)
    if item.task is None or item.task.data is None or item.task.state not in OPEN:
        return
    if item.task.state is ProcessItemTaskState.READY:
        await ada.process_items.claim(item.id)
    shown = item.task.data.value
    answer = {"action": choice(shown["folio"]), "changes": {"Amount": amount(shown["folio"])}}
    await ada.process_items.update_data(item.id, JsonValue.of({**shown, **answer}))
    await ada.process_items.complete(item.id)


async def decide_in_k2(bob: WorkflowClient, *, until: Callable[[], bool]) -> None:
    """Decide every task that K2 lists for a person; what fails is looked at again."""

    async def decide(task: TaskSummary) -> None:
        try:
            await bob.tasks.act(task.serial_number, choice(task.workflow_instance_folio or ""))
        except K2Error:
            return

    while not until():
        try:
            listed = await bob.tasks.find()
        except K2Error:
            continue
        await asyncio.gather(*map(decide, listed.tasks))
        await asyncio.sleep(0.5)
