"""Starting processes in the twin and waiting for them."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import Client

from kurun_clients.kuflow import KuFlowClient, paging
from kurun_clients.kuflow.models import JsonValue, ProcessCreateParams, ProcessItem, ProcessItemType, ProcessState
from tests.processes import Dev


async def start(
    dev: Dev, kuflow: KuFlowClient, code: str, *, number: int = 1, metadata: dict[str, Any] | None = None
) -> list[UUID]:
    """Start processes of a definition; their ids."""
    ids = [uuid4() for _ in range(number)]
    definition = next(UUID(each["id"]) for each in dev.info["process_definitions"] if each["code"] == code)
    value = JsonValue.of(metadata) if metadata is not None else None
    await asyncio.gather(
        *(
            kuflow.processes.create(ProcessCreateParams(id=each, process_definition_id=definition, metadata=value))
            for each in ids
        )
    )
    return ids


async def completed(kuflow: KuFlowClient, ids: Sequence[UUID], *, seconds: float) -> None:
    """Wait until every one of the processes is completed."""
    async with asyncio.timeout(seconds):
        while await _in_state(kuflow, ProcessState.RUNNING) & set(ids):
            await asyncio.sleep(0.2)
    assert set(ids) <= await _in_state(kuflow, ProcessState.COMPLETED)


async def _in_state(kuflow: KuFlowClient, state: ProcessState) -> set[UUID]:
    return {each.id async for each in kuflow.processes.iterate(state=[state], size=paging.MAX_PAGE_SIZE)}


async def items(kuflow: KuFlowClient, process_id: UUID) -> list[ProcessItem]:
    """The items of a process, with their data."""
    return [
        await kuflow.process_items.retrieve(each.id)
        async for each in kuflow.process_items.iterate(process_id=[process_id])
    ]


def log_lines(found: Sequence[ProcessItem]) -> list[str]:
    """The messages in the logs of these items."""
    return [line.message for item in found if item.task for line in item.task.logs or []]


async def failed_attempts(dev: Dev, ids: Sequence[UUID]) -> int:
    """Activities of these processes that needed more than one attempt or failed, as the engine's history says."""
    client = await Client.connect(dev.info["engine"]["direct_address"], namespace=dev.info["engine"]["namespace"])
    failed = 0
    for each in ids:
        async for event in client.get_workflow_handle(str(each)).fetch_history_events():
            failed += event.HasField("activity_task_failed_event_attributes")
            failed += event.HasField("activity_task_timed_out_event_attributes")
            failed += event.activity_task_started_event_attributes.attempt > 1
    return failed


async def not_exactly_once(kuflow: KuFlowClient, ids: Sequence[UUID]) -> list[str]:
    """Of these processes BUSY, those whose items, log lines or documents do not all exist exactly once."""
    wrong = []
    for each in ids:
        found = await items(kuflow, each)
        data = next((item.task.data for item in found if item.task), None)
        linked = data.value.get("documents", []) if data else []
        if (
            Counter(item.type for item in found) != Counter({ProcessItemType.TASK: 1, ProcessItemType.MESSAGE: 1})
            or Counter(log_lines(found)) != Counter(f"line {number}" for number in range(5))
            or (len(linked), len(set(linked))) != (5, 5)
        ):
            wrong.append(f"{each}: {len(found)} items, {log_lines(found)}, {len(linked)} documents")
    return wrong
