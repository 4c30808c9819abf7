"""What a daemon says of itself while KuFlow or the engine is away, while it waits, and while it drains."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import aiohttp
import pytest

from kurun_config import ConfigurationError, Settings
from kurun_config.health import HealthSettings
from kurun_twin.scenario import Rule
from kurun_twin.twin_server import TwinServer
from kurun_worker import daemon
from tests.integration.worker_host import direct_client, running_daemon, running_twin, settings_for, silent_port
from tests.integration.worker_served import STARTED, Load, LoadWorkflow
from tests.waiting import until
from tests.worker_health import Asked, asking, free_port


@pytest.fixture(scope="module")
async def calm_twin(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TwinServer]:
    """A twin with ordinary lives."""
    async with running_twin(tmp_path_factory.mktemp("health")) as twin:
        yield twin


def watched(settings: Settings, *, port: int | None = None) -> Settings:
    """The settings of a daemon that says how it is and looks at everything several times a second."""
    health = HealthSettings(port=port or free_port(), interval=timedelta(seconds=0.1), timeout=timedelta(seconds=0.3))
    return settings.model_copy(update={"health": health})


async def test_kuflow_and_the_engine_taken_away_and_given_back(calm_twin: TwinServer) -> None:
    """Readiness names who is away and comes back by itself; liveness is not concerned."""
    settings = watched(settings_for(calm_twin))
    async with running_daemon(settings), asking(settings.health.port) as asked:
        await asked.ready()
        calm_twin.scenario.replace([Rule(status=503)])
        kuflow = await asked.lacks("kuflow")
        alive = await asked.status("/livez")
        calm_twin.scenario.clear()
        await asked.ready()
        calm_twin.gateway.refuse(60)
        engine = await asked.lacks("engine")
        alive_still = await asked.status("/livez")
        calm_twin.gateway.refuse(0)
        await asked.ready()

    endpoint, address = calm_twin.info["kuflow"]["endpoint"], calm_twin.info["engine"]["address"]
    assert kuflow == {"kuflow": f"KuFlow: {endpoint} answers with HTTP 503"}
    assert engine["engine"].startswith(f"the engine at {address} refuses the worker's token")
    assert (alive, alive_still) == (200, 200)


async def test_draining_is_told_until_the_end(calm_twin: TwinServer) -> None:
    """While the last activity finishes the daemon is alive and not ready; then it listens no more."""
    settings = watched(settings_for(calm_twin))
    client = await direct_client(calm_twin)
    async with asking(settings.health.port) as asked:
        async with running_daemon(settings) as stop:
            await asked.ready()
            handle = await client.start_workflow(
                LoadWorkflow.run,
                Load(pieces=1, seconds=1.0),
                id=f"load-{uuid4()}",
                task_queue=settings.worker.task_queue or "",
            )
            await until(lambda: STARTED[f"{handle.id}/0"])
            stop.set()
            await until(lambda: _draining(asked))
            alive = await asked.status("/livez")
        after = await asked.status("/livez")

    assert (alive, after) == (200, 0)


async def _draining(asked: Asked) -> bool:
    return "draining" in await asked.troubles()


async def test_a_start_that_waits_says_for_what(calm_twin: TwinServer) -> None:
    """Before the first connection: the engine's address, and that nothing polls."""
    async with silent_port() as port:
        plain = settings_for(calm_twin)
        engine = plain.engine.model_copy(update={"address": f"127.0.0.1:{port}"})
        settings = watched(plain.model_copy(update={"engine": engine}))
        async with asking(settings.health.port) as asked, running_daemon(settings):
            await until(lambda: _answers(asked))
            troubles = await asked.lacks("registered", "polling", "engine")

    assert troubles["polling"].startswith(f"not connected to the engine at 127.0.0.1:{port}")
    assert troubles["engine"] == f"no connection to the engine at 127.0.0.1:{port}"


async def _answers(asked: Asked) -> bool:
    return await asked.status("/livez") == 200


async def test_without_keys_of_kuflow_the_engine_is_asked_all_the_same(calm_twin: TwinServer) -> None:
    """A bare Temporal server: no token and no certificate to speak of, but the engine's pulse."""
    plain = settings_for(calm_twin)
    engine = plain.engine.model_copy(
        update={"address": calm_twin.info["engine"]["direct_address"], "credentials": "none"}
    )
    settings = watched(plain.model_copy(update={"engine": engine}))
    async with running_daemon(settings), asking(settings.health.port) as asked:
        await asked.ready()
        async with aiohttp.ClientSession() as session:
            address = f"http://127.0.0.1:{settings.health.port}/readyz"
            async with session.get(address) as answer:
                body = await answer.json()

    expected = ["loop", "registered", "polling", "engine", "kuflow", "taking work"]
    assert [each["name"] for each in body["conditions"]] == expected
    assert body["task_queue"] == settings.worker.task_queue


async def test_a_taken_port_keeps_the_daemon_from_starting(calm_twin: TwinServer) -> None:
    """It is a wrong setting, told before anything is connected."""
    async with silent_port() as port:
        settings = watched(settings_for(calm_twin), port=port)
        with pytest.raises(ConfigurationError, match="KURUN_HEALTH_PORT"):
            await asyncio.wait_for(daemon.run(settings, stop=asyncio.Event()), 10)
