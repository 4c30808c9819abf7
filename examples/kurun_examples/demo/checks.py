"""Whether a process really ended as its row expects: read back through the public API, not taken on trust."""

import asyncio
import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from kurun_clients.http import ApiError
from kurun_clients.kuflow import KuFlowClient, KuFlowFile, MalformedReference
from kurun_clients.kuflow.models import (
    ProcessItem,
    ProcessItemPageItem,
    ProcessItemTaskState,
    ProcessItemType,
    ProcessState,
)
from kurun_examples.demo.cases import Case
from kurun_examples.demo.figures import K2Figures
from kurun_examples.demo.people import APPLICATION, APPROVAL

DECISION: Final = "LOAN_DECISION"

_AT_ONCE: Final = 4


@dataclass
class Found:
    """What the processes hold together, counted through the API.

    Attributes:
        bytes: The sum over all documents.
        k2: What K2 holds, if it took part.
    """

    items: int = 0
    documents: int = 0
    bytes: int = 0
    log_lines: int = 0
    k2: K2Figures | None = None


async def check_all(cases: list[Case], kuflow: KuFlowClient) -> Found:
    """Add to each case's problems whatever is not as its row expects, and count what is there."""
    turns = asyncio.Semaphore(_AT_ONCE)
    found = Found()

    async def in_turn(case: Case) -> None:
        async with turns:
            try:
                await _check(case, kuflow, found)
            except ApiError as error:
                case.problems.append(f"could not be checked: {error}")

    await asyncio.gather(*(in_turn(case) for case in cases))
    return found


async def _check(case: Case, kuflow: KuFlowClient, found: Found) -> None:
    process = await kuflow.processes.retrieve(case.process_id)
    outcome = process.metadata.value.get("outcome") if process.metadata else None
    _expect(case, "the process", ProcessState.COMPLETED.value, process.state.value)
    _expect(case, "the outcome", case.application.outcome, outcome)
    items = (await kuflow.process_items.find(process_id=(case.process_id,), size=1000)).content
    counted = Counter(_kind(item) for item in items)
    for kind in (APPLICATION, DECISION, "MESSAGE"):
        _expect(case, f"the number of {kind}", 1, counted[kind])
    if counted[APPROVAL] > 1:
        case.problems.append(f"{counted[APPROVAL]} approvals")
    found.items += len(items)
    for item in items:
        await _check_item(case, kuflow, await kuflow.process_items.retrieve(item.id), found)


async def _check_item(case: Case, kuflow: KuFlowClient, item: ProcessItem, found: Found) -> None:
    if item.message is not None:
        if case.application.outcome.lower() not in (item.message.text or ""):
            case.problems.append("the message does not tell the outcome")
        return
    if item.task is None:
        return
    kind = _kind(item)
    _expect(case, kind, ProcessItemTaskState.COMPLETED.value, item.task.state.value)
    data = item.task.data.value if item.task.data else {}
    found.log_lines += len(item.task.logs or [])
    if kind == APPLICATION and case.application.attachment:
        digest = case.attachment_sha256
        await _check_document(case, kuflow, "the attachment", data.get("attachment"), found, sha256=digest)
    if kind == DECISION:
        _expect(case, "the log", data.get("reasons"), [line.message for line in item.task.logs or []])
        if case.application.outcome == "GRANTED":
            await _check_document(case, kuflow, "the contract", data.get("contract"), found)


async def _check_document(
    case: Case, kuflow: KuFlowClient, what: str, reference: Any, found: Found, *, sha256: str | None = None
) -> None:
    """Download a linked document: a contract has to be a PDF, an attachment what the person uploaded."""
    try:
        file = KuFlowFile.parse(str(reference))
    except MalformedReference:
        case.problems.append(f"{what} is not linked")
        return
    digest, size, beginning = hashlib.sha256(), 0, b""
    async with kuflow.processes.download_document(case.process_id, file.uri) as download:
        async for chunk in download.chunks:
            beginning = beginning or chunk[:5]
            digest.update(chunk)
            size += len(chunk)
    found.documents += 1
    found.bytes += size
    _expect(case, f"the size of {what}", file.size, size)
    if sha256 is None:
        _expect(case, f"the beginning of {what}", b"%PDF-", beginning)
    else:
        _expect(case, f"the content of {what}", sha256, digest.hexdigest())


def _expect(case: Case, what: str, expected: object, actual: object) -> None:
    if expected != actual:
        case.problems.append(f"{what}: expected {expected}, found {actual}")


def _kind(item: ProcessItemPageItem | ProcessItem) -> str:
    definition = item.process_item_definition_ref
    code = definition.code if definition else None
    return code or (item.type.value if item.type is ProcessItemType.MESSAGE else "?")
