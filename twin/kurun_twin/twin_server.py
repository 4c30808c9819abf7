"""The whole twin, started and ended as one: Temporal, the gateway before it, the platform and its HTTP API."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote
from uuid import UUID

from starlette.applications import Starlette

from kurun_twin.api import API_PREFIX, create_app
from kurun_twin.authority import EngineAuthority
from kurun_twin.data_directory import locked_data_directory
from kurun_twin.database import Database
from kurun_twin.definitions import Definitions, load_definitions
from kurun_twin.engine.authority import GatewayAuthority
from kurun_twin.engine.backing import Backing, backing
from kurun_twin.engine.certificates import CertificateAuthority
from kurun_twin.engine.dispatcher import Dispatcher
from kurun_twin.engine.encryption import Encryption
from kurun_twin.engine.gateway import EngineGateway
from kurun_twin.engine.results import workflow_result
from kurun_twin.engine.steering import engine_route
from kurun_twin.engine.stuck import StuckWorkflows
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_twin.engine.tokens import TokenMint
from kurun_twin.engine.watcher import Watcher
from kurun_twin.events import Events, failure, one_line, stuck
from kurun_twin.figures import Figures
from kurun_twin.http_server import HttpServer
from kurun_twin.info import describe, describe_k2, write_settings
from kurun_twin.k2.platform import K2Platform
from kurun_twin.options import TwinOptions
from kurun_twin.outbox import EngineCommand
from kurun_twin.platform import Platform, WorkflowOutcome
from kurun_twin.platform.refusals import NotFound
from kurun_twin.ports import HOST, Ports, ensure_free
from kurun_twin.scenario import Scenario

logger = logging.getLogger(__name__)

SETTINGS_FILE = "kurun.toml"
"""In the data directory: what ``kurun run --config`` needs."""


def _silent(_: str) -> None:
    pass


@dataclass(frozen=True)
class Listeners:
    """Who hears what the twin has to say; none may block.

    Attributes:
        progress: Told in a few words what is being done at the start.
        event: Told in one line of every process and item that is created or changes its state; ``None``: nobody is.
        failure: Told in one line of every process whose workflow failed, or cannot go on, or goes on again.
    """

    progress: Callable[[str], None] = _silent
    event: Callable[[str], None] | None = None
    failure: Callable[[str], None] = logger.warning


class TwinServer:
    """A twin on loopback for as long as the ``async with`` block runs.

    Everything is ready when the block begins: workers may connect, processes may be created.

    Attributes:
        info: Addresses, credentials and definitions (see :func:`kurun_twin.info.describe`); holds secrets.
        platform: The state and its rules.
        k2: The same for K2, if the definitions have it.
        gateway: The engine's door; it can be told to misbehave.
        scenario: How the HTTP API misbehaves.
        temporal: The Temporal server, unless an address was given.
    """

    info: dict[str, Any]
    platform: Platform
    k2: K2Platform | None
    gateway: EngineGateway
    temporal: TemporalServer | None

    def __init__(
        self, options: TwinOptions, *, scenario: Scenario | None = None, listeners: Listeners | None = None
    ) -> None:
        """Nothing is started yet.

        Args:
            options: What the twin is told.
            scenario: How it misbehaves from the start.
            listeners: Hear what it has to say.
        """
        self.options = options
        self.scenario = scenario or Scenario()
        self._listeners = listeners or Listeners()
        self.temporal = None
        self.k2 = None
        self._stack = AsyncExitStack()
        self._running: list[asyncio.Future[None]] = []

    async def __aenter__(self) -> Self:
        """Start everything.

        Raises:
            ConfigurationError: The definitions, the data directory or a port cannot be used.
            EngineError: Temporal does not start or answer.
        """
        definitions = await asyncio.to_thread(
            load_definitions, self.options.definitions, max_bytes=self.options.max_definitions
        )
        async with AsyncExitStack() as stack:
            await self._start(stack, definitions)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything, the engine last."""
        await self._stack.aclose()

    async def run(self) -> None:
        """Wait until something fails that the twin cannot do without.

        Raises:
            EngineError: Temporal cannot be kept running.
        """
        done, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.result()

    async def _start(self, stack: AsyncExitStack, definitions: Definitions) -> None:
        options, folder = self.options, self.options.data_dir
        ensure_free("--http-port", options.http_port)
        ensure_free("--engine-port", options.engine_port)
        lock = await stack.enter_async_context(locked_data_directory(folder))
        authority = await asyncio.to_thread(CertificateAuthority.open, folder / "certificates")
        tokens = await asyncio.to_thread(
            TokenMint.open, folder / "token.key", options.token_life, grace=options.token_grace
        )
        engine = await stack.enter_async_context(backing(options, lock, self._listeners.progress))
        self.temporal = engine.server
        if engine.server is not None:
            self._running.append(engine.server.failed)

        self._listeners.progress("opening the gateway and the API")
        database = await asyncio.to_thread(Database, folder / "twin.db")
        stack.push_async_callback(asyncio.to_thread, database.close)
        self.platform = await asyncio.to_thread(Platform, options, definitions, database, Figures())
        if definitions.k2 is not None:
            self.k2 = await asyncio.to_thread(K2Platform, options, definitions.k2, database, self.platform.figures)
        encryption = Encryption(self._key)
        self.platform.read_result = partial(workflow_result, engine.client, encryption, self._unreadable)
        ports = Ports(folder / "ports.json")
        self._stuck = StuckWorkflows(engine.client, self.platform.figures, self._tell_stuck)
        self.gateway = EngineGateway(
            authority, tokens, engine.channel, self.platform.figures, passed=self._stuck.passed
        )
        stack.push_async_callback(self.gateway.stop)
        await ports.take("engine", options.engine_port, self.gateway.start)
        dispatcher = Dispatcher(
            self.platform.outbox, engine.client, authority.fingerprint, encryption=encryption, held=self._held
        )
        self._background(stack, dispatcher.run())
        self._background(stack, Watcher(engine.client, database, self._finished).run())
        self._background(stack, self._stuck.run())
        if self._listeners.event is not None:
            self._background(stack, Events(database, self._listeners.event).run())

        server = HttpServer(self._app(self._issuer(authority, tokens)))
        stack.push_async_callback(server.stop)
        await ports.take("http", options.http_port, server.start)
        await asyncio.to_thread(ports.remember, engine=self.gateway.port, http=server.port)
        self.info = self._describe(server, engine)
        await asyncio.to_thread(write_settings, folder / SETTINGS_FILE, self.info)

    async def _finished(self, process_id: UUID, outcome: WorkflowOutcome, reason: str) -> None:
        self._stuck.ended(str(process_id))
        await self.platform.process_finished(process_id, outcome)
        if outcome is WorkflowOutcome.FAILED:
            with suppress(NotFound):  # some other program's workflow
                process = await self.platform.database.run(self.platform.processes.retrieve, str(process_id))
                self._listeners.failure(failure(process, reason, self._page(process_id)))

    async def _tell_stuck(self, workflow_id: str, workflow_type: str, reason: str | None) -> None:
        process = None
        with suppress(NotFound):  # the workflow of an action, a child, or some other program's
            process = await self.platform.database.run(self.platform.processes.retrieve, workflow_id)
        self._listeners.failure(stuck(workflow_id, workflow_type, process, reason, self._page(workflow_id)))

    async def _key(self, key_id: str) -> bytes:
        return await self.platform.database.run(self.platform.kms_keys.value, key_id)

    def _held(self, command: EngineCommand, reason: str) -> None:
        self.platform.figures.encryption_failure(reason)
        what = f"{command.kind} {command.workflow_id} waits, and so does all that needs the same key"
        self._listeners.failure(one_line(f"{what}: {reason}"))

    def _unreadable(self, workflow_id: str, reason: str) -> None:
        self.platform.figures.encryption_failure(reason)
        self._listeners.failure(one_line(f"the answer of workflow {workflow_id} cannot be read: {reason}"))

    def _page(self, workflow_id: UUID | str) -> str:
        """Where a developer can look at a workflow."""
        ui = self.temporal.ui if self.temporal else None
        if ui is None:
            return "its workflow in Temporal"
        return f"{ui}/namespaces/{self.options.namespace}/workflows/{quote(str(workflow_id), safe='')}"

    def _issuer(self, authority: CertificateAuthority, tokens: TokenMint) -> EngineAuthority:
        return GatewayAuthority(
            authority,
            tokens,
            principal=self.platform.principals.applications[0].definition.name,
            namespace=self.options.namespace,
            certificate_life=self.options.certificate_life,
        )

    def _app(self, issuer: EngineAuthority) -> Starlette:
        app = create_app(self.platform, issuer, self.scenario, self.k2)
        app.router.routes.append(engine_route(self.gateway))
        return app

    def _describe(self, server: HttpServer, engine: Backing) -> dict[str, Any]:
        info = describe(
            self.platform,
            endpoint=f"http://{HOST}:{server.port}{API_PREFIX}",
            engine_address=f"localhost:{self.gateway.port}",
            direct_address=engine.address,
            ui=engine.server.ui if engine.server else None,
        )
        if self.k2 is None:
            return info
        self.k2.address = f"http://{HOST}:{server.port}"
        return {**info, "k2": describe_k2(self.k2)}

    def _background(self, stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(_log_failure)
        self._running.append(task)
        stack.push_async_callback(_end, task)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("the twin cannot go on", exc_info=error)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
