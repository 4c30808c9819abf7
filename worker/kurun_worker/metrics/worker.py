"""The metrics of one worker."""

import platform
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from temporalio.runtime import PrometheusConfig, Runtime

from kurun_worker.background import background
from kurun_worker.metrics import families
from kurun_worker.metrics.backlog import Backlog
from kurun_worker.metrics.engine import EngineMetrics, EngineMetricsError, exporting, pollers
from kurun_worker.metrics.joining import joined
from kurun_worker.metrics.loop_lag import LoopLag
from kurun_worker.metrics.requests import RequestMetrics
from kurun_worker.metrics.standing import Standing
from kurun_worker.plugin import KuFlowPlugin
from kurun_worker.supervisor import Supervisor

log = structlog.get_logger(__name__)


class Metrics:
    """All metrics of a worker, in a registry of their own. May be read from any thread.

    Attributes:
        registry: What is exposed; metrics of your own may be added.
        requests: The observer of requests to KuFlow and K2.
        loop_lag: How late the event loop is.
        engine: The core's exporter, where it has one.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.requests = RequestMetrics(self.registry)
        self.loop_lag = LoopLag()
        families.LOOP_LAG.gauge(self.registry).set_function(self.loop_lag.seconds)
        self.engine: EngineMetrics | None = None
        self._robot_runs = families.ROBOT_RUNS.counter(self.registry)
        self._robot_seconds = families.ROBOT_DURATION.histogram(self.registry)
        self._standing = Standing()
        self.registry.register(self._standing)
        families.BUILD_INFO.gauge(self.registry).labels(
            _version("kurun"), _version("temporalio"), platform.python_version()
        ).set(1)
        ProcessCollector(registry=self.registry)
        self._said: str | None = None

    def follow_health(self, ready: Callable[[], bool], conditions: Callable[[], Mapping[str, bool]]) -> None:
        """Tell from now on whether the worker is ready, and which conditions of that hold; asked at each scrape."""
        self._standing.ready, self._standing.conditions = ready, conditions

    def follow_pause(self, paused: Callable[[], bool]) -> None:
        """Tell from now on whether the worker is paused; asked at each scrape."""
        self._standing.paused = paused

    def follow_drain(self, draining: Callable[[], bool]) -> None:
        """Tell from now on whether the worker was told to stop; asked at each scrape."""
        self._standing.draining = draining

    @asynccontextmanager
    async def following(self, plugin: KuFlowPlugin, supervisor: Supervisor) -> AsyncIterator[None]:
        """Tell inside the block of what these two do, measure the event loop, and count what waits on the queue."""
        self._standing.plugin, self._standing.supervisor = plugin, supervisor
        if plugin.robots is not None:
            plugin.robots.host.told = self.robot_ended
        backlog = self._standing.backlog = Backlog(lambda: supervisor.serving.worker if supervisor.serving else None)
        async with background({"loop lag": self.loop_lag.run, "backlog": backlog.run}):
            yield

    def exporting(self, make: Callable[[PrometheusConfig | None], Runtime]) -> Runtime:
        """A runtime of Temporal's core whose metrics are told with ours, if a port can be had for it."""
        if (found := exporting(make)) is None:
            return make(None)
        runtime, self.engine = found
        return runtime

    async def open_polls(self, task_queue: str) -> int | None:
        """How many polls of a task queue the core has open; ``None`` where it does not say."""
        if self.engine is None:
            return None
        try:
            return sum(pollers(await self.engine.scrape(), task_queue).values())
        except EngineMetricsError:
            return None

    def robot_ended(self, outcome: str, seconds: float) -> None:
        """A run of a robot has ended."""
        self._robot_runs.labels(outcome).inc()
        self._robot_seconds.labels(outcome).observe(seconds)

    def text(self) -> bytes:
        """Our metrics as Prometheus reads them, without the core's."""
        return generate_latest(_WithoutCreated(self.registry))

    async def body(self) -> bytes:
        """The body of ``/metrics``: ours, and the core's where they can be had."""
        theirs = ""
        if self.engine is not None:
            try:
                theirs = await self.engine.scrape()
            except EngineMetricsError as error:
                self._say(str(error))
            else:
                self._said = None
        return joined(self.text().decode(), theirs).encode()

    def _say(self, said: str) -> None:
        if said != self._said:
            log.warning("the engine's metrics are missing", error=said)
        self._said = said


class _WithoutCreated(Collector):
    """A registry without the ``_created`` samples, which double the series and tell what nobody asks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [each for each in metric.samples if not each.name.endswith("_created")]
            yield metric


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
