"""A twin and daemons in one process, for the tests of the worker."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.client import Client

from kurun_config import Settings
from kurun_twin.options import TwinOptions
from kurun_twin.twin_server import TwinServer
from kurun_worker import daemon
from kurun_worker.clock import SystemClock

SERVED = "tests.integration.worker_served"

# The sandbox imports it by that name.
sys.path.append(str(Path(__file__).parents[2]))


class HurriedClock(SystemClock):
    """Real time, but every wait is a tenth as long."""

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait shortly."""
        return await super().wait(event, seconds / 10)


@contextlib.asynccontextmanager
async def running_twin(folder: Path, **options: float) -> AsyncIterator[TwinServer]:
    """A twin whose options are given as in ``token_life=2.0``: numbers are seconds."""
    spans: dict[str, Any] = {name: timedelta(seconds=value) for name, value in options.items()}
    async with TwinServer(TwinOptions(folder / "twin", **spans)) as twin:
        yield twin


def settings_for(twin: TwinServer, *, task_queue: str | None = None, **worker: Any) -> Settings:
    """Settings of a worker for this twin, on a task queue of its own."""
    kuflow = twin.info["kuflow"]
    return Settings.model_validate(
        {
            "kuflow": {
                "endpoint": kuflow["endpoint"],
                "client_id": kuflow["client_id"],
                "client_secret": kuflow["client_secret"],
            },
            "engine": {"address": twin.info["engine"]["address"]},
            "worker": {"task_queue": task_queue or f"queue-{uuid4()}", "modules": SERVED, **worker},
        }
    )


async def direct_client(twin: TwinServer) -> Client:
    """A client that goes past the gateway."""
    return await Client.connect(twin.info["engine"]["direct_address"])


@contextlib.asynccontextmanager
async def running_daemon(settings: Settings) -> AsyncIterator[asyncio.Event]:
    """A daemon as ``kurun run`` runs it; setting the event drains it, and so does the end of the block."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(daemon.run(settings, stop=stop))
        try:
            yield stop
        finally:
            stop.set()


def counted(twin: TwinServer, name: str) -> int:
    """One of the twin's counters."""
    return int(twin.platform.figures.snapshot()["counts"].get(name, 0))


def refusals(twin: TwinServer) -> dict[str, Any]:
    """Calls that the gateway refused."""
    refused: dict[str, Any] = twin.platform.figures.snapshot()["engine"]["refusals"]
    return refused


@contextlib.asynccontextmanager
async def silent_port() -> AsyncIterator[int]:
    """A port that accepts connections and never says a word."""
    peers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: peers.append(writer), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for peer in peers:
            peer.close()
