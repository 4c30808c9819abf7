"""An engine that refuses every call for longer than Temporal's worker with fixed pollers bears it."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.proof.conftest import Figure, proof_dev, proof_worker
from tests.proof.processes_of_twin import completed, items, log_lines, start


@pytest.mark.timeout(420)
async def test_ninety_seconds_of_refused_polls(tmp_path: Path, documents: Path, figure: Figure) -> None:
    """The process lives on, recovers by itself and does the waiting work, beside activities that go on all the while.

    Temporal was seen to give up a worker with fixed pollers after 60 s. With ours, which scale, it goes on asking.
    """
    async with (
        proof_dev(tmp_path) as dev,
        proof_worker(dev, documents, log=tmp_path / "worker.log", WORKER_DRAIN_TIMEOUT="240") as worker,
        dev.client() as kuflow,
    ):
        await completed(kuflow, await start(dev, kuflow, "CREATE"), seconds=30)
        long = await start(dev, kuflow, "EFFECTS", metadata={"seconds": 150})
        async with asyncio.timeout(30):
            while worker.lines().count("proof_effect begins") < 20:
                await asyncio.sleep(0.05)
        await dev.steer("PUT", "/_twin/engine", {"refuse": 90})
        refused_until = asyncio.get_running_loop().time() + 90
        waiting = await start(dev, kuflow, "CREATE", number=3)
        await asyncio.sleep(refused_until - asyncio.get_running_loop().time())
        await completed(kuflow, waiting, seconds=60)
        recovered = asyncio.get_running_loop().time() - refused_until
        await completed(kuflow, long, seconds=240)
        effects = Counter(log_lines(await items(kuflow, long[0])))
        refusals = (await dev.figures())["engine"]["refusals_total"]

        figure("calls refused", refusals, "many, and no hot loop")
        figure("seconds from the end of the refusals until the waiting work was done", f"{recovered:.1f}", "< 35")
        assert worker.process.returncode is None
        assert recovered < 35
        assert effects == Counter(f"effect {number}" for number in range(20))
