"""The daemon, put together from its settings."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog

from kurun_clients.kuflow import KuFlowClient
from kurun_config import EngineCredentials, KuFlowAuthentication, Settings, require, value_at, variable
from kurun_worker.departure import Departure
from kurun_worker.engine import Step
from kurun_worker.instruments import Instruments
from kurun_worker.modules import Definitions, load_modules
from kurun_worker.operating import Operations
from kurun_worker.plugin import KuFlowPlugin
from kurun_worker.redaction import Redactor
from kurun_worker.signals import drain_on_signals
from kurun_worker.supervisor import Supervisor
from kurun_worker.temporal_parts import connect, make_runtime, make_worker
from kurun_worker.tracing import tracing_of
from kurun_worker.versioning import needed_settings

if TYPE_CHECKING:
    from kurun_worker.metrics import Metrics

log = structlog.get_logger(__name__)


async def run(
    settings: Settings,
    *,
    stop: asyncio.Event | None = None,
    redactor: Redactor | None = None,
    departure: Departure | None = None,
    operations: Operations | None = None,
) -> None:
    """Serve the task queue of the settings until told to stop.

    Args:
        settings: The effective settings.
        stop: Set it to drain and end. Without it SIGTERM and SIGINT do.
        redactor: Hides secrets in what is served, and learns the engine tokens, so that the log does not show them
            either. Without it one is made of the settings.
        departure: Told when a signal comes, and when everything has finished or was handed back.
        operations: Pauses and resumes the worker, and keeps its settings up to date.

    Raises:
        ConfigurationError: Something is missing from the settings, or KuFlow refused what they say.
        StartError: The engine or KuFlow could not be reached at the start.
        UnfinishedActivitiesError: Activities outlasted the drain.
    """
    require_settings(settings)
    operations = operations or Operations()
    redactor = redactor or Redactor.of(settings)
    instruments = Instruments.of(settings, operations, redactor)

    def begun() -> None:
        if departure is not None:
            departure.begin()
        instruments.drain()

    async with contextlib.AsyncExitStack() as stack:
        if stop is None:
            stop = asyncio.Event()
            stack.enter_context(drain_on_signals(stop.set, begun=begun, tasks=operations.signals()))
        if not settings.worker.modules:
            _say_what_is_served(settings)
        definitions = load_modules(settings.worker.modules, sandbox=settings.worker.sandbox)
        stack.enter_context(instruments.serving())
        # After the modules: one of them may have brought a tracer provider of its own.
        tracing = tracing_of(settings)
        if tracing is not None:
            await stack.enter_async_context(tracing.running())
        traced = [tracing.requests] if tracing is not None else []
        kuflow = await stack.enter_async_context(
            KuFlowClient.from_settings(settings.kuflow, observers=[*instruments.of_kuflow, *traced])
        )
        plugin = KuFlowPlugin(
            settings,
            kuflow=kuflow,
            on_token=redactor.learn,
            observers=instruments.of_requests,
            tracing=tracing,
        )
        await stack.enter_async_context(contextlib.aclosing(plugin))
        supervisor = supervise(settings, plugin, definitions, stop, operations=operations, metrics=instruments.metrics)
        async with operations.over(plugin), instruments.watching(plugin, supervisor, stop, operations.pause.reason):
            try:
                await supervisor.run()
            finally:
                # Also without a signal nothing may keep the process from ending now.
                if departure is not None:
                    departure.begin()
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


def supervise(
    settings: Settings,
    plugin: KuFlowPlugin,
    definitions: Definitions,
    stop: asyncio.Event,
    *,
    operations: Operations | None = None,
    metrics: "Metrics | None" = None,
) -> Supervisor:
    """The supervisor of a worker with these definitions."""
    operations = operations or Operations()
    runtime = make_runtime(metrics)

    async def refresh() -> None:
        if plugin.engine is not None:
            await plugin.engine.refresh()

    return Supervisor(
        settings,
        connect=lambda: connect(settings, plugin, runtime),
        build=lambda client: make_worker(operations.current(settings), client, definitions, govern=operations.govern),
        refresh=refresh,
        stop=stop,
        step=lambda: plugin.engine.step if plugin.engine else Step.CONNECTION,
    )


def require_settings(settings: Settings) -> None:
    """Insist on what a worker cannot do without.

    Raises:
        ConfigurationError: Something is missing; the message names the variable and the flag that set it.
    """
    needed = ["worker.task_queue", *needed_settings(settings.worker)]
    if settings.engine.credentials is EngineCredentials.KUFLOW:
        bearer = settings.kuflow.authentication is KuFlowAuthentication.BEARER
        needed += ["kuflow.token", "kuflow.tenant_id"] if bearer else ["kuflow.client_id", "kuflow.client_secret"]
    require({path: value_at(settings, path) for path in needed})
