"""Robots that mean harm, run by a worker for a workflow: contained, told by the right failure, and nothing is left."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from kurun_clients.kuflow import BasicAuth, KuFlowClient
from kurun_twin.dev import TwinServer
from kurun_twin.options import TwinOptions
from tests.integration.hostile_robots import PACKAGES, RUNS
from tests.integration.hostile_stage import CURIOUS, Contained, HostileStage, hostile_stage
from tests.proof.conftest import Figure

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
async def hostile(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HostileStage]:
    """One worker for all of them, so that each finds what the ones before have left of it."""
    folder = tmp_path_factory.mktemp("hostile")

    def twin(**options: Any) -> AbstractAsyncContextManager[TwinServer]:
        return TwinServer(TwinOptions(**{"data_dir": folder / "data", **options}))

    def connect(twin: TwinServer) -> AbstractAsyncContextManager[KuFlowClient]:
        kuflow = twin.info["kuflow"]
        return KuFlowClient(kuflow["endpoint"], auth=BasicAuth(kuflow["client_id"], kuflow["client_secret"]))

    async with hostile_stage(twin, connect, PACKAGES | RUNS, folder / "worker.log") as stage:
        yield stage


@pytest.mark.parametrize("name", [*PACKAGES, *RUNS, CURIOUS])
async def test_a_hostile_robot_is_contained(hostile: HostileStage, figure: Figure, name: str) -> None:
    """The workflow sees the failure it has to, and the worker does the next ordinary run at once."""
    _note(figure, name, await hostile.fails(name), 20)


async def test_a_robot_that_ignores_its_cancellation_is_contained(hostile: HostileStage, figure: Figure) -> None:
    """It has its grace, then it is killed; the workflow ends when that is done."""
    _note(figure, "ignores SIGTERM, cancelled", await hostile.is_cancelled("ignores SIGTERM", "deaf"), 20)


def _note(figure: Figure, name: str, contained: Contained, longest: float) -> None:
    figure(f"{name}: seconds until contained", f"{contained.seconds:.1f}", f"< {longest:.0f}")
    figure(f"{name}: seconds of the next ordinary run", f"{contained.ordinary:.1f}", "< 5")
    if "GB" in name:
        figure(f"{name}: MB on the disk at most", contained.most_disk // 2**20, "some 64")
    assert contained.seconds < longest
    assert contained.ordinary < 5
