"""What the proofs share: the figures they print, a twin and its worker as processes."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Dev, Kurun, kurun, kurun_dev

HERE = Path(__file__).parent
FIGURES: list[str] = []

Figure = Callable[[str, Any, str], None]


@pytest.fixture
def figure() -> Figure:
    """Note a measured figure beside what it must be; all are printed at the end."""

    def note(name: str, value: Any, wanted: str) -> None:
        FIGURES.append(f"{name}: {value} (wanted: {wanted})")

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures."""
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.write_line(line)


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[Path]:
    """The folder that the worker under proof may read documents from."""
    folder = tmp_path / "documents"
    folder.mkdir()
    yield folder
    for file in folder.iterdir():
        file.unlink()


@contextlib.asynccontextmanager
async def proof_dev(folder: Path, *options: str) -> AsyncIterator[Dev]:
    """``kurun dev`` with the definitions of the proofs."""
    async with kurun_dev(folder, *options, definitions=HERE / "definitions.yaml") as dev:
        yield dev


@contextlib.asynccontextmanager
async def proof_worker(dev: Dev, documents: Path, *, log: Path, **settings: str) -> AsyncIterator[Kurun]:
    """``kurun run`` serving the proofs' workflows; settings as in ``WORKER_DRAIN_TIMEOUT="5"``."""
    variables = dev.environment(
        task_queue="proof",
        modules=["tests.proof.served"],
        KURUN_DOCUMENTS_ROOTS=str(documents),
        **{f"KURUN_{name}": value for name, value in settings.items()},
    )
    async with kurun("run", log=log, environment=variables, folder=HERE.parents[1]) as worker:
        await worker.says("registered with KuFlow")
        yield worker
