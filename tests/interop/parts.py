"""What KuFlow and a person do while workflows of both kinds run."""

import asyncio
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client

from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import JsonValue, Process, ProcessCreateParams, ProcessItemTaskState, ProcessState
from tests.processes import Dev, Kurun

CODES = ("PUBLISHED_ALONE", "PUBLISHED_ON_OURS", "OURS_ALONE", "OURS_ON_PUBLISHED")
"""Process definitions; each has one workflow."""

RENEWED = "Token renewed"
"""What the published worker logs at its start and whenever its token has ended."""

SECONDS = 45

Answers = dict[str, asyncio.Task[dict[str, Any]]]
"""What the workflows answer, or how they fail."""


@dataclass
class Parts:
    """What KuFlow and a person do in a process."""

    dev: Dev
    kuflow: KuFlowClient
    ada: KuFlowClient
    engine: Client
    published_worker: Kurun

    async def play(self, code: str) -> dict[str, Any]:
        """Start a process, do the person's part and wait for the end; what the workflow answered."""
        async with asyncio.timeout(SECONDS):
            process = await self.start(code)
            if code == "PUBLISHED_ALONE":
                await renewed(self.published_worker)
            await self.review(process)
            answer: dict[str, Any] = await self.engine.get_workflow_handle(str(process.id)).result()
            while (await self.kuflow.processes.retrieve(process.id)).state is not ProcessState.COMPLETED:
                await asyncio.sleep(0.1)
        return answer

    async def start(self, code: str) -> Process:
        """Start a process whose metadata names what its workflow needs."""
        (ada,) = (await self.kuflow.tenant_users.find(email=["ada@example.com"])).content
        unwanted = await self.create("CALLS", {})
        await self.kuflow.processes.cancel(unwanted.id)
        metadata = {"unwanted_id": unwanted.id, "tenant_user_id": ada.id, "tenant_id": ada.tenant_id}
        return await self.create(code, {name: str(value) for name, value in metadata.items()})

    async def create(self, code: str, metadata: dict[str, Any]) -> Process:
        """Create a process of a definition."""
        definition = next(each for each in self.dev.info["process_definitions"] if each["code"] == code)
        params = ProcessCreateParams(
            process_definition_id=definition["id"],
            initiator_email="ada@example.com",
            metadata=JsonValue(value=metadata),
        )
        return await self.kuflow.processes.create(params)

    async def review(self, process: Process) -> None:
        """Complete the task REVIEW as a person, as soon as it is there."""
        while not (
            page := await self.ada.process_items.find(
                process_id=[process.id],
                process_item_definition_code=["REVIEW"],
                task_state=[ProcessItemTaskState.READY],
            )
        ).content:
            await asyncio.sleep(0.1)
        (item,) = page.content
        await self.ada.process_items.claim(item.id)
        await self.ada.process_items.complete(item.id)


async def renewed(worker: Kurun) -> None:
    """Wait until the published worker has renewed its token once more."""
    before = worker.lines().count(RENEWED)
    async with asyncio.timeout(SECONDS):
        while worker.lines().count(RENEWED) == before:
            assert worker.process.returncode is None, worker.lines()
            await asyncio.sleep(0.1)
