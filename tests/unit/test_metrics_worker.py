"""A worker's own metrics: what is counted, what is told apart, and what is never."""

import asyncio
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.parser import text_string_to_metric_families
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from kurun_activities.k2.watching import Watching
from kurun_activities.robot_runs.hosting import Job, RobotHost
from kurun_clients.http import Exchange
from kurun_clients.kuflow.operations import KUFLOW
from kurun_config import Settings
from kurun_robots.errors import EnvironmentUnavailable, LimitExceeded, RobotError, RunLost
from kurun_robots.package.reading import parse_manifest
from kurun_worker.health.server import METRICS_TYPE
from kurun_worker.metrics import EngineMetrics, Family, Metrics, catalogue, pollers
from kurun_worker.metrics.engine import EngineMetricsError, exporting, free_exporter
from kurun_worker.metrics.joining import joined
from kurun_worker.metrics.loop_lag import LoopLag
from kurun_worker.metrics.reference import table
from kurun_worker.plugin import KuFlowPlugin
from tests.unit.loopback import Peer, answering, serving, status
from tests.waiting import until

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]

SETTINGS = Settings.model_validate(
    {
        "kuflow": {"client_id": "worker", "client_secret": "hunter2"},
        "worker": {"task_queue": "loans"},
    }
)


def samples(text: str) -> Samples:
    """Everything that a text exposes; a sample that is there twice fails."""
    found: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def value(metrics: Metrics, name: str, **labels: str) -> Any:
    """One sample as it is exposed now; ``None`` if there is none."""
    return samples(metrics.text().decode()).get((name, frozenset(labels.items())))


def told(metrics: Metrics, operation: str, **ended: Any) -> None:
    """A request that was made and has ended."""
    exchange = Exchange("kuflow", "GET", operation, "id", attempt=ended.pop("attempt", 1))
    metrics.requests.begin(exchange)
    for name, each in ended.items():
        setattr(exchange, name, each)
    metrics.requests.end(exchange)


def test_requests_are_told_apart_by_operation_and_status() -> None:
    """Count, time and status of each request; a repeat counts as one."""
    metrics = Metrics()
    told(metrics, "/processes/{id}", status=200, seconds=0.2)
    told(metrics, "/processes/{id}", status=503, error="ServerError", attempt=2)

    labels = {"service": "kuflow", "operation": "/processes/{id}"}
    count = "kurun_http_request_duration_seconds_count"
    assert value(metrics, count, method="GET", status="200", **labels) == 1
    assert value(metrics, count, method="GET", status="503", **labels) == 1
    assert value(metrics, "kurun_http_request_errors_total", error="ServerError", **labels) == 1
    assert value(metrics, "kurun_http_request_retries_total", **labels) == 1
    assert value(metrics, "kurun_http_requests_in_progress", service="kuflow") == 0


@pytest.mark.parametrize(
    ("ended", "label"),
    [
        ({"status": 304}, "304"),
        ({"status": 299}, "other"),
        ({"status": 739, "error": "StatusError"}, "other"),
        ({"error": "ConnectError"}, "ConnectError"),
        ({"error": "CancelledError"}, "CancelledError"),
        ({"error": "SomethingOfAnInterpreter"}, "other"),
        ({"status": 200, "error": "ConnectionLost"}, "ConnectionLost"),
        ({}, "other"),
    ],
)
def test_a_status_is_one_that_is_known_or_why_there_is_none(ended: dict[str, Any], label: str) -> None:
    """No server can make series by answering odd statuses, and a body that broke off is no success."""
    metrics = Metrics()
    told(metrics, "/workers", **ended)

    labels = {"service": "kuflow", "operation": "/workers", "method": "GET", "status": label}
    assert value(metrics, "kurun_http_request_duration_seconds_count", **labels) == 1


def test_a_thousand_processes_make_no_more_series_than_one() -> None:
    """The number of series does not grow with ids."""
    metrics = Metrics()
    told(metrics, KUFLOW.operation(f"/processes/{uuid4()}"), status=200)
    before = len(samples(metrics.text().decode()))
    for _ in range(1000):
        told(metrics, KUFLOW.operation(f"/processes/{uuid4()}"), status=200)

    assert len(samples(metrics.text().decode())) == before


def test_bytes_of_documents_alone_are_counted() -> None:
    """Uploads and downloads count by direction; other requests do not."""
    metrics = Metrics()
    told(metrics, "/processes/{id}/~actions/upload-document", status=200, sent=100, received=7)
    told(metrics, "/documents/~actions/download", status=200, received=1000)
    told(metrics, "/processes/{id}", status=200, sent=5, received=5)
    told(metrics, "/robots/{id}/~actions/download-source-code", status=200, received=5)

    assert value(metrics, "kurun_document_bytes_total", direction="sent") == 100
    assert value(metrics, "kurun_document_bytes_total", direction="received") == 1007


def test_runs_of_robots() -> None:
    """Outcome and duration."""
    metrics = Metrics()
    metrics.robot_ended("failed", 12.0)

    assert value(metrics, "kurun_robot_runs_total", outcome="failed") == 1
    assert value(metrics, "kurun_robot_run_duration_seconds_sum", outcome="failed") == 12


async def test_a_run_that_cannot_begin_is_told_too(tmp_path: Path) -> None:
    """A robot without the operation that is asked for counts as one that was not started."""
    metrics = Metrics()
    robots = {"enabled": True, "home": tmp_path}
    settings = Settings.model_validate({"kuflow": {"client_id": "a", "client_secret": "b"}, "robots": robots})
    plugin = KuFlowPlugin(settings)
    manifest = parse_manifest(b"operations:\n  - name: A\n    shell: run\n")
    supervisor: Any = SimpleNamespace(recoveries=0, serving=None)
    nobody: Any = SimpleNamespace()
    async with metrics.following(plugin, supervisor):
        assert plugin.robots is not None
        host = plugin.robots.host
        async with host.folder() as folder:
            with pytest.raises(RobotError):
                await host.run(folder, manifest, Job("nothing"), nobody)

    assert value(metrics, "kurun_robot_runs_total", outcome="not_started") == 1
    await plugin.aclose()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RunLost("its keeper was killed"), "lost"),
        (EnvironmentUnavailable("no disk"), "not_started"),
        (LimitExceeded("too long"), "over_limit"),
        (asyncio.CancelledError(), "cancelled"),
    ],
)
def test_how_a_run_ended(tmp_path: Path, error: BaseException, outcome: str) -> None:
    """A robot that ran and was lost is told from one that was never started."""
    robots = {"enabled": True, "home": tmp_path}
    host = RobotHost(Settings.model_validate({"robots": robots}))
    told: list[str] = []
    host.told = lambda ending, _seconds: told.append(ending)
    with pytest.raises(type(error)), host.timed():
        raise error

    assert [outcome] == told


async def test_a_worker_that_has_not_begun_claims_nothing() -> None:
    """Before the first token there is no gauge of it, but its counters are there."""
    metrics = Metrics()
    plugin = KuFlowPlugin(SETTINGS)
    supervisor: Any = SimpleNamespace(recoveries=2, serving=None)
    async with metrics.following(plugin, supervisor):
        assert value(metrics, "kurun_engine_token_expires_in_seconds") is None
        assert value(metrics, "kurun_credential_renewals_total", credential="engine_token") == 0
        assert value(metrics, "kurun_supervisor_recoveries_total") == 2
    await plugin.aclose()


async def test_how_the_bridge_to_k2_lags() -> None:
    """The ages are told while the watcher runs here, from its beginning on; its counts stay when it moves on."""
    metrics = Metrics()
    plugin: Any = SimpleNamespace(
        engine=None,
        registrars={},
        robots=None,
        k2=SimpleNamespace(
            clients=SimpleNamespace(settings=SimpleNamespace(watch=True, account="K2:ADA"), watching=Watching())
        ),
    )
    watching = plugin.k2.clients.watching
    supervisor: Any = SimpleNamespace(recoveries=0, serving=None)
    async with metrics.following(plugin, supervisor):
        before = value(metrics, "kurun_k2_watch_turn_age_seconds", account="K2:ADA")
        watching.begin()
        watching.since -= 100
        watching.listed(3)
        lag = value(metrics, "kurun_k2_watch_turn_age_seconds", account="K2:ADA")
        listed = value(metrics, "kurun_k2_watch_list_age_seconds", account="K2:ADA")
        watching.mirrored += 1
        watching.end()

        assert before is None
        assert lag >= 100
        assert listed < 50
        assert value(metrics, "kurun_k2_watch_tasks", account="K2:ADA") is None
        assert value(metrics, "kurun_k2_tasks_mirrored_total", account="K2:ADA") == 1


def test_readiness_and_pause_are_asked_at_each_scrape() -> None:
    """What health and pause say now is what is exposed."""
    metrics = Metrics()
    conditions = {"token": True, "disk": False}
    paused = [False]
    metrics.follow_health(lambda: all(conditions.values()), lambda: conditions)
    metrics.follow_pause(lambda: paused[0])
    metrics.follow_drain(lambda: conditions["disk"])
    first = value(metrics, "kurun_ready"), value(metrics, "kurun_condition_ok", condition="disk")
    conditions["disk"] = True
    paused[0] = True

    assert first == (0, 0)
    assert value(metrics, "kurun_ready") == 1
    assert value(metrics, "kurun_condition_ok", condition="disk") == 1
    assert value(metrics, "kurun_paused") == 1
    assert value(metrics, "kurun_draining") == 1


async def test_the_event_loop_lag_is_remembered_and_seen_from_outside() -> None:
    """A loop that stands still is seen by another thread while it does, and remembered when it goes on."""
    lag, seen = LoopLag(), threading.Event()

    def look() -> None:
        deadline = monotonic() + 5
        while monotonic() < deadline and not seen.wait(0.01):
            if lag.seconds() >= 0.1:
                seen.set()

    measuring = asyncio.create_task(lag.run())
    await asyncio.sleep(0)  # its first step
    looking = threading.Thread(target=look)
    looking.start()
    looking.join()  # the loop is to stand still
    # A delay that lasts grows from look to look.
    await until(lambda: len({lag.seconds() for _ in range(3)}) == 1, seconds=5)
    measuring.cancel()
    await asyncio.gather(measuring, return_exceptions=True)

    assert seen.is_set()
    assert lag.seconds() >= 0.1


def test_the_text_is_what_the_catalogue_says() -> None:
    """Every metric that is exposed is in the catalogue, with its type and help; there are no ``_created``."""
    metrics = Metrics()
    told(metrics, "/workers", status=500, error="ServerError", attempt=2)
    known = {each.name.removesuffix("_total"): each for each in catalogue()}
    exposed = list(text_string_to_metric_families(metrics.text().decode()))

    assert {each.name for each in exposed} <= known.keys()
    for family in exposed:
        assert (family.type, family.documentation) == (known[family.name].kind, known[family.name].help)
        assert {sample.name for sample in family.samples} <= set(known[family.name].samples)


def test_the_names_follow_the_conventions() -> None:
    """Our prefix, base units, ``_total`` for counters and for nothing else; no name twice; help is a sentence."""
    families = catalogue()

    assert len({each.name for each in families}) == len(families)
    for each in families:
        assert each.name.startswith(("kurun_", "process_"))
        assert each.name.endswith("_total") == (each.kind == "counter")
        assert not each.name.endswith(("_ms", "_milliseconds", "_minutes", "_kilobytes"))
        assert each.help.endswith(".")


def test_the_table_names_every_metric() -> None:
    """The documentation's table has a row for each metric of the catalogue."""
    assert [line.split("`")[1] for line in table().splitlines()[2:]] == [each.name for each in catalogue()]


def test_metrics_of_activities_cannot_spoil_the_text() -> None:
    """A metric of the core's text with a name of ours is left out, everything else is kept."""
    ours = "# HELP kurun_ready x\n# TYPE kurun_ready gauge\nkurun_ready 1\n"
    theirs = (
        '# HELP a b\n# TYPE a gauge\na{x="1"} 1\n\n'
        "# HELP kurun_ready y\n# TYPE kurun_ready counter\nkurun_ready 5\n"
        "# TYPE c gauge\nc 3\n"
    )

    assert samples(joined(ours, theirs)) == {
        ("kurun_ready", frozenset()): 1,
        ("a", frozenset({("x", "1")})): 1,
        ("c", frozenset()): 3,
    }


@pytest.mark.parametrize("odd", ["\u2028", "\x0b", "\x85", "\r", "\x1c"])
def test_a_label_may_hold_what_python_takes_for_the_end_of_a_line(odd: str) -> None:
    """Joining and looking for polls leave such a sample whole."""
    label = f"loans{odd}kurun_ready 1"
    ours = f'# HELP b x\n# TYPE b gauge\nb{{x="{label}"}} 1\n'
    theirs = f'# HELP a x\n# TYPE a gauge\na{{x="{label}"}} 1\n'
    polls = f'temporal_num_pollers{{poller_type="activity_task",task_queue="{label}"}} 5\n'

    assert joined(ours, theirs) == ours + theirs
    assert pollers(polls, label) == {"activity_task": 5}


def test_polls_of_one_queue() -> None:
    """Polls are told by kind for the queue that is asked for, also for names with odd characters."""
    queue = 'a"b\\c'
    escaped = queue.replace("\\", "\\\\").replace('"', '\\"')
    line = 'temporal_num_pollers{{namespace="n",poller_type="{}",task_queue="{}"}} {}\n'
    text = "".join(
        (
            line.format("activity_task", escaped, 5),
            line.format("workflow_task", escaped, 2),
            line.format("x", "other", 9),
        )
    )

    assert pollers(text, queue) == {"activity_task": 5, "workflow_task": 2}
    assert pollers("", queue) == {}


async def test_a_scrape_of_the_core_is_bounded() -> None:
    """Too large, refused, silent or absent: an error that says so, within the time, and ours are told all the same."""

    async def silent(peer: Peer) -> None:
        await peer.receive()
        await peer.until_gone()

    async with serving(answering(status(200, b"x" * 5000))) as server:
        with pytest.raises(EngineMetricsError, match="larger than 1000 bytes"):
            await EngineMetrics(server.url.removeprefix("http://"), max_bytes=1000).scrape()
    async with serving(answering(status(500))) as server:
        with pytest.raises(EngineMetricsError, match="answers 500"):
            await EngineMetrics(server.url.removeprefix("http://")).scrape()
    async with serving(silent) as server:
        with pytest.raises(EngineMetricsError, match="does not answer"):
            await EngineMetrics(server.url.removeprefix("http://"), timeout=0.1).scrape()
    metrics = Metrics()
    metrics.engine = EngineMetrics("127.0.0.1:9")

    assert b"kurun_build_info" in await metrics.body()
    assert await metrics.open_polls("loans") is None


def test_metrics_are_served_as_what_they_are() -> None:
    """The server, which knows nothing of Prometheus, names the format that its library writes."""
    assert METRICS_TYPE == CONTENT_TYPE_PLAIN_0_0_4


def test_another_port_is_taken_where_one_is_not_free() -> None:
    """The exporter is tried on another port; where none can be had the worker goes without."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        full = PrometheusConfig(bind_address=f"127.0.0.1:{taken.getsockname()[1]}")
        offered = iter([full, free_exporter()])

        def make(config: PrometheusConfig) -> Runtime:
            return Runtime(telemetry=TelemetryConfig(logging=None, metrics=config))

        found = exporting(make, exporter=lambda: next(offered))
        never = exporting(make, exporter=lambda: full)

    assert found is not None
    assert found[1].address != full.bind_address
    assert never is None


def test_the_samples_of_a_histogram() -> None:
    """A histogram has three names in queries, everything else its own."""
    assert Family("a_seconds", "histogram", "x").samples == ("a_seconds_bucket", "a_seconds_sum", "a_seconds_count")
    assert Family("a", "gauge", "x").samples == ("a",)
