"""What waiting tasks cost K2: one list an interval, however many there are."""

import asyncio
import time
from collections import Counter
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import ProcessItemTaskState
from tests.processes import Dev, Kurun
from tests.proof.conftest import Figure
from tests.proof.k2_stage import k2_dev, k2_requests, k2_worker, start_loans

LIST = "Tasks_Get"
INTERVAL, INTERVALS = 5, 4  # seconds, in which a busy machine can read a list of ten thousand
FEW, SOME, MANY = 10, 300, 10_000


async def _calls(dev: Dev) -> Counter[str]:
    return Counter({name: each["total"] for name, each in (await k2_requests(dev)).items()})


async def _at_a_list(dev: Dev, number: int) -> Counter[str]:
    """Wait until so many more lists have been given; all calls of K2 up to then."""
    wanted = (await _calls(dev))[LIST] + number
    while (now := await _calls(dev))[LIST] < wanted:
        await asyncio.sleep(0.02)
    return now


async def _calls_of_intervals(dev: Dev) -> tuple[Counter[str], float]:
    """The calls of some intervals, and the seconds that these took."""
    async with asyncio.timeout(20 * INTERVAL * INTERVALS):
        before, began = await _at_a_list(dev, 2), time.monotonic()
        after = await _at_a_list(dev, INTERVALS)
        return after - before, time.monotonic() - began


async def _shown(kuflow: KuFlowClient, number: int) -> None:
    """Wait until so many tasks are shown to people."""
    async with asyncio.timeout(120):
        while (
            await kuflow.process_items.find(size=1, task_state=ProcessItemTaskState.READY)
        ).metadata.total_elements < number:
            await asyncio.sleep(0.2)


@pytest.mark.timeout(400)
async def test_calls_for_ten_and_for_ten_thousand_tasks(tmp_path: Path, figure: Figure) -> None:
    """The calls of an interval are one list, for tasks that are mirrored and wait as for those that are only known.

    Ten thousand mirrors would take most of an hour to make; so ten thousand are known, and some hundred are mirrored.
    """
    measured: dict[str, tuple[Counter[str], float]] = {}
    async with k2_dev(tmp_path) as dev, dev.client() as kuflow:

        def worker(*, mirroring: bool) -> AbstractAsyncContextManager[Kurun]:
            settings = {"WATCH_INTERVAL": str(INTERVAL)}
            return k2_worker(dev, settings, log=tmp_path / "worker.log", mirroring=mirroring)

        await start_loans(dev, range(FEW))
        async with worker(mirroring=True):
            await _shown(kuflow, FEW)
            measured[f"{FEW} mirrored"] = await _calls_of_intervals(dev)
            await start_loans(dev, range(FEW, SOME))
            await _shown(kuflow, SOME)
            measured[f"{SOME} mirrored"] = await _calls_of_intervals(dev)
        await start_loans(dev, range(SOME, MANY))
        async with worker(mirroring=False):
            measured[f"{MANY} known"] = await _calls_of_intervals(dev)
        mirrors = (await kuflow.processes.find(size=0)).metadata.total_elements

        for name, (calls, seconds) in measured.items():
            figure(f"K2 calls in {INTERVALS} intervals, {name} tasks", dict(calls), f"{LIST}: {INTERVALS}")
            figure(f"seconds of an interval, {name} tasks", f"{seconds / INTERVALS:.2f}", f"{INTERVAL}")
        assert [{LIST: INTERVALS}] * len(measured) == [calls for calls, _ in measured.values()]
        assert all(seconds < 1.5 * INTERVAL * INTERVALS for _, seconds in measured.values())
        assert SOME == mirrors
