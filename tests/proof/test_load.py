"""What one worker does at once, and what a large document costs its neighbours."""

import asyncio
import random
import time
from pathlib import Path

import psutil
import pytest

from tests.proof.conftest import Figure, proof_dev, proof_worker
from tests.proof.processes_of_twin import completed, items, start

MIB = 1024**2


@pytest.mark.timeout(120)
async def test_two_hundred_items_against_a_slow_api(tmp_path: Path, documents: Path, figure: Figure) -> None:
    """200 items created by 10 workflows against an API that takes 100 ms each: in parallel, within 5 seconds."""
    async with (
        proof_dev(tmp_path) as dev,
        proof_worker(dev, documents, log=tmp_path / "worker.log"),
        dev.client() as kuflow,
    ):
        await completed(kuflow, await start(dev, kuflow, "CREATE"), seconds=30)  # warm
        await dev.misbehave({"method": "POST", "path": "/process-items$", "delay_ms": 100})
        before = (await dev.figures())["requests"]["by_operation"]["createProcessItem"]["total"]
        began = time.monotonic()
        ids = await start(dev, kuflow, "CREATE", number=10)
        await completed(kuflow, ids, seconds=60)
        took = time.monotonic() - began
        operation = (await dev.figures())["requests"]["by_operation"]["createProcessItem"]

        figure("200 createProcessItem at 100 ms each", f"{took:.2f} s", "< 5 s")
        figure("most requests at once", operation["most_at_once"], "> 30")
        assert operation["total"] - before == 200
        assert took < 5
        assert operation["most_at_once"] > 30


@pytest.mark.timeout(300)
async def test_a_large_upload(tmp_path: Path, documents: Path, figure: Figure) -> None:
    """A 512 MiB upload costs the worker less than 32 MiB, and a small activity beside it less than 20 ms."""
    block = random.Random(1).randbytes(MIB)
    with (documents / "large.bin").open("wb") as large:
        for _ in range(512):
            large.write(block)
    (documents / "report.bin").write_bytes(bytes(MIB))
    async with (
        proof_dev(tmp_path) as dev,
        proof_worker(dev, documents, log=tmp_path / "worker.log") as worker,
        dev.client() as kuflow,
    ):
        await completed(
            kuflow, await start(dev, kuflow, "BUSY"), seconds=30
        )  # warm: every module loaded, every pool filled
        memory = psutil.Process(worker.pid).memory_info
        before = memory().rss
        ids = await start(dev, kuflow, "UPLOAD")
        finished = asyncio.create_task(completed(kuflow, ids, seconds=200))
        most = before
        while not finished.done():
            most = max(most, memory().rss)
            await asyncio.sleep(0.05)
        await finished
        alone, beside = [
            float(late)
            for item in await items(kuflow, ids[0])
            if item.message and item.message.text
            for late in item.message.text.split()
        ]

        figure("memory growth at a 512 MiB upload", f"{(most - before) / MIB:.1f} MiB", "< 32 MiB")
        figure("latest turn of a small activity", f"{beside:.1f} ms, {alone:.1f} ms without the upload", "+ < 20 ms")
        assert most - before < 32 * MIB
        assert beside - alone < 20
