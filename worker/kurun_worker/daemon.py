"""The daemon, put together from its settings."""

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from inspect import iscoroutinefunction

import structlog
import temporalio.activity
import temporalio.workflow
from temporalio.client import Client
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.worker import Worker

from kurun_clients.kuflow import KuFlowClient
from kurun_config import EngineCredentials, KuFlowAuthentication, Settings, require, value_at, variable
from kurun_worker.connecting import require_namespace
from kurun_worker.departure import Departure
from kurun_worker.engine import Step
from kurun_worker.modules import Definitions, load_modules
from kurun_worker.plugin import TEMPORAL_DEFAULT_NAMESPACE, KuFlowPlugin
from kurun_worker.redaction import Redactor
from kurun_worker.registration import default_identity
from kurun_worker.signals import drain_on_signals
from kurun_worker.slots import DrainableSlots, DrainableWorker, closing_time, tuner
from kurun_worker.supervisor import Supervisor

log = structlog.get_logger(__name__)

EAGER_ACTIVITIES = 50
"""Activities that a workflow gets with the answer to its own task, if there are slots, instead of a poll for each."""
FEWEST_WORKFLOW_TASKS = 2  # Temporal's own least: one for new workflows, one for those in its cache


async def run(
    settings: Settings,
    *,
    stop: asyncio.Event | None = None,
    redactor: Redactor | None = None,
    departure: Departure | None = None,
) -> None:
    """Serve the task queue of the settings until told to stop.

    Args:
        settings: The effective settings.
        stop: Set it to drain and end. Without it SIGTERM and SIGINT do.
        redactor: Learns the engine tokens, so that the log does not show them.
        departure: Told when a signal comes, and when everything has finished or was handed back.

    Raises:
        ConfigurationError: Something is missing from the settings, or KuFlow refused what they say.
        StartError: The engine or KuFlow could not be reached at the start.
        UnfinishedActivitiesError: Activities outlasted the drain.
    """
    require_settings(settings)
    with contextlib.ExitStack() as stack:
        if stop is None:
            stop = asyncio.Event()
            stack.enter_context(drain_on_signals(stop.set, begun=departure.begin if departure else None))
        if not settings.worker.modules:
            _say_what_is_served(settings)
        definitions = load_modules(settings.worker.modules, sandbox=settings.worker.sandbox)
        async with KuFlowClient.from_settings(settings.kuflow) as kuflow:
            plugin = KuFlowPlugin(settings, kuflow=kuflow, on_token=redactor.learn if redactor else None)
            async with contextlib.aclosing(plugin):
                await supervise(settings, plugin, definitions, stop).run()
                if departure is not None:
                    departure.decide(0)
    log.info("ended")


def _say_what_is_served(settings: Settings) -> None:
    setting = variable("worker.modules")
    if settings.k2.endpoint is None and settings.k2.services_endpoint is None:
        log.warning("no modules are named: only KuFlow's activities are served", setting=setting)
    else:
        # Enough for K2ApprovalWorkflow and K2TaskMirrorWorkflow: nothing to warn of.
        log.info(
            "no modules are named: KuFlow's and K2's activities and K2's ready-made workflows are served",
            setting=setting,
        )


def supervise(settings: Settings, plugin: KuFlowPlugin, definitions: Definitions, stop: asyncio.Event) -> Supervisor:
    """The supervisor of a worker with these definitions."""
    runtime = make_runtime()

    async def connect() -> Client:
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

    async def refresh() -> None:
        if plugin.engine is not None:
            await plugin.engine.refresh()

    return Supervisor(
        settings,
        connect=connect,
        build=lambda client: make_worker(settings, client, definitions),
        refresh=refresh,
        stop=stop,
        step=lambda: plugin.engine.step if plugin.engine else Step.CONNECTION,
    )


def make_worker(settings: Settings, client: Client, definitions: Definitions) -> DrainableWorker:
    """A worker for the task queue of the settings."""
    worker = settings.worker
    closing = closing_time(worker.drain_timeout.total_seconds())
    activities = DrainableSlots(worker.max_concurrent_activities)
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
        tuner=tuner(
            activities,
            workflow_tasks=max(worker.max_concurrent_workflow_tasks, FEWEST_WORKFLOW_TASKS),
            local_activities=worker.max_concurrent_activities,
        ),
        max_eager_activity_reservations_per_workflow_task=EAGER_ACTIVITIES,
        on_fatal_error=note_failure,
        graceful_shutdown_timeout=worker.drain_timeout - timedelta(seconds=closing),
    )
    return DrainableWorker(made, activities, failed)


def make_runtime() -> Runtime:
    """Temporal's core with its log in ours."""
    temporalio.workflow.logger.workflow_info_on_message = False
    temporalio.activity.logger.activity_info_on_message = False
    return Runtime(
        telemetry=TelemetryConfig(
            logging=LoggingConfig(
                filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
                forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
            )
        )
    )


def require_settings(settings: Settings) -> None:
    """Insist on what a worker cannot do without.

    Raises:
        ConfigurationError: Something is missing; the message names the variable and the flag that set it.
    """
    needed = ["worker.task_queue"]
    if settings.engine.credentials is EngineCredentials.KUFLOW:
        bearer = settings.kuflow.authentication is KuFlowAuthentication.BEARER
        needed += ["kuflow.token", "kuflow.tenant_id"] if bearer else ["kuflow.client_id", "kuflow.client_secret"]
    require({path: value_at(settings, path) for path in needed})
