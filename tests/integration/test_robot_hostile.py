"""A few robots that mean harm, run by a worker for a workflow; ``make prove`` has all of them."""

from pathlib import Path

from tests.integration.conftest import Connect, TwinFactory
from tests.integration.hostile_robots import PACKAGES, RUNS
from tests.integration.hostile_stage import CURIOUS, hostile_stage


async def test_hostile_robots_are_contained(twin_factory: TwinFactory, connect: Connect, tmp_path: Path) -> None:
    """Each fails as it has to, leaves nothing, and the worker does the next ordinary run."""
    robots = {name: (PACKAGES | RUNS)[name] for name in ("path escape", "fork storm")}
    async with hostile_stage(twin_factory, connect, robots, tmp_path / "worker.log") as stage:
        for name in (*robots, CURIOUS):
            await stage.fails(name)
