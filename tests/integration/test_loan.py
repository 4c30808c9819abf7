"""The loan example on the twin: a real API, a real engine behind its gateway, a real worker."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client

from kurun_clients.http import Conflict
from kurun_clients.kuflow import BasicAuth, KuFlowClient, KuFlowFile
from kurun_clients.kuflow.models import (
    JsonValue,
    Process,
    ProcessCreateParams,
    ProcessItem,
    ProcessItemTaskState,
    ProcessItemType,
    ProcessState,
)
from kurun_config import Settings, load
from kurun_examples.demo.stage import MODULES, TASK_QUEUE, example
from kurun_twin.options import TwinOptions
from kurun_twin.twin_server import TwinServer
from kurun_worker import daemon
from tests.waiting import until

FORM = {"applicant": "Ada", "email": "ada@example.com", "amount": 4000, "currency": "EUR"}


@dataclass
class Bank:
    """A running twin and worker, and those who use them."""

    info: dict[str, Any]
    kuflow: KuFlowClient
    person: KuFlowClient

    async def start(self) -> UUID:
        """Start a loan."""
        process = await self.kuflow.processes.create(
            ProcessCreateParams(
                id=uuid4(),
                process_definition_code="LOAN",
                tenant_id=UUID(self.info["kuflow"]["tenant_id"]),
                metadata=JsonValue.of({"applicant": "Ada"}),
            )
        )
        return process.id

    async def task(self, process_id: UUID, code: str) -> ProcessItem:
        """The task of this kind, as soon as it is there."""
        found: list[ProcessItem] = []

        async def is_there() -> bool:
            found[:] = await self.items(process_id, code)
            return bool(found)

        await until(is_there)
        return found[0]

    async def items(self, process_id: UUID, code: str | None) -> list[ProcessItem]:
        """The process's items of one definition; ``None`` for its messages."""
        page = await self.kuflow.process_items.find(process_id=(process_id,), size=100)
        return [
            await self.kuflow.process_items.retrieve(item.id)
            for item in page.content
            if (item.process_item_definition_ref.code if item.process_item_definition_ref else None) == code
        ]

    async def fill_in(self, process_id: UUID, code: str, form: dict[str, Any]) -> None:
        """Claim a task, fill it in and complete it, as a person does."""
        task = await self.task(process_id, code)
        await self.person.process_items.claim(task.id)
        before = task.task.data.value if task.task and task.task.data else {}
        await self.person.process_items.update_data(task.id, JsonValue.of({**before, **form}))
        await self.person.process_items.complete(task.id)

    async def end(self, process_id: UUID) -> Process:
        """The process once it is over."""

        async def is_over() -> bool:
            return (await self.kuflow.processes.retrieve(process_id)).state is not ProcessState.RUNNING

        await until(is_over)
        return await self.kuflow.processes.retrieve(process_id)


def settings_of(info: dict[str, Any]) -> Settings:
    """What ``kurun run`` is configured with to serve the loans."""
    kuflow = info["kuflow"]
    return load(
        {
            "kuflow.endpoint": kuflow["endpoint"],
            "kuflow.client_id": kuflow["client_id"],
            "kuflow.client_secret": kuflow["client_secret"],
            "engine.address": info["engine"]["address"],
            "worker.task_queue": TASK_QUEUE,
            "worker.modules": MODULES,
        }
    ).settings


@pytest.fixture(scope="module")
async def bank(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bank]:
    """The example's definitions on a twin, and the daemon serving them."""
    options = TwinOptions(data_dir=tmp_path_factory.mktemp("bank"), definitions=example("definitions.yaml"))
    async with TwinServer(options) as twin:
        info = twin.info
        endpoint = info["kuflow"]["endpoint"]
        application, clerk = (BasicAuth(one["client_id"], one["client_secret"]) for one in clients(info))
        stop = asyncio.Event()
        serving = asyncio.create_task(daemon.run(settings_of(info), stop=stop))
        async with KuFlowClient(endpoint, auth=application) as kuflow, KuFlowClient(endpoint, auth=clerk) as person:
            yield Bank(info, kuflow, person)
        stop.set()
        await serving


def clients(info: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Credentials of the application and of the clerk."""
    return info["kuflow"], info["users"][0]


async def test_a_loan_within_the_limit_is_granted_without_an_approver(bank: Bank) -> None:
    """Form, conversion, contract, log, message and outcome: everything is there exactly once."""
    process_id = await bank.start()
    await bank.fill_in(process_id, "LOAN_APPLICATION", FORM)
    process = await bank.end(process_id)
    decision = (await bank.items(process_id, "LOAN_DECISION"))[0]
    messages = [item for item in await bank.items(process_id, None) if item.type is ProcessItemType.MESSAGE]

    assert process.state is ProcessState.COMPLETED
    assert process.metadata is not None
    assert process.metadata.value == {"applicant": "Ada", "outcome": "GRANTED"}
    assert await bank.items(process_id, "LOAN_APPROVAL") == []
    assert decision.task is not None
    assert decision.task.data is not None
    reasons = ["4000 EUR is 4000.00 EUR at 1, the rate of 2025-10-31", "within the limit"]
    assert decision.task.data.value["reasons"] == reasons
    assert [line.message for line in decision.task.logs or []] == reasons
    assert [item.message.text for item in messages if item.message] == [
        "Dear Ada, your loan was **granted**: within the limit."
    ]


async def test_the_contract_is_a_pdf_and_leaves_no_bytes_in_history(bank: Bank) -> None:
    """The contract is linked and can be downloaded; Temporal's history holds only its reference."""
    process_id = await bank.start()
    await bank.fill_in(process_id, "LOAN_APPLICATION", FORM)
    await bank.end(process_id)
    decision = (await bank.items(process_id, "LOAN_DECISION"))[0]
    assert decision.task is not None
    assert decision.task.data is not None
    file = KuFlowFile.parse(decision.task.data.value["contract"])
    async with bank.kuflow.processes.download_document(process_id, file.uri) as download:
        content = b"".join([chunk async for chunk in download.chunks])
    engine = await Client.connect(bank.info["engine"]["direct_address"], namespace=bank.info["engine"]["namespace"])
    history = (await engine.get_workflow_handle(str(process_id)).fetch_history()).to_json()

    assert content.startswith(b"%PDF-")
    assert len(content) == file.size
    assert "JVBER" not in history  # base64 of %PDF
    assert len(history) < 100_000


@pytest.mark.parametrize("decision", ["GRANTED", "REJECTED"])
async def test_above_the_limit_the_approver_decides(bank: Bank, decision: str) -> None:
    """A large loan waits for the approver, whose word is the outcome and stands in the reasons."""
    process_id = await bank.start()
    await bank.fill_in(process_id, "LOAN_APPLICATION", {**FORM, "amount": 30000, "currency": "USD"})
    approval = await bank.task(process_id, "LOAN_APPROVAL")
    await bank.fill_in(process_id, "LOAN_APPROVAL", {"decision": decision, "comment": "well known"})
    process = await bank.end(process_id)
    record = (await bank.items(process_id, "LOAN_DECISION"))[0]

    assert approval.task is not None
    assert approval.task.data is not None
    assert approval.task.data.value == {"applicant": "Ada", "euro": "25965.03"}
    assert process.metadata is not None
    assert process.metadata.value["outcome"] == decision
    assert record.task is not None
    assert record.task.data is not None
    assert record.task.data.value["reasons"][-1] == f"the approver says {decision}: well known"
    assert ("contract" in record.task.data.value) == (decision == "GRANTED")


async def test_an_unknown_currency_is_rejected_and_not_retried(bank: Bank) -> None:
    """The conversion's own error becomes a rejection with a reason."""
    process_id = await bank.start()
    await bank.fill_in(process_id, "LOAN_APPLICATION", {**FORM, "currency": "XAU"})
    process = await bank.end(process_id)
    record = (await bank.items(process_id, "LOAN_DECISION"))[0]

    assert process.metadata is not None
    assert process.metadata.value["outcome"] == "REJECTED"
    assert record.task is not None
    assert record.task.data is not None
    assert record.task.data.value == {"outcome": "REJECTED", "reasons": ["we do not lend in XAU"]}


async def test_invalid_data_cannot_be_completed_and_is_corrected(bank: Bank) -> None:
    """KuFlow keeps and flags it; the task stays open until the person corrects it."""
    process_id = await bank.start()
    task = await bank.task(process_id, "LOAN_APPLICATION")
    await bank.person.process_items.claim(task.id)
    flagged = await bank.person.process_items.update_data(task.id, JsonValue.of({**FORM, "amount": -1}))
    with pytest.raises(Conflict):
        await bank.person.process_items.complete(task.id)
    await bank.person.process_items.update_data(task.id, JsonValue.of(FORM))
    await bank.person.process_items.complete(task.id)
    process = await bank.end(process_id)

    assert flagged.task is not None
    assert flagged.task.data is not None
    assert flagged.task.data.valid is False
    assert process.metadata is not None
    assert process.metadata.value["outcome"] == "GRANTED"


async def test_a_waiting_loan_can_be_asked_and_cancelled(bank: Bank) -> None:
    """The query tells what it waits for; a cancelled process ends its workflow and its tasks."""
    process_id = await bank.start()
    task = await bank.task(process_id, "LOAN_APPLICATION")
    engine = await Client.connect(bank.info["engine"]["direct_address"], namespace=bank.info["engine"]["namespace"])
    waiting = await engine.get_workflow_handle(str(process_id)).query("waiting_for")
    await bank.kuflow.processes.cancel(process_id)
    process = await bank.end(process_id)
    cancelled = await bank.kuflow.process_items.retrieve(task.id)

    assert waiting == ["LOAN_APPLICATION"]
    assert process.state is ProcessState.CANCELLED
    assert cancelled.task is not None
    assert cancelled.task.state is ProcessItemTaskState.CANCELLED
