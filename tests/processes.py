"""``kurun`` as processes: started as a user starts them, ended by their own id."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil

from kurun_clients.kuflow import BasicAuth, KuFlowClient

READY_SECONDS = 60


@dataclass
class Kurun:
    """A running ``kurun`` command.

    Attributes:
        process: The process; its standard error goes to ``log``.
        log: What it wrote, as it grows.
    """

    process: asyncio.subprocess.Process
    log: Path

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def lines(self) -> str:
        """All it has written up to now."""
        return self.log.read_text()

    async def says(self, text: str, *, seconds: float = READY_SECONDS) -> None:
        """Wait until it has written ``text``."""
        async with asyncio.timeout(seconds):
            while text not in self.lines():
                if self.process.returncode is not None:
                    raise AssertionError(f"kurun ended with {self.process.returncode}:\n{self.lines()}")
                await asyncio.sleep(0.05)

    async def stop(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = 60) -> int:
        """Send a signal and wait for the end; the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(seconds):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def kurun(
    *arguments: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    through: Sequence[str] = (),
    stdin: int = asyncio.subprocess.DEVNULL,
) -> AsyncIterator[Kurun]:
    """Run ``kurun ARGUMENTS`` until the block ends.

    Args:
        arguments: The command and its options.
        log: Where its output goes.
        environment: Variables beside the inherited ones.
        folder: Where it runs.
        through: A command that ends by executing the one that follows it.
        stdin: File descriptor to read from.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("KURUN_", "TEMPORAL_"))}
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *through,
            sys.executable,
            "-m",
            "kurun_worker",
            *arguments,
            stdin=stdin,
            stdout=output,
            stderr=output,
            cwd=folder or log.parent,
            env={**inherited, **(environment or {})},
        )
    running = Kurun(process, log)
    try:
        yield running
    finally:
        if process.returncode is None:
            await running.stop(signal.SIGKILL)


@dataclass
class Dev:
    """A running ``kurun dev``.

    Attributes:
        kurun: Its process.
        info: What it wrote to ``--info``: addresses and credentials.
    """

    kurun: Kurun
    info: dict[str, Any]

    def client(self) -> KuFlowClient:
        """The API as the application sees it."""
        kuflow = self.info["kuflow"]
        return KuFlowClient(kuflow["endpoint"], auth=BasicAuth(kuflow["client_id"], kuflow["client_secret"]))

    def person(self, number: int = 0) -> KuFlowClient:
        """The API as one of the people sees it."""
        user = self.info["users"][number]
        return KuFlowClient(self.info["kuflow"]["endpoint"], auth=BasicAuth(user["client_id"], user["client_secret"]))

    async def figures(self) -> dict[str, Any]:
        """What the twin has counted since its start."""
        counted: dict[str, Any] = (await self.steer("GET", "/_twin/figures")).json()
        return counted

    async def misbehave(self, *rules: Mapping[str, Any], seed: int = 0) -> None:
        """Put rules of misbehaviour in force; none: behave."""
        await self.steer("PUT", "/_twin/scenario", {"rules": list(rules), "seed": seed})

    async def steer(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        """Call one of the twin's own operations."""
        kuflow = self.info["kuflow"]
        address = httpx2.URL(kuflow["endpoint"]).join(path)
        async with httpx2.AsyncClient(auth=(kuflow["client_id"], kuflow["client_secret"])) as client:
            return (await client.request(method, address, json=body)).raise_for_status()

    def environment(self, *, task_queue: str, modules: Sequence[str], **more: str) -> dict[str, str]:
        """The variables with which ``kurun run`` serves this twin."""
        kuflow = self.info["kuflow"]
        return {
            "KURUN_KUFLOW_ENDPOINT": kuflow["endpoint"],
            "KURUN_KUFLOW_CLIENT_ID": kuflow["client_id"],
            "KURUN_KUFLOW_CLIENT_SECRET": kuflow["client_secret"],
            "KURUN_ENGINE_ADDRESS": self.info["engine"]["address"],
            "KURUN_WORKER_TASK_QUEUE": task_queue,
            "KURUN_WORKER_MODULES": ",".join(modules),
            **more,
        }


@contextlib.asynccontextmanager
async def kurun_dev(folder: Path, *options: str, definitions: Path | None = None) -> AsyncIterator[Dev]:
    """Run ``kurun dev`` with its data in ``folder`` and wait until it is ready."""
    folder.mkdir(parents=True, exist_ok=True)
    info = folder / "info.json"
    arguments = ["dev", "--data", str(folder / "data"), "--info", str(info), "--no-ui", *options]
    if definitions is not None:
        arguments += ["--definitions", str(definitions)]
    async with kurun(*arguments, log=folder / "dev.log") as running:
        async with asyncio.timeout(READY_SECONDS):
            while not info.exists():
                if running.process.returncode is not None:
                    raise AssertionError(f"kurun dev ended with {running.process.returncode}:\n{running.lines()}")
                await asyncio.sleep(0.05)
        yield Dev(running, json.loads(info.read_text()))
        await running.stop()


def alive(process: psutil.Process) -> bool:
    """Whether a process still does anything; one that nobody has fetched the end of does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
