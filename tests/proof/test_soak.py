"""Hours of work in some minutes: tokens of seconds, certificates of minutes, a full cache, and a steady load.

``KURUN_SOAK_MINUTES`` says how long.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest

from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import ProcessItemType
from tests.processes import Dev, kurun
from tests.proof.conftest import HERE, Figure, proof_dev
from tests.proof.processes_of_twin import completed, items, log_lines, start
from tests.proof.soaking import Drift, Watch
from tests.worker_health import free_port

SECONDS = 60 * float(os.environ.get("KURUN_SOAK_MINUTES", "20"))
RATE = 5.0  # processes a second: about half of what two processors shared with the twin and Temporal do
TOKEN_LIFE, CERTIFICATE_LIFE = 10, 120
# More at once than the cache holds would be replayed again and again, and never caught up with.
CACHED, WAITING, CROWD = 100, 110, 30
CHECKED_AT_ONCE = 16
MOST_NEW_THREADS = 8  # pools fill when many things happen to come together; one for each renewal would be more
MIB = 1024**2


@pytest.mark.timeout(2 * SECONDS + 300)
async def test_a_soak_under_steady_load(tmp_path: Path, documents: Path, figure: Figure) -> None:
    """No growth, always ready, each credential renewed when due, no poll refused, each process done exactly once.

    More processes wait than the cache of workflows holds, and wake all the time: so it is full from the beginning, and
    workflows leave it and are replayed. Pools of threads and connections grow to the number of things at once: a crowd
    at the beginning fills them. Certificates of two minutes are renewed as often in 20 minutes as those of
    six in an hour.
    """
    (documents / "report.bin").write_bytes(random.Random(1).randbytes(4096))
    lives = ("--token-life", str(TOKEN_LIFE), "--certificate-life", str(CERTIFICATE_LIFE), "--delay-window", "30")
    async with proof_dev(tmp_path, *lives, "--quiet") as dev, dev.client() as kuflow:
        port = free_port()
        variables = dev.environment(
            task_queue="proof",
            modules=["tests.proof.served"],
            KURUN_DOCUMENTS_ROOTS=str(documents),
            KURUN_HEALTH_PORT=str(port),
            KURUN_WORKER_MAX_CACHED_WORKFLOWS=str(CACHED),
            # Temporal keeps a thread for each, and makes one only when none is free: with 100 that takes hours.
            KURUN_WORKER_MAX_CONCURRENT_WORKFLOW_TASKS="10",
        )
        log = tmp_path / "worker.log"
        async with kurun("run", log=log, environment=variables, folder=HERE.parents[1]) as worker:
            await worker.says('"event": "ready"')
            before = (await dev.figures())["counts"]
            watch = Watch(worker.pid, port, tmp_path / "samples.csv")
            waiting = await start(dev, kuflow, "WAIT", number=WAITING, metadata={"seconds": SECONDS})
            _, ids = await asyncio.gather(watch.run(SECONDS), steadily(dev, kuflow))
            figures = await dev.figures()
            await completed(kuflow, [*ids, *waiting], seconds=120)
            failed = await watch.total(
                "temporal_activity_execution_failed_total",
                "temporal_workflow_task_execution_failed_total",
                "temporal_workflow_failed_total",
            )
            evicted = await watch.total("temporal_sticky_cache_total_forced_eviction_total")
            code = await worker.stop()
        ended = (await dev.figures())["counts"]["workflows_completed"] - before.get("workflows_completed", 0)
        wrong = await not_exactly_once(kuflow, ids)

    memory, descriptors, threads = (
        Drift.of([float(getattr(each, name)) for each in watch.samples]) for name in ("rss", "descriptors", "threads")
    )
    unready = sum(each.ready != 200 for each in watch.samples)
    dead = sum(each.live != 200 for each in watch.samples)
    counted = {name: figures["counts"][name] - before[name] for name in ("engine_tokens", "engine_certificates")}
    figure("soak", f"{SECONDS / 60:g} min, {len(ids)} processes, {watch.load:.0%} of a processor", "about half")
    figure("workflows that left the full cache", f"{evicted:.0f}", "many")
    figure("memory after warm-up and at the end", f"{memory.first / MIB:.1f}, {memory.last / MIB:.1f} MiB", "+ < 5 %")
    figure("its growth, by medians and by a fitted line", f"{memory.growth:.1%}, {memory.fitted:.1%}", "< 5 %")
    for name, drift in (("open files", descriptors), ("threads", threads)):
        figure(f"{name} after warm-up and at the end", f"{drift.first:.0f}, {drift.last:.0f}", "flat")
    figure("looks at which it was not ready, not alive", f"{unready}, {dead} of {len(watch.samples)}", "0, 0")
    figure("tokens, certificates renewed", tuple(counted.values()), f"{due(TOKEN_LIFE)}, {due(CERTIFICATE_LIFE)}")
    figure("refused calls to the engine", figures["engine"]["refusals_total"], "0")
    figure("failed attempts", f"{failed:.0f}", "0")
    figure("processes not done exactly once", len(wrong), "0")
    assert len(watch.samples) > 0.9 * SECONDS
    assert len(ids) > 0.6 * RATE * SECONDS
    assert memory.growth < 0.05
    assert memory.fitted < 0.05
    assert abs(descriptors.last - descriptors.first) <= 5
    assert threads.last - threads.first <= MOST_NEW_THREADS
    assert (unready, dead) == (0, 0)
    assert counted["engine_tokens"] in due(TOKEN_LIFE)
    assert counted["engine_certificates"] in due(CERTIFICATE_LIFE)
    assert figures["engine"]["refusals"] == {}
    assert evicted > WAITING - CACHED
    assert failed == 0
    assert ended == len(ids) + WAITING
    assert wrong == []
    assert code == 0


def due(life: float) -> range:
    """How many renewals there are in time: one at each 40 to 50 percent of the life."""
    return range(int(SECONDS / (0.55 * life)), int(SECONDS / (0.38 * life)) + 2)


async def steadily(dev: Dev, kuflow: KuFlowClient) -> Sequence[UUID]:
    """Start a crowd of processes, and then others at an even pace; their ids.

    A machine that is busy with other things gets fewer: with more under way than the cache holds the worker would only
    replay, and this would no longer be the load that is meant.
    """
    done = (await dev.figures())["counts"].get("workflows_completed", 0)
    began, ids = time.monotonic(), await start(dev, kuflow, "SOAK", number=CROWD)
    number = CROWD
    while (late := time.monotonic() - began) < SECONDS:
        if number - CROWD > late * RATE:
            await asyncio.sleep((number - CROWD) / RATE - late)
        elif len(ids) - (await dev.figures())["counts"].get("workflows_completed", 0) + done > CROWD:
            number += 1  # one that is left out
            await asyncio.sleep(1 / RATE)
        else:
            ids += await start(dev, kuflow, "SOAK")
            number += 1
    return ids


async def not_exactly_once(kuflow: KuFlowClient, ids: Sequence[UUID]) -> list[str]:
    """Of these processes SOAK, those of which not everything exists exactly once."""
    turns = asyncio.Semaphore(CHECKED_AT_ONCE)

    async def fault(process_id: UUID) -> str | None:
        async with turns:
            found = await items(kuflow, process_id)
        kinds = Counter(item.type for item in found)
        data = next((item.task.data.value for item in found if item.task and item.task.data), {})
        right = Counter({ProcessItemType.TASK: 1, ProcessItemType.MESSAGE: 1})
        if kinds == right and log_lines(found) == ["a line"] and {"form", "document"} == data.keys():
            return None
        return f"{process_id}: {dict(kinds)}, {log_lines(found)}, {sorted(data)}"

    return [each for each in await asyncio.gather(*map(fault, ids)) if each is not None]
