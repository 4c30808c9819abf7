"""What shows how a running worker is: health and metrics, only where the settings want them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kurun_clients.http import Observer
from kurun_config import Settings
from kurun_worker.operating import Operations
from kurun_worker.plugin import KuFlowPlugin
from kurun_worker.redaction import Redactor
from kurun_worker.supervisor import Supervisor

if TYPE_CHECKING:
    from kurun_worker.health.part import HealthPart
    from kurun_worker.metrics import Metrics


@dataclass(frozen=True)
class Instruments:
    """The instruments of one worker.

    Attributes:
        settings: The effective settings.
        health: Liveness and readiness, where a port is set for them.
        metrics: Served beside the health.
    """

    settings: Settings
    health: "HealthPart | None"
    metrics: "Metrics | None"

    @classmethod
    def of(cls, settings: Settings, operations: Operations, redactor: Redactor) -> "Instruments":
        """Those that the settings want.

        Args:
            settings: The effective settings of the start.
            operations: Know those in force, and whether the worker is paused.
            redactor: Hides secrets in what is served.
        """
        health = metrics = None
        if settings.health.port is not None:
            # Nothing of a server is imported where nothing is served.
            from kurun_worker.health.part import HealthPart  # noqa: PLC0415
            from kurun_worker.metrics import Metrics  # noqa: PLC0415

            health = HealthPart(settings, current=lambda: operations.current(settings), clean=redactor.text)
            metrics = Metrics()
            standing = health.health
            metrics.follow_health(
                lambda: standing.ready().ok, lambda: {each.name: each.ok for each in standing.conditions}
            )
            metrics.follow_pause(lambda: operations.pause.paused)
            metrics.follow_drain(lambda: standing.draining)
        return cls(settings, health, metrics)

    @property
    def of_requests(self) -> Sequence[Observer]:
        """Those that look at every request, to K2 as well."""
        return [self.metrics.requests] if self.metrics else []

    @property
    def of_kuflow(self) -> Sequence[Observer]:
        """Those that look at requests to KuFlow."""
        return [*self.of_requests, self.health.answers] if self.health else self.of_requests

    def drain(self) -> None:
        """The worker stops: it is not ready any more."""
        if self.health is not None:
            self.health.health.drain()

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Serve health and metrics inside the block."""
        if self.health is None:
            yield
            return
        with self.health.serving(metrics=self.metrics.body if self.metrics else None):
            yield

    @asynccontextmanager
    async def watching(
        self, plugin: KuFlowPlugin, supervisor: Supervisor, stop: asyncio.Event, paused: Callable[[], str | None]
    ) -> AsyncIterator[None]:
        """Follow the worker of this supervisor inside the block.

        Args:
            plugin: Its credentials.
            supervisor: Keeps it alive.
            stop: Set when it shall end.
            paused: Why it is paused; ``None`` while it is not.
        """
        queue = self.settings.worker.task_queue or ""
        async with contextlib.AsyncExitStack() as stack:
            if self.metrics is not None:
                await stack.enter_async_context(self.metrics.following(plugin, supervisor))
            if self.health is not None:
                polls = partial(self.metrics.open_polls, queue) if self.metrics else None
                await stack.enter_async_context(
                    self.health.watching(plugin, supervisor, stop, pollers=polls, paused=paused)
                )
            yield
