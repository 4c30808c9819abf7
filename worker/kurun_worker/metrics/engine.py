"""What Temporal's core counts, fetched from its own exporter on the loopback interface."""

import socket
from collections.abc import Callable
from typing import Final

import aiohttp
import structlog
from prometheus_client.parser import text_string_to_metric_families
from temporalio.runtime import PrometheusConfig, Runtime

log = structlog.get_logger(__name__)

MAX_BYTES: Final = 8 * 1024 * 1024
TIMEOUT: Final = 2.0
POLLERS: Final = "temporal_num_pollers"
ATTEMPTS: Final = 5


class EngineMetricsError(Exception):
    """The core's exporter gave no metrics; the message says why in one line."""


class EngineMetrics:
    """The core's exporter.

    Args:
        address: Its host and port.
        timeout: Seconds that a scrape may take.
        max_bytes: Largest text that is read.
    """

    def __init__(self, address: str, *, timeout: float = TIMEOUT, max_bytes: int = MAX_BYTES) -> None:
        self.address = address
        self._timeout = timeout
        self._max_bytes = max_bytes

    async def scrape(self) -> str:
        """All metrics of the core, as Prometheus reads them. Works on any event loop.

        Raises:
            EngineMetricsError: There were none to be had.
        """
        timeout = aiohttp.ClientTimeout(total=self._timeout)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.get(f"http://{self.address}/metrics", allow_redirects=False) as response,
            ):
                if response.status != 200:
                    raise EngineMetricsError(f"the engine's exporter answers {response.status}")
                text = await self._read(response.content)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise EngineMetricsError(f"the engine's exporter does not answer: {type(error).__name__}") from error
        return text

    async def _read(self, content: aiohttp.StreamReader) -> str:
        read = bytearray()
        async for chunk in content.iter_any():
            read += chunk
            if len(read) > self._max_bytes:
                raise EngineMetricsError(f"the engine's metrics are larger than {self._max_bytes} bytes")
        return read.decode("utf-8", "replace")


def pollers(text: str, task_queue: str) -> dict[str, int]:
    """Polls of a task queue that are open now, by kind: ``workflow_task``, ``sticky_workflow_task``, ``activity_task``.

    Args:
        text: What :meth:`EngineMetrics.scrape` returned.
        task_queue: The queue.
    """
    lines = "\n".join(line for line in text.split("\n") if line.startswith(POLLERS + "{"))
    found: dict[str, int] = {}
    for family in text_string_to_metric_families(f"# TYPE {POLLERS} gauge\n{lines}\n"):
        for sample in family.samples:
            if sample.labels.get("task_queue") == task_queue:
                kind = sample.labels.get("poller_type", "")
                found[kind] = found.get(kind, 0) + int(sample.value)
    return found


def exporting(
    make: Callable[[PrometheusConfig], Runtime], *, exporter: Callable[[], PrometheusConfig] | None = None
) -> tuple[Runtime, EngineMetrics] | None:
    """A runtime with an exporter on a loopback port of its own, or ``None`` where none can be had.

    Args:
        make: Makes a runtime with an exporter.
        exporter: Names a port; another program may be faster to take it, and then it is asked again.
    """
    for _ in range(ATTEMPTS):
        config = (exporter or free_exporter)()
        try:
            return make(config), EngineMetrics(config.bind_address)
        except ValueError as error:
            log.warning("the engine's exporter cannot listen", address=config.bind_address, error=str(error))
    return None


def free_exporter() -> PrometheusConfig:
    """An exporter on a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return PrometheusConfig(
        bind_address=f"127.0.0.1:{port}",
        counters_total_suffix=True,
        unit_suffix=True,
        durations_as_seconds=True,
    )
