"""Temporal's runtime, client and worker, made from the settings."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING

import temporalio.activity
import temporalio.workflow
from temporalio.client import Client
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.worker import Worker

from kurun_config import Settings
from kurun_worker.connecting import require_namespace
from kurun_worker.modules import Definitions
from kurun_worker.plugin import TEMPORAL_DEFAULT_NAMESPACE, KuFlowPlugin
from kurun_worker.registration import default_identity
from kurun_worker.slots import DrainableSlots, DrainableWorker, closing_time
from kurun_worker.tuning import activity_slots, concurrency
from kurun_worker.versioning import deployment_config

if TYPE_CHECKING:
    from kurun_worker.metrics import Metrics


async def connect(settings: Settings, plugin: KuFlowPlugin, runtime: Runtime | None = None) -> Client:
    """A connection to the engine of the settings, in a namespace that the engine knows.

    Raises:
        ApiError: KuFlow gives no credentials.
        ConfigurationError: The engine does not know the namespace.
        RPCError: The engine refuses.
        RuntimeError: The engine cannot be reached.
    """
    client = await Client.connect(
        settings.engine.address,
        namespace=settings.engine.namespace or TEMPORAL_DEFAULT_NAMESPACE,
        identity=settings.worker.identity or default_identity(),
        connect_timeout=settings.engine.connect_timeout,
        runtime=runtime,
        plugins=[plugin],
    )
    await require_namespace(client)
    return client


def make_worker(
    settings: Settings,
    client: Client,
    definitions: Definitions,
    *,
    govern: Callable[[DrainableSlots], None] | None = None,
) -> DrainableWorker:
    """A worker for the task queue of the settings.

    Args:
        settings: The effective settings.
        client: Its connection.
        definitions: What it serves.
        govern: Told of its slots for activities before it takes work.
    """
    worker = settings.worker
    closing = closing_time(worker.drain_timeout.total_seconds())
    activities = activity_slots(worker)
    if govern is not None:
        govern(activities)
    executor = None
    if any(not iscoroutinefunction(each) for each in definitions.activities):
        executor = ThreadPoolExecutor(worker.activity_threads, thread_name_prefix="activity")
    failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    async def note_failure(error: BaseException) -> None:
        if not failed.done():
            failed.set_result(error)

    made = Worker(
        client,
        task_queue=worker.task_queue or "",
        workflows=definitions.workflows,
        activities=definitions.activities,
        activity_executor=executor,
        **concurrency(worker, activities),
        on_fatal_error=note_failure,
        deployment_config=deployment_config(worker),
        graceful_shutdown_timeout=worker.drain_timeout - timedelta(seconds=closing),
    )
    return DrainableWorker(made, activities, failed)


def make_runtime(metrics: "Metrics | None" = None) -> Runtime:
    """Temporal's core with its log in ours.

    Args:
        metrics: Told where the core exposes its own; without it the core exposes none.
    """
    temporalio.workflow.logger.workflow_info_on_message = False
    temporalio.activity.logger.activity_info_on_message = False
    forwarded = LoggingConfig(
        filter=TelemetryFilter(core_level="INFO", other_level="ERROR"),
        forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
    )

    def make(exporter: PrometheusConfig | None = None) -> Runtime:
        return Runtime(telemetry=TelemetryConfig(logging=forwarded, metrics=exporter))

    return make() if metrics is None else metrics.exporting(make)
