"""Workers that are told to stop and workers that are killed."""

import asyncio
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from kurun_clients.kuflow.models import ProcessItemType
from tests.processes import Dev
from tests.proof.conftest import Figure, proof_dev, proof_worker
from tests.proof.processes_of_twin import completed, items, log_lines, start


async def _all_running(log: Path) -> None:
    async with asyncio.timeout(30):
        while log.read_text().count("proof_effect begins") < 20:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(("work", "drain"), [(3, 20), (8, 2)], ids=["all finish", "handed back"])
@pytest.mark.timeout(120)
async def test_sigterm_in_the_middle_of_twenty_activities(
    tmp_path: Path, documents: Path, figure: Figure, work: int, drain: int
) -> None:
    """Every activity finishes or is handed back to the next worker; each has its effect once; exit 0 in time."""
    async with proof_dev(tmp_path) as dev, dev.client() as kuflow:
        log = tmp_path / "first.log"
        async with proof_worker(dev, documents, log=log, WORKER_DRAIN_TIMEOUT=str(drain)) as worker:
            ids = await start(dev, kuflow, "EFFECTS", metadata={"seconds": work})
            await _all_running(log)
            began = time.monotonic()
            code = await worker.stop(signal.SIGTERM)
            took = time.monotonic() - began
        at_exit = len(log_lines(await items(kuflow, ids[0])))
        async with proof_worker(dev, documents, log=tmp_path / "second.log"):
            await completed(kuflow, ids, seconds=60)
        effects = Counter(log_lines(await items(kuflow, ids[0])))

        figure(f"SIGTERM, {work} s of work, {drain} s to drain: exit code", code, "0")
        figure("seconds to exit", f"{took:.1f}", f"< {drain + 3}")
        figure("activities finished at exit", f"{at_exit} of 20", "20, or the rest handed back")
        figure("effects afterwards", f"{effects.total()}, most of one: {max(effects.values())}", "20, 1")
        assert code == 0
        assert took < drain + 3
        assert effects == Counter(f"effect {number}" for number in range(20))


async def _writes(dev: Dev) -> int:
    operations = (await dev.figures())["requests"]["by_operation"]
    return sum(
        each["total"] for name, each in operations.items() if not name.startswith(("find", "retrieve", "create"))
    )


@pytest.mark.timeout(240)
async def test_sigkill_while_it_writes(tmp_path: Path, documents: Path, figure: Figure) -> None:
    """Killed six times while it creates, logs, uploads and links: afterwards everything exists exactly once."""
    (documents / "report.bin").write_bytes(random.Random(1).randbytes(300_000))
    async with proof_dev(tmp_path) as dev, dev.client() as kuflow:
        # Slow enough that a kill meets requests on their way, before and after they acted.
        await dev.misbehave({"method": "POST", "path": "process", "delay_ms": 30})
        ids = await start(dev, kuflow, "BUSY", number=10)
        written = [await _writes(dev)]
        for number in range(6):
            async with proof_worker(dev, documents, log=tmp_path / f"killed-{number}.log") as worker:
                while (now := await _writes(dev)) < written[-1] + 7 + 3 * number:
                    await asyncio.sleep(0.01)
                await worker.stop(signal.SIGKILL)
            written.append(now)
        async with proof_worker(dev, documents, log=tmp_path / "last.log"):
            await completed(kuflow, ids, seconds=150)
        wrong = []
        for each in ids:
            found = await items(kuflow, each)
            tasks = [item for item in found if item.type is ProcessItemType.TASK]
            data = tasks[0].task.data if tasks and tasks[0].task else None
            linked = data.value.get("documents", []) if data else []
            if (
                Counter(item.type for item in found) != Counter({ProcessItemType.TASK: 1, ProcessItemType.MESSAGE: 1})
                or Counter(log_lines(found)) != Counter(f"line {number}" for number in range(5))
                or len(linked) != 5
                or len(set(linked)) != 5
            ):
                wrong.append((each, len(found), log_lines(found), len(linked)))

        figure("writes that the twin had seen at each kill", written[1:], "growing")
        figure("processes with everything exactly once after 6 kills", f"{len(ids) - len(wrong)} of {len(ids)}", "all")
        assert wrong == []
