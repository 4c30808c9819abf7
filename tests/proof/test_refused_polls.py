"""An engine that refuses every call for longer than Temporal's worker bears it."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.proof.conftest import Figure, proof_dev, proof_worker
from tests.proof.processes_of_twin import completed, items, log_lines, start


@pytest.mark.timeout(420)
async def test_ninety_seconds_of_refused_polls(tmp_path: Path, documents: Path, figure: Figure) -> None:
    """Temporal gives the worker up after 60 s; the process lives on, recovers by itself and does the waiting work."""
    async with (
        proof_dev(tmp_path) as dev,
        proof_worker(dev, documents, log=tmp_path / "worker.log", WORKER_DRAIN_TIMEOUT="240") as worker,
        dev.client() as kuflow,
    ):
        await completed(kuflow, await start(dev, kuflow, "CREATE"), seconds=30)
        # Activities that go on all the while must not keep the next worker from serving.
        long = await start(dev, kuflow, "EFFECTS", metadata={"seconds": 150})
        async with asyncio.timeout(30):
            while worker.lines().count("proof_effect begins") < 20:
                await asyncio.sleep(0.05)
        await dev.steer("PUT", "/_twin/engine", {"refuse": 90})
        refused_until = asyncio.get_running_loop().time() + 90
        waiting = await start(dev, kuflow, "CREATE", number=3)
        await worker.says("the worker ended, connecting again", seconds=100)
        given_up = 90 - (refused_until - asyncio.get_running_loop().time())
        await worker.says('"event": "recovered"', seconds=120)
        recovered = asyncio.get_running_loop().time() - refused_until
        await completed(kuflow, waiting, seconds=60)
        served_beside = worker.lines().count("drains beside the next one")
        await completed(kuflow, long, seconds=240)
        effects = Counter(log_lines(await items(kuflow, long[0])))
        refusals = (await dev.figures())["engine"]["refusals_total"]

        figure("seconds of refusals until Temporal gave the worker up", f"{given_up:.0f}", "60 to 90")
        figure("calls refused", refusals, "many, and no hot loop")
        figure("seconds from the end of the refusals to recovery", f"{recovered:.1f}", "< 35")
        assert worker.process.returncode is None
        assert worker.lines().count("connecting to the engine fails") == 1
        assert recovered < 35
        assert served_beside == 1
        assert effects == Counter(f"effect {number}" for number in range(20))
