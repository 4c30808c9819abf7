"""Each dependency taken away from a running worker and given back: what it says, how soon, and that nothing is lost."""

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from kurun_clients.kuflow import KuFlowClient
from tests.processes import Dev, Kurun, kurun
from tests.proof.away import Answering, SmallDisk, mounts_are_allowed, name_server, temporal_of, with_names_from_here
from tests.proof.conftest import HERE, Figure, proof_dev
from tests.proof.processes_of_twin import completed, not_exactly_once, start
from tests.waiting import until
from tests.worker_health import Asked, asking, free_port

SOON = 15.0
AWAY = 20.0

own_mounts = pytest.mark.skipif(not mounts_are_allowed(), reason="mounts of its own need root and CAP_SYS_ADMIN")


class Watched:
    """A worker whose liveness is noted all the time.

    Args:
        asked: Answers for it.
        kurun: Its process.
    """

    def __init__(self, asked: Asked, kurun: Kurun) -> None:
        self.asked = asked
        self.kurun = kurun
        self.livez: list[int] = []

    async def look(self) -> None:
        """Note for ever."""
        while True:
            self.livez.append(await self.asked.status("/livez"))
            await asyncio.sleep(0.25)

    async def becomes_unready(self, name: str, *, seconds: float = 30) -> tuple[float, str]:
        """Wait until a condition does not hold; how long it took, and the reason."""
        began, reason = time.monotonic(), ""

        async def told() -> bool:
            nonlocal reason
            reason = (await self.asked.troubles()).get(name, "")
            return reason != ""

        await until(told, seconds=seconds)
        return time.monotonic() - began, reason

    async def becomes_ready(self, *, seconds: float = 90) -> float:
        """Wait until it is ready; how long it took."""
        began = time.monotonic()
        await until(self._is_ready, seconds=seconds)
        return time.monotonic() - began

    async def _is_ready(self) -> bool:
        return not await self.asked.troubles()


@contextlib.asynccontextmanager
async def watched_worker(
    dev: Dev, documents: Path, folder: Path, *, through: Sequence[str] = (), **settings: str
) -> AsyncIterator[Watched]:
    """``kurun run`` with its health served, ready when the block begins."""
    port = free_port()
    environment = dev.environment(
        task_queue="proof",
        modules=["tests.proof.served"],
        KURUN_DOCUMENTS_ROOTS=str(documents),
        KURUN_HEALTH_PORT=str(port),
        KURUN_HEALTH_MIN_FREE_DISK="1000000",
        **settings,
    )
    log = folder / "worker.log"
    async with (
        kurun("run", log=log, environment=environment, folder=HERE.parents[1], through=through) as running,
        asking(port) as asked,
    ):
        await running.says('"event": "ready"')
        watched = Watched(asked, running)
        looking = asyncio.create_task(watched.look())
        try:
            yield watched
        finally:
            looking.cancel()
            await asyncio.wait({looking})


@pytest.fixture
def report(documents: Path) -> Path:
    """The folder with the document that processes upload."""
    (documents / "report.bin").write_bytes(random.Random(1).randbytes(300_000))
    return documents


async def taken_away(
    worker: Watched,
    dev: Dev,
    kuflow: KuFlowClient,
    figure: Figure,
    *,
    what: str,
    condition: str,
    away: Callable[[], Awaitable[object] | None],
    back: Callable[[], Awaitable[object] | None],
) -> str:
    """Take something away for 20 seconds and give it back; processes begin before and meanwhile.

    Returns:
        The reason for which the worker was not ready.
    """
    ids = await start(dev, kuflow, "BUSY", number=4)
    await _done(away())
    gone_at = time.monotonic()
    seconds, reason = await worker.becomes_unready(condition)
    ids += await start(dev, kuflow, "BUSY", number=4)
    # The outage itself, not a wait for something.
    await asyncio.sleep(max(0.0, gone_at + AWAY - time.monotonic()))
    await _done(back())
    again = await worker.becomes_ready()
    await _nothing_lost(kuflow, ids, figure, what)

    figure(f"{what} taken away: seconds until not ready", f"{seconds:.1f}", f"< {SOON:g}")
    figure("  reason", reason, condition)
    figure("  given back: seconds until ready", f"{again:.1f}", "by itself")
    figure("  liveness", f"{len(worker.livez)} looks, {set(worker.livez)}", "{200}")
    assert seconds < SOON
    assert set(worker.livez) == {200}
    assert worker.kurun.process.returncode is None
    return reason


async def _done(result: Awaitable[object] | None) -> None:
    if result is not None:
        await result


async def _nothing_lost(kuflow: KuFlowClient, ids: Sequence[UUID], figure: Figure, what: str) -> None:
    await completed(kuflow, ids, seconds=120)
    wrong = await not_exactly_once(kuflow, ids)
    figure(f"{what}: processes with everything exactly once", f"{len(ids) - len(wrong)} of {len(ids)}", "all")
    assert wrong == []


@pytest.mark.timeout(240)
async def test_the_engine_falls_silent(tmp_path: Path, report: Path, figure: Figure) -> None:
    """The Temporal server stops answering, and goes on later where it stood."""
    async with (
        proof_dev(tmp_path) as dev,
        watched_worker(dev, report, tmp_path) as worker,
        dev.client() as kuflow,
    ):
        temporal = temporal_of(dev.kurun.pid)
        reason = await taken_away(
            worker,
            dev,
            kuflow,
            figure,
            what="engine",
            condition="engine",
            away=temporal.suspend,
            back=temporal.resume,
        )

    assert reason == f"the engine at {dev.info['engine']['address']} does not answer in time"


# Every request but those with which the test itself starts processes.
_WORKERS = "^(?!.*/processes$)"


@pytest.mark.parametrize(
    ("rule", "said"),
    [({"status": 503}, "answers with HTTP 503"), ({"drop": "before"}, "cannot be reached")],
    ids=["503", "dropped"],
)
@pytest.mark.timeout(240)
async def test_kuflow_serves_nobody(
    tmp_path: Path, report: Path, figure: Figure, rule: dict[str, object], said: str
) -> None:
    """Every request fails, or its connection is closed without a word."""
    async with (
        proof_dev(tmp_path) as dev,
        watched_worker(dev, report, tmp_path) as worker,
        dev.client() as kuflow,
    ):
        reason = await taken_away(
            worker,
            dev,
            kuflow,
            figure,
            what=f"KuFlow ({said})",
            condition="kuflow",
            away=lambda: dev.misbehave({"path": _WORKERS, **rule}),
            back=dev.misbehave,
        )

    assert reason.startswith(f"KuFlow: {dev.info['kuflow']['endpoint']} {said}")


@own_mounts
@pytest.mark.parametrize(
    ("behaviour", "said"),
    [(Answering.SILENT, "localhost: no answer for "), (Answering.DENIES, "localhost: does not resolve: ")],
    ids=["silent", "unknown"],
)
@pytest.mark.timeout(240)
async def test_names_are_known_no_more(
    tmp_path: Path, report: Path, figure: Figure, behaviour: Answering, said: str
) -> None:
    """The name server says nothing, which holds up a thread for long, or denies every name."""
    etc = tmp_path / "etc"
    etc.mkdir()
    async with (
        name_server() as names,
        proof_dev(tmp_path) as dev,
    ):
        endpoint = dev.info["kuflow"]["endpoint"].replace("127.0.0.1", "localhost")
        own = with_names_from_here(etc)
        async with (
            watched_worker(dev, report, tmp_path, through=own, KURUN_KUFLOW_ENDPOINT=endpoint) as worker,
            dev.client() as kuflow,
        ):
            reason = await taken_away(
                worker,
                dev,
                kuflow,
                figure,
                what=f"names ({behaviour.name.lower()})",
                condition="names",
                away=lambda: setattr(names, "behaviour", behaviour),
                back=lambda: setattr(names, "behaviour", Answering.KNOWS),
            )

    assert reason.startswith(said)
    assert names.questions > 0


@own_mounts
@pytest.mark.timeout(240)
async def test_a_full_disk(tmp_path: Path, documents: Path, figure: Figure) -> None:
    """The folder of documents has not a byte left."""
    disk = SmallDisk(documents, tmp_path / "words")
    async with proof_dev(tmp_path) as dev, dev.client() as kuflow:
        try:
            async with watched_worker(dev, documents, tmp_path, through=disk.through) as worker:
                reason = await taken_away(
                    worker,
                    dev,
                    kuflow,
                    figure,
                    what="disk space",
                    condition="disk",
                    away=disk.fill,
                    back=disk.free,
                )
        finally:
            disk.end()

    assert reason == f"documents.roots: {documents}: cannot be written: No space left on device"


@pytest.mark.timeout(300)
async def test_the_whole_platform_is_gone(tmp_path: Path, report: Path, figure: Figure) -> None:
    """KuFlow and the engine are killed at the same moment and started again later, at the same addresses."""
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(proof_dev(tmp_path))
        worker = await stack.enter_async_context(watched_worker(first, report, tmp_path))
        async with first.client() as kuflow:
            ids = await start(first, kuflow, "BUSY", number=4)
        await first.kurun.stop(signal.SIGKILL)
        gone_at = time.monotonic()
        engine, engine_reason = await worker.becomes_unready("engine")
        api, api_reason = await worker.becomes_unready("kuflow")
        await asyncio.sleep(max(0.0, gone_at + AWAY - time.monotonic()))
        (tmp_path / "info.json").unlink()
        second = await stack.enter_async_context(proof_dev(tmp_path))
        again = await worker.becomes_ready()
        async with second.client() as kuflow:
            ids += await start(second, kuflow, "BUSY", number=4)
            await _nothing_lost(kuflow, ids, figure, "platform")
        livez = set(worker.livez)
        await worker.kurun.stop()

        figure("platform killed: seconds until not ready", f"{engine:.1f}, {engine + api:.1f}", f"< {SOON:g}")
        figure("  reasons", f"{engine_reason} / {api_reason}", "engine / kuflow")
        figure("  started again: seconds until ready", f"{again:.1f}", "by itself")
        assert second.info["engine"]["address"] == first.info["engine"]["address"]
        assert engine + api < SOON
        assert "cannot be reached" in api_reason
        assert livez == {200}


@pytest.mark.timeout(240)
async def test_a_blocked_event_loop(tmp_path: Path, report: Path, figure: Figure) -> None:
    """An activity holds the loop up for 25 seconds: liveness ends meanwhile and no sooner, and then all goes on."""
    async with (
        proof_dev(tmp_path) as dev,
        watched_worker(dev, report, tmp_path) as worker,
        dev.client() as kuflow,
    ):
        ids = await start(dev, kuflow, "BUSY", number=4)
        blocking = await start(dev, kuflow, "BLOCK", metadata={"seconds": 25})
        began = time.monotonic()
        await until(lambda: 503 in worker.livez)
        seconds = time.monotonic() - began
        (reason,) = (await worker.asked.troubles("/livez")).values()
        ids += await start(dev, kuflow, "BUSY", number=4)
        await until(lambda: worker.livez[-1] == 200)
        blocked = time.monotonic() - began
        again = await worker.becomes_ready()
        await completed(kuflow, blocking, seconds=60)
        await _nothing_lost(kuflow, ids, figure, "blocked loop")

        figure("event loop blocked: seconds until not alive", f"{seconds:.1f}", f"< {SOON:g}")
        figure("  reason", reason, "the event loop has not turned")
        figure("  seconds until alive again", f"{blocked:.1f}", "25 and little more")
        figure("  seconds from then until ready", f"{again:.1f}", "by itself")
        assert seconds < SOON
        assert reason.startswith("the event loop has not turned for 10.")
        assert set(worker.livez) == {200, 503}
