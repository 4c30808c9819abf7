"""Watching a worker under a steady load: what it says of itself, and what the machine says of its process."""

import asyncio
import csv
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import aiohttp
import psutil

from tests.worker_health import Asked

WARMING = 0.2
"""Part of the samples that is left out of every comparison."""

_ENDS = 10
_EVERY = 1.0
_METRICS_EVERY = 15


@dataclass(frozen=True)
class Sample:
    """One look at a worker.

    Attributes:
        seconds: Since the first one.
        ready: Status of ``/readyz``.
        live: Status of ``/livez``.
        rss: Bytes of memory of the worker's process.
        descriptors: Its open files and connections.
        threads: Its threads.
        cpu: Its processor time in seconds, since its start.
    """

    seconds: float
    ready: int
    live: int
    rss: int
    descriptors: int
    threads: int
    cpu: float


@dataclass(frozen=True)
class Drift:
    """How a figure went on after the warm-up.

    Attributes:
        first: Median of the first tenth.
        last: Median of the last tenth.
        fitted: What a straight line through all of it gains from its beginning to its end, as a part of the beginning.
    """

    first: float
    last: float
    fitted: float

    @property
    def growth(self) -> float:
        """What the last tenth has more than the first, as a part of it."""
        return self.last / self.first - 1

    @classmethod
    def of(cls, values: Sequence[float]) -> "Drift":
        """Of the values of all samples, in order."""
        steady = values[int(len(values) * WARMING) :]
        tenth = max(1, len(steady) // _ENDS)
        slope, start = statistics.linear_regression(range(len(steady)), steady)
        return cls(
            statistics.median(steady[:tenth]), statistics.median(steady[-tenth:]), slope * (len(steady) - 1) / start
        )


class Watch:
    """Looks at a worker every second, and reads its metrics as Prometheus would.

    Args:
        pid: The worker's process.
        port: Where its health is served.
        table: File to which the samples go, as CSV.
    """

    def __init__(self, pid: int, port: int, table: Path) -> None:
        self._process = psutil.Process(pid)
        self._port = port
        self._table = table
        self.samples: list[Sample] = []

    async def run(self, seconds: float) -> None:
        """Look for so long."""
        began = time.monotonic()
        async with aiohttp.ClientSession() as session:
            asked = Asked(session, self._port)
            while (now := time.monotonic() - began) < seconds:
                self.samples.append(await self._look(asked, now))
                if len(self.samples) % _METRICS_EVERY == 0:
                    assert await asked.status("/metrics") == 200
                await asyncio.sleep(max(0.0, began + _EVERY * len(self.samples) - time.monotonic()))
        with self._table.open("w", newline="") as table:
            writer = csv.writer(table)
            writer.writerow(each.name for each in fields(Sample))
            writer.writerows(astuple(each) for each in self.samples)

    async def total(self, *names: str) -> float:
        """What these counters of ``/metrics`` add up to, over all their labels."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self._port}/metrics") as answer,
        ):
            text = await answer.text()
        lines = re.findall(rf"^(?:{'|'.join(names)})(?:\{{[^\n]*\}})? (\S+)$", text, re.MULTILINE)
        return sum(float(each) for each in lines)

    @property
    def load(self) -> float:
        """Part of one processor that the worker used."""
        first, last = self.samples[0], self.samples[-1]
        return (last.cpu - first.cpu) / (last.seconds - first.seconds)

    async def _look(self, asked: Asked, now: float) -> Sample:
        ready, live = await asyncio.gather(asked.status("/readyz"), asked.status("/livez"))
        with self._process.oneshot():
            times = self._process.cpu_times()
            return Sample(
                round(now, 2),
                ready,
                live,
                self._process.memory_info().rss,
                self._process.num_fds(),
                self._process.num_threads(),
                times.user + times.system,
            )
