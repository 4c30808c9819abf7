"""The bridge under replies that are lost, and a K2 and a KuFlow that are busy: nothing is done twice or left undone."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from kurun_activities.k2.folio import key_of
from kurun_clients.http import ApiError
from kurun_clients.k2.services import FieldFlags
from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import ProcessItem, ProcessItemTaskState, ProcessPageItem, ProcessState
from tests.processes import Dev
from tests.proof.conftest import Figure
from tests.proof.k2_people import amount, choice, complete_items, decide_in_k2
from tests.proof.k2_stage import (
    ASKED,
    BOB,
    SVC,
    account,
    history,
    k2_dev,
    k2_requests,
    k2_worker,
    services,
    start_loans,
)
from tests.proof.processes_of_twin import start

TASKS, APPROVALS = 500, 50

# Of all requests to KuFlow and K2, 5 % are answered with 503 and 10 % are carried out without an answer.
FAULTS = ({"status": 503, "probability": 0.05}, {"drop": "after", "probability": 0.1 / 0.95})


@dataclass
class Afterwards:
    """What KuFlow and K2 hold when all is done.

    Attributes:
        processes: Of KuFlow.
        items: The tasks in them, with their data.
        acted: Rows of K2's history: tasks that were acted on.
        started: Rows of K2's history: instances that were started.
        fields: Data fields of the mirrored instances in K2, by folio.
    """

    processes: list[ProcessPageItem]
    items: list[ProcessItem]
    acted: list[dict[str, Any]]
    started: list[dict[str, Any]]
    fields: dict[str, dict[str, str]]

    @property
    def approvals_started(self) -> Counter[str | None]:
        """How many instances were started with each business key."""
        return Counter(key_of(row["detail"]["folio"]) for row in self.started if key_of(row["detail"]["folio"]))


async def _all_completed(kuflow: KuFlowClient) -> None:
    while True:
        try:
            page = await kuflow.processes.find(size=1, state=[ProcessState.COMPLETED])
        except ApiError:
            continue
        if page.metadata.total_elements >= TASKS + APPROVALS:
            return
        await asyncio.sleep(0.5)


async def _work_under_faults(dev: Dev, log: Path, *, seconds: float) -> float:
    """Let the worker and the people do everything there is to do; the seconds that took."""
    done = asyncio.Event()
    await dev.misbehave(*FAULTS, seed=4711)
    async with (
        k2_worker(dev, {"WATCH_INTERVAL": "1"}, log=log),
        account(dev, BOB) as bob,
        dev.person() as ada,
        dev.client() as kuflow,
    ):
        began = time.monotonic()
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as people:
            people.create_task(complete_items(ada, until=done.is_set))
            people.create_task(decide_in_k2(bob, until=done.is_set))
            await _all_completed(kuflow)
            done.set()
        return time.monotonic() - began


async def _afterwards(dev: Dev, loans: Mapping[str, int]) -> Afterwards:
    async with dev.client() as kuflow, services(dev, BOB) as k2:
        items = [each async for each in kuflow.process_items.iterate(size=500) if each.task is not None]
        instances = {
            folio: await k2.process.retrieve(number, fields=FieldFlags(process_data=True))
            for folio, number in loans.items()
        }
        return Afterwards(
            processes=[each async for each in kuflow.processes.iterate(size=500)],
            items=[await kuflow.process_items.retrieve(each.id) for each in items],
            acted=await history(dev, "acted"),
            started=await history(dev, "started"),
            fields={folio: {each.name: each.value for each in found.data_fields} for folio, found in instances.items()},
        )


async def _ask(dev: Dev, kuflow: KuFlowClient) -> dict[UUID, str]:
    """Start the processes that ask K2; the folio of each, to which the business key is added."""
    asked = {}
    for number in range(APPROVALS):
        folio = f"Ask {number}"
        order = {"k2": {"workflowId": ASKED, "folio": folio, "dataFields": {"Amount": number}}}
        asked[(await start(dev, kuflow, "APPROVAL", metadata=order))[0]] = folio
    return asked


def _note(figure: Figure, requests: Mapping[str, Any], everything: Mapping[str, Any]) -> None:
    """Note how the twin misbehaved."""
    total = sum(each["total"] for each in requests.values())
    lost = sum(each["dropped"] for each in requests.values())
    busy = sum(each["by_status"].get("503", 0) for each in requests.values())
    figure("K2 requests", f"{total}, {lost / total:.1%} without an answer, {busy / total:.1%} 503", "10 %, 5 %")
    figure("requests to KuFlow and K2", everything["total"], "the same faults in all of them")
    changing = {name: requests[name]["dropped"] for name in ("Tasks_TaskCustomAction", "StartWorkflow")}
    figure("lost replies to actions and starts", changing, "> 0 each")
    assert all(changing.values())


def _outcomes(found: Afterwards) -> dict[str, str]:
    """What became of each approval, by its process: the decision that its item holds."""
    data = {str(item.process_id): item.task.data.value for item in found.items if item.task and item.task.data}
    return {process: value["k2"]["dataFields"]["Decision"] for process, value in data.items() if "k2" in value}


@pytest.mark.timeout(400)
async def test_five_hundred_tasks_and_fifty_approvals(tmp_path: Path, figure: Figure) -> None:
    """Each K2 task is acted on once, as the person chose; each item is closed; no instance is started twice."""
    async with k2_dev(tmp_path) as dev:
        loans = await start_loans(dev, range(TASKS))
        async with dev.client() as kuflow:
            asked = await _ask(dev, kuflow)
        took = await _work_under_faults(dev, tmp_path / "worker.log", seconds=300)
        requests = await k2_requests(dev)
        everything = (await dev.figures())["requests"]
        await dev.misbehave()
        found = await _afterwards(dev, loans)

    expected = {number: (SVC, choice(folio)) for folio, number in loans.items()}
    deeds = [(row["instance_id"], (row["who"], row["detail"]["action"])) for row in found.acted]
    mirrored = {number: deed for number, deed in deeds if number in expected}
    acted = Counter(row["serial"] for row in found.acted)
    states = Counter(item.task.state for item in found.items if item.task)
    per_process = Counter(item.process_id for item in found.items)
    decided = {"Approve": "approved", "Decline": "declined"}

    _note(figure, requests, everything)
    figure("seconds for 500 tasks and 50 approvals", f"{took:.0f}", "< 240")
    figure("K2 tasks acted on", f"{len(found.acted)}, most for one: {max(acted.values())}", "600, 1")
    figure(
        "mirrored tasks with the action that was chosen",
        sum(mirrored.get(each) == expected[each] for each in expected),
        "500",
    )
    figure("items of KuFlow", dict(states), "COMPLETED: 550")
    figure("processes of KuFlow", dict(Counter(each.state for each in found.processes)), "COMPLETED: 550")
    keys = found.approvals_started
    figure("business keys", f"{len(keys)}, most instances of one: {max(keys.values())}", "50, 1")

    assert expected == mirrored
    assert Counter(dict.fromkeys(acted, 1)) == acted
    assert TASKS + 2 * APPROVALS == len(found.acted)
    assert {folio: (str(amount(folio)), decided[choice(folio)]) for folio in loans} == {
        folio: (fields["Amount"], fields["Decision"]) for folio, fields in found.fields.items()
    }
    assert {ProcessItemTaskState.COMPLETED: TASKS + APPROVALS} == states
    assert Counter({each.id: 1 for each in found.processes}) == per_process
    assert {ProcessState.COMPLETED: TASKS + APPROVALS} == Counter(each.state for each in found.processes)
    assert Counter({str(process): 1 for process in asked}) == keys
    assert TASKS + APPROVALS == len(found.started)
    assert {str(process): decided[choice(folio)] for process, folio in asked.items()} == _outcomes(found)
    assert took < 240
