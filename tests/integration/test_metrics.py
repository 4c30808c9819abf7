"""What a worker exposes of itself and of Temporal's core, over http, while it works."""

import json
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from temporalio.worker import Worker

from kurun_config import HealthSettings, Settings
from kurun_worker.background import background
from kurun_worker.metrics import Metrics, catalogue
from kurun_worker.metrics.backlog import Backlog
from kurun_worker.temporal_parts import make_runtime
from tests.integration.worker_host import HurriedClock, direct_client, running_daemon, running_twin, settings_for
from tests.integration.worker_served import Load, LoadWorkflow
from tests.waiting import until

SDK: dict[str, Any] = json.loads((Path(__file__).parents[1] / "unit" / "temporal_metrics.json").read_text())


def served(settings: Settings) -> tuple[Settings, str]:
    """The settings with a port for health and metrics, and the address of the metrics."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return settings.model_copy(update={"health": HealthSettings(port=port)}), f"http://127.0.0.1:{port}/metrics"


async def scrape(address: str) -> dict[str, Metric]:
    """All metrics by name; one that comes twice fails."""
    async with aiohttp.ClientSession() as session, session.get(address) as response:
        assert response.status == 200
        assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        families = list(text_string_to_metric_families(await response.text()))
    found = {each.name: each for each in families}
    assert len(found) == len(families)
    return found


def total(metrics: Mapping[str, Metric], name: str, **labels: str) -> float:
    """The sum of the samples of this name that have these labels; without any, it fails."""
    found = [
        sample.value
        for family in metrics.values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert found
    return sum(found)


@pytest.fixture(scope="module")
async def working(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[dict[str, Metric], str]]:
    """The metrics and the task queue of a worker that is registered and has done a load."""
    async with running_twin(tmp_path_factory.mktemp("twin"), token_life=20.0) as twin:
        settings, address = served(settings_for(twin, max_concurrent_activities=7))
        client = await direct_client(twin)
        queue = settings.worker.task_queue or ""
        async with running_daemon(settings):
            await client.execute_workflow(LoadWorkflow.run, Load(3, 0.0), id=f"load-{uuid4()}", task_queue=queue)

            async def ready() -> bool:
                return total(await scrape(address), "kurun_ready") == 1

            await until(ready)
            yield await scrape(address), queue


async def test_a_worker_at_work(working: tuple[dict[str, Metric], str]) -> None:
    """Credentials, registration, requests, polls and slots are told, without a metric or a sample that is unknown."""
    metrics, queue = working
    ours = {each.name.removesuffix("_total"): each for each in catalogue()}

    assert 0 < total(metrics, "kurun_engine_token_expires_in_seconds") <= 20
    assert total(metrics, "kurun_engine_certificate_expires_in_seconds") > 60
    assert total(metrics, "kurun_credential_renewals_total", credential="engine_token") >= 1
    assert total(metrics, "kurun_registrations_total", task_queue=queue) >= 1
    assert total(metrics, "kurun_registration_age_seconds", task_queue=queue) < 60
    assert total(metrics, "kurun_activity_slots") == 7
    assert total(metrics, "kurun_http_request_duration_seconds_count", service="kuflow", operation="/workers") >= 1
    assert total(metrics, "temporal_num_pollers", task_queue=queue) > 0
    assert total(metrics, "kurun_event_loop_lag_seconds") < 10
    assert total(metrics, "process_resident_memory_bytes") > 1e6
    assert {name for name in metrics if not name.startswith("temporal_")} <= ours.keys()


async def test_the_names_of_the_sdk_are_those_that_dashboards_are_held_to(
    working: tuple[dict[str, Metric], str],
) -> None:
    """Everything that the core exposes is in the list that was taken of it, with the same type and labels."""
    metrics, _ = working
    core = {name: each for name, each in metrics.items() if name.startswith("temporal_")}

    assert {"temporal_num_pollers", "temporal_activity_execution_latency_seconds"} <= core.keys()
    for name, family in core.items():
        listed = SDK[name + ("_total" if family.type == "counter" else "")]
        assert listed["type"] == family.type
        assert {label for sample in family.samples for label in sample.labels} - {"le"} <= set(listed["labels"])


async def test_only_a_worker_that_serves_metrics_has_them_measured() -> None:
    """Without a port the core has no exporter; with one it listens on the loopback interface alone."""
    metrics = Metrics()
    runtimes = make_runtime(), make_runtime(metrics)

    assert len(runtimes) == 2
    assert metrics.engine is not None
    assert metrics.engine.address.startswith("127.0.0.1:")
    assert await metrics.open_polls("nobody-polls-this") == 0


async def test_what_waits_on_the_queue_is_counted(tmp_path: Path) -> None:
    """By the engine, and asked with the worker's connection; nobody serves this queue."""
    async with running_twin(tmp_path) as twin:
        client = await direct_client(twin)
        queue = f"unserved-{uuid4()}"
        for _ in range(3):
            await client.start_workflow(LoadWorkflow.run, Load(0, 0.0), id=f"load-{uuid4()}", task_queue=queue)
        worker = Worker(client, task_queue=queue, workflows=[LoadWorkflow])
        backlog = Backlog(lambda: worker, clock=HurriedClock())
        async with background({"backlog": backlog.run}):
            await until(lambda: backlog.tasks == {"workflow": 3, "activity": 0})
