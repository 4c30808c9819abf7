"""Everything that makes a Temporal client and worker a KuFlow worker, as one plugin."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog
from temporalio.client import ClientConfig
from temporalio.converter import DataConverter
from temporalio.plugin import SimplePlugin
from temporalio.service import ConnectConfig, ServiceClient
from temporalio.worker import Worker

from kurun_activities.context import ActivityContext
from kurun_activities.interceptor import KuFlowActivityInterceptor
from kurun_activities.registry import kuflow_activities
from kurun_clients.http import Observer
from kurun_clients.kuflow import KuFlowClient
from kurun_config import DocumentSettings, EngineCredentials, Settings
from kurun_worker.background import background
from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.converter import with_kuflow_payloads
from kurun_worker.definitions import activity_name
from kurun_worker.encryption import EncryptionInterceptor, Keyring, confidential, with_encryption
from kurun_worker.engine import EngineAccess
from kurun_worker.interceptors import LogContextInterceptor
from kurun_worker.k2 import K2Part
from kurun_worker.pulse import Pulse
from kurun_worker.registration import Registrar
from kurun_worker.robots import RobotPart
from kurun_worker.sandbox import workflow_runner
from kurun_worker.tracing import tracing_of

if TYPE_CHECKING:
    from kurun_worker.tracing.part import Tracing

log = structlog.get_logger(__name__)

TEMPORAL_DEFAULT_NAMESPACE = "default"


class KuFlowPlugin(SimplePlugin):
    """Connects any Temporal client and worker to KuFlow.

    ``Client.connect(address, plugins=[KuFlowPlugin(settings)])`` brings engine certificate, token and namespace,
    KuFlow's payloads, and the encryption of confidential processes. A ``Worker`` on that client gains KuFlow's
    activities, is registered with KuFlow, and has its token and certificate renewed for as long as it runs; where the
    settings name an address of K2, it gains K2's activities too, and where they enable robots, it runs these. What the
    caller set himself stays: codec, payload and failure converter, interceptors, rpc metadata, TLS, workflow runner,
    activities of the same name.

    A client that starts workflows without running a worker keeps its token fresh inside
    ``async with plugin.renewing():``; one that does neither calls :meth:`aclose` at its end. When the certificate is
    renewed, the worker moves to a new client (``worker.client``).

    Args:
        settings: The effective settings.
        kuflow: An open client of the KuFlow API. Without it the plugin makes its own from the settings, and closes it
            when no worker of it runs any more; then it has served.
        on_token: Told every new engine token, to keep it out of a log for instance.
        clock: Where time comes from.
        observers: Told of every request that the plugin's own clients make, of KuFlow and of K2.
        tracing: Takes the spans, and is closed by the caller. Without it the plugin makes its own where settings trace.

    Attributes:
        kuflow: The client of the KuFlow API.
        engine: Credentials of the engine, where they come from KuFlow.
        pulse: Asks the engine for signs of life on behalf of the last worker that began to run.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        kuflow: KuFlowClient | None = None,
        on_token: Callable[[str], None] | None = None,
        clock: Clock = SYSTEM_CLOCK,
        observers: Sequence[Observer] = (),
        tracing: "Tracing | None" = None,
    ) -> None:
        self._own_tracing = tracing_of(settings) if tracing is None else None
        if (tracing := tracing or self._own_tracing) is not None:
            observers = [*observers, tracing.requests]
        self._settings = settings
        self._owns_kuflow = kuflow is None
        self.kuflow = kuflow or KuFlowClient.from_settings(settings.kuflow, observers=observers)
        self.engine = (
            EngineAccess(settings, self.kuflow, on_token=on_token, clock=clock)
            if settings.engine.credentials is EngineCredentials.KUFLOW
            else None
        )
        self._context = ActivityContext(kuflow=self.kuflow, documents=settings.documents)
        self._k2 = K2Part.of(settings.k2, observers=observers)
        self._robots = RobotPart.of(settings, self.kuflow)
        encryption = settings.encryption
        self._keys = Keyring(self.kuflow.kms, life=encryption.key_life, size=encryption.key_cache, clock=clock)
        self._registrars: dict[str, Registrar] = {}
        self.pulse: Pulse | None = None
        self._users = 0
        self._clock = clock
        self._edge = KuFlowActivityInterceptor(self._context)
        super().__init__(
            "kurun.KuFlowPlugin",
            data_converter=self._with_payloads,
            interceptors=[
                *([tracing.interceptor] if tracing else []),
                EncryptionInterceptor(),
                LogContextInterceptor(),
                self._edge,
                *([self._k2.interceptor] if self._k2 else []),
                *([self._robots.interceptor] if self._robots else []),
            ],
            activities=self._with_activities,
            workflows=self._with_workflows,
            workflow_runner=lambda existing: workflow_runner(existing, sandbox=settings.worker.sandbox),
        )

    async def connect_service_client(
        self,
        config: ConnectConfig,
        next: Callable[[ConnectConfig], Awaitable[ServiceClient]],  # noqa: A002
    ) -> ServiceClient:
        """Connect to the engine with KuFlow's certificate and token.

        Raises:
            ApiError: KuFlow refused or could not be reached.
        """
        return await next(config) if self.engine is None else await self.engine.connect(config, next)

    def configure_client(self, config: ClientConfig) -> ClientConfig:
        """See base class; takes over the namespace where the caller named none."""
        config = super().configure_client(config)
        namespace = self.engine.namespace if self.engine else self._settings.engine.namespace
        if namespace and config["namespace"] == TEMPORAL_DEFAULT_NAMESPACE:
            config["namespace"] = namespace
        return config

    async def run_worker(self, worker: Worker, next: Callable[[Worker], Awaitable[None]]) -> None:  # noqa: A002
        """Register the worker, then keep it registered and its credentials fresh until it has ended.

        Raises:
            ConfigurationError: KuFlow refused to register the worker.
        """
        robot_ids = self._robots.robot_ids if self._robots else None
        registrar = self._registrars.setdefault(
            worker.task_queue, Registrar(self._settings, self.kuflow, clock=self._clock, robot_ids=robot_ids)
        )
        if self._robots is not None:
            self._robots.hide()
        async with self._using():
            if self.engine is not None:
                await self.engine.adopt(worker.client.service_client)
            due = await registrar.start(worker)
            refused = self.engine.token.demand if self.engine else None
            pulse = self.pulse = Pulse(worker, refused, self._settings.health, clock=self._clock)
            duties = {
                "registration": lambda: registrar.run(worker, due),
                "pulse": pulse.run,
                **self._credential_duties(),
            }
            if self._k2 is not None:
                duties |= self._k2.duties(worker, self._clock)
            if self._robots is not None:
                duties |= self._robots.duties(self._clock)
            engine = self.engine
            with engine.connecting(worker) if engine and engine.brings_certificate else nullcontext():
                # A worker follows the headers of its runs, never the block that it happens to be started in.
                async with background(duties):
                    with confidential(None):
                        await next(worker)

    @property
    def registrars(self) -> Mapping[str, Registrar]:
        """Who registers its workers, by task queue."""
        return self._registrars

    @property
    def k2(self) -> K2Part | None:
        """What K2 adds, where it is configured."""
        return self._k2

    @property
    def robots(self) -> RobotPart | None:
        """What robots add, where they are enabled."""
        return self._robots

    def use_documents(self, documents: DocumentSettings) -> None:
        """Let these limits hold for the activities that begin from now on."""
        self._context = replace(self._context, documents=documents)
        self._edge.context = self._context

    @asynccontextmanager
    async def renewing(self) -> AsyncIterator[None]:
        """Keep the tokens of this plugin's clients fresh inside the block; for those who run no worker."""
        async with self._using(), background({"token": self._renew_token}):
            yield

    async def aclose(self) -> None:
        """Close what the plugin opened itself."""
        await self._context.aclose()
        if self._k2 is not None:
            await self._k2.aclose()
        if self._owns_kuflow:
            await self.kuflow.aclose()
        if self._own_tracing is not None:
            await self._own_tracing.aclose()

    @asynccontextmanager
    async def _using(self) -> AsyncIterator[None]:
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            if self._owns_kuflow and self._users == 0:
                await self.aclose()

    def _with_activities(self, existing: Sequence[Callable[..., Any]] | None) -> Sequence[Callable[..., Any]]:
        activities = with_kuflow_activities(existing)
        for part in (self._k2, self._robots):
            activities = activities if part is None else part.with_activities(activities)
        return activities

    def _with_workflows(self, existing: Sequence[type] | None) -> Sequence[type]:
        workflows: Sequence[type] = list(existing or ())
        for part in (self._k2, self._robots):
            workflows = workflows if part is None else part.with_workflows(workflows)
        return workflows

    def _with_payloads(self, existing: DataConverter | None) -> DataConverter:
        messages = self._settings.encryption.failure_messages
        return with_encryption(with_kuflow_payloads(existing), self._keys, failure_messages=messages)

    async def _renew_token(self) -> None:
        if self.engine is not None:
            await self.engine.token.run(self.engine.apply_token)

    def _credential_duties(self) -> dict[str, Callable[[], Awaitable[None]]]:
        if (engine := self.engine) is None:
            return {}
        duties: dict[str, Callable[[], Awaitable[None]]] = {"token": self._renew_token}
        if engine.brings_certificate:
            duties["certificate"] = lambda: engine.certificate.run(engine.apply_certificate)
        return duties


def with_kuflow_activities(existing: Sequence[Callable[..., Any]] | None) -> Sequence[Callable[..., Any]]:
    """The caller's activities and those of KuFlow's that he does not replace by his own of the same name."""
    own = list(existing or ())
    taken = {activity_name(each) for each in own}
    return own + [each for each in kuflow_activities() if activity_name(each) not in taken]
