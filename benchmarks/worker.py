"""What a worker carries and needs: ``python -m benchmarks.worker [--short]`` from the project's folder.

The worker, the twin and a real Temporal server share this machine. Rates are therefore those of all of them together;
processor time and memory are of the worker's process alone.
"""

import argparse
import asyncio
import contextlib
import os
import tempfile
import time
from pathlib import Path

from benchmarks import loads, served
from benchmarks.loads import MIB
from tests.processes import Dev, kurun_dev

from kurun_clients.kuflow import KuFlowClient

SANDBOX = {"with the sandbox": "true", "without it": "false"}


class Bench:
    """One run.

    Args:
        dev: The twin.
        kuflow: Its API.
        size: 1 for a whole run, less for a shorter one.
    """

    def __init__(self, dev: Dev, kuflow: KuFlowClient, size: float) -> None:
        self._dev = dev
        self._kuflow = kuflow
        self._size = size

    async def run(self) -> None:
        """Measure and print everything."""
        print(f"{os.cpu_count()} processors, shared with the twin and Temporal")
        await self.idle()
        for name, sandbox in SANDBOX.items():
            async with loads.worker(
                self._dev, f"sandbox-{sandbox}", WORKER_SANDBOX=sandbox, WORKER_MAX_CACHED_WORKFLOWS="2000"
            ) as running:
                self.running = running
                await self.cached(name)
                await self.work(name)
        await self.uploads()

    async def idle(self) -> None:
        """Memory of workers that do nothing."""
        twin = Path(self._dev.info["data_dir"]).parent
        kinds: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
            "no modules": ((), {}),
            "the loan example": (loads.LOANS, {}),
            "the same, robots enabled": (loads.LOANS, {"ROBOTS_ENABLED": "true", "ROBOTS_HOME": str(twin / "robots")}),
            "the same, K2 instead": (
                loads.LOANS,
                {"K2_ENDPOINT": "http://127.0.0.1:9/v1", "K2_USER": "someone", "K2_PASSWORD": "secret"},
            ),
        }
        async with contextlib.AsyncExitStack() as stack:
            started = {
                name: await stack.enter_async_context(
                    loads.worker(self._dev, f"idle-{number}", modules=modules, **more)
                )
                for number, (name, (modules, more)) in enumerate(kinds.items())
            }
            await asyncio.sleep(2)
            for name, running in started.items():
                line(f"memory when idle: {name}", f"{loads.memory(running) / MIB:.0f} MiB")

    async def cached(self, name: str) -> None:
        """Memory of workflows that wait; before the worker has memory to spare from other work."""
        each = await loads.cached(self._dev, self._kuflow, self.running, int(300 * self._size))
        line(f"memory of 1000 waiting loans in the cache, {name}", f"{each * 1000 / MIB:.0f} MiB")

    async def work(self, name: str) -> None:
        """Processor time and rates of one worker, and with the sandbox how long an activity takes at half of that."""
        dev, kuflow, size = self._dev, self._kuflow, self._size
        await loads.run(dev, kuflow, "ACTIVITIES", 1)
        await loads.turns(dev, kuflow, 2)
        await loads.run(dev, kuflow, "STEPS", 10)
        await loads.loans(dev, kuflow, 5)
        async with loads.costing(self.running) as cost:
            await loads.run(dev, kuflow, "ACTIVITIES", number := int(10 * size))
        self.told(f"1000 activities that ask KuFlow, {name}", cost(), number * served.ACTIVITIES)
        async with loads.costing(self.running) as cost:
            await loads.turns(dev, kuflow, number := int(20 * size))
        self.told(f"1000 workflow tasks, {name}", cost(), number * served.TASKS)
        async with loads.costing(self.running) as cost:
            await loads.loans(dev, kuflow, number := int(60 * size))
        self.told(f"1000 loans, {name}", cost(), number)
        async with loads.costing(self.running) as cost:
            await loads.run(dev, kuflow, "STEPS", number := int(100 * size))
        self.told(f"1000 processes of {served.STEPS} calls, {name}", cost(), number)
        rate = number / cost().wall / 2
        late = await loads.steadily(dev, kuflow, rate=rate, seconds=10 * size)
        p50, p99 = (loads.percentile(late, part) for part in (50, 99))
        line(f"an activity that asks KuFlow, half load, {name}", f"p50 {p50:.0f} ms, p99 {p99:.0f} ms")

    def told(self, what: str, cost: loads.Cost, number: int) -> None:
        """Print what a load cost."""
        line(what, f"{cost.cpu / number * 1000:.1f} s CPU, {number / cost.wall:.0f}/s, {cost.cpu / cost.wall:.0%} CPU")

    async def uploads(self) -> None:
        """Memory of uploads."""
        folder = Path(self._dev.info["data_dir"]).parent / "documents"
        folder.mkdir()
        with (folder / "large.bin").open("wb") as large:
            for _ in range(max(1, int(16 * self._size))):
                large.write(os.urandom(MIB))
        async with loads.worker(self._dev, "uploads", DOCUMENTS_ROOTS=str(folder)) as running:
            await loads.run(self._dev, self._kuflow, "STEPS", 10)
            each, at_once = await loads.uploads(self._dev, self._kuflow, running)
        line(f"memory of an upload, {at_once} at once", f"{each / MIB:.1f} MiB")


def line(what: str, value: str) -> None:
    """Print a row of the table."""
    print(f"{what:70} {value}", flush=True)


async def measure(size: float) -> None:
    """Start the twin, and measure."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        definitions = Path(folder) / "definitions.yaml"
        definitions.write_text(loads.definitions())
        async with kurun_dev(Path(folder), "--quiet", definitions=definitions) as dev, dev.client() as kuflow:
            await Bench(dev, kuflow, size).run()
    print(f"took {time.monotonic() - began:.0f} s")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description="What a worker carries and needs.")
    options.add_argument("--short", action="store_true", help="a third of the work, for a first impression")
    asyncio.run(measure(0.3 if options.parse_args().short else 1.0))


if __name__ == "__main__":
    main()
