"""A twin, a worker of ours and a worker of the published SDK, for the whole of this suite."""

import asyncio
import contextlib
import json
import os
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from tests.interop.parts import CODES, Answers, Parts
from tests.interop.virtual_environment import ROOT, UnavailableError, published_python
from tests.processes import Dev, Kurun, kurun, kurun_dev

HERE = Path(__file__).parent
TOKEN_LIFE = 6
TOKEN_GRACE = 5
"""The published worker renews a token only when it has ended; without grace what it says in between would be lost."""
FIGURES: list[str] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures."""
    if FIGURES:
        terminalreporter.section("interoperability")
        for line in FIGURES:
            terminalreporter.write_line(line)


@dataclass
class Published:
    """Runs modules of ``tests.interop.published`` with the Python that has the published packages."""

    python: Path
    info: Path

    @contextlib.asynccontextmanager
    async def run(self, module: str, log: Path) -> AsyncIterator[Kurun]:
        """Run one until the block ends."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                self.python,
                "-m",
                f"tests.interop.published.{module}",
                self.info,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=ROOT,
                env={name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ},
            )
        running = Kurun(process, log)
        try:
            yield running
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs and the twin's data."""
    return tmp_path_factory.mktemp("interop")


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python that has the published packages."""
    try:
        return published_python()
    except UnavailableError as error:
        pytest.skip(f"the published KuFlow packages cannot be installed: {error}")


@pytest.fixture(scope="session")
async def dev(folder: Path) -> AsyncIterator[Dev]:
    """A twin whose engine tokens live for seconds."""
    definitions = folder / "definitions.yaml"
    definitions.write_text((HERE / "definitions.yaml").read_text())
    with zipfile.ZipFile(folder / "robot.zip", "w") as package:
        package.writestr("kubot.yaml", "operations: []")
    (folder / "python.bin").write_bytes(b"python")
    spans = ("--token-life", str(TOKEN_LIFE), "--token-grace", str(TOKEN_GRACE))
    async with kurun_dev(folder / "twin", *spans, definitions=definitions) as running:
        yield running


@pytest.fixture(scope="session")
def published(python: Path, dev: Dev) -> Published:
    """Runs what is written on the published SDK."""
    return Published(python, dev.kurun.log.with_name("info.json"))


@pytest.fixture(scope="session")
async def published_worker(published: Published, folder: Path) -> AsyncIterator[Kurun]:
    """Serves the queue ``published``."""
    async with published.run("worker", folder / "published.log") as running:
        await running.says("Registered worker")
        yield running


@pytest.fixture(scope="session")
async def our_worker(dev: Dev, folder: Path) -> AsyncIterator[Kurun]:
    """``kurun run`` serving the queue ``ours``."""
    variables = dev.environment(task_queue="ours", modules=["tests.interop.served"])
    async with kurun("run", log=folder / "ours.log", environment=variables, folder=ROOT) as running:
        await running.says("registered with KuFlow")
        yield running


@pytest.fixture(scope="session")
async def engine(dev: Dev) -> Client:
    """Temporal past the gateway, to read what workflows answered."""
    engine = dev.info["engine"]
    return await Client.connect(engine["direct_address"], namespace=engine["namespace"])


@pytest.fixture(scope="session")
async def answers(dev: Dev, engine: Client, published_worker: Kurun, our_worker: Kurun) -> AsyncIterator[Answers]:
    """The four workflows, under way."""
    async with dev.client() as kuflow, dev.person() as ada:
        parts = Parts(dev, kuflow, ada, engine, published_worker)
        playing = {code: asyncio.create_task(parts.play(code)) for code in CODES}
        yield playing
        for task in playing.values():
            task.cancel()
        await asyncio.gather(*playing.values(), return_exceptions=True)
    assert our_worker.process.returncode is None, our_worker.lines()


@pytest.fixture(scope="session")
async def calls(published: Published, answers: Answers, folder: Path) -> dict[str, Any]:
    """What became of the calls of the published client, while the workflows run."""
    async with published.run("rest", folder / "rest.json") as running, asyncio.timeout(60):
        await running.process.wait()
        assert running.process.returncode == 0, running.lines()
        await asyncio.wait(answers.values())
    report: dict[str, Any] = json.loads(running.lines().splitlines()[-1])
    return report
