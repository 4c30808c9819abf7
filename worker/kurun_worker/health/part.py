"""What health adds to a daemon whose settings name a port. Without one none of it is imported."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager

from kurun_clients.http.base import user_agent
from kurun_config import Settings
from kurun_worker.background import background
from kurun_worker.health.conditions import Health
from kurun_worker.health.monitor import HealthMonitor, Paused, Pollers
from kurun_worker.health.reaching import Answers
from kurun_worker.health.server import HealthServer, Metrics
from kurun_worker.plugin import KuFlowPlugin
from kurun_worker.registration import default_identity
from kurun_worker.supervisor import Supervisor


class HealthPart:
    """Server, monitor and what they share.

    Args:
        settings: The effective settings of the start.
        current: The settings in force.
        clean: Hides secrets in a text that is served.

    Attributes:
        health: How the worker stands.
        answers: An observer to be given to the worker's client of KuFlow; without it KuFlow is only asked more often.
    """

    def __init__(self, settings: Settings, *, current: Callable[[], Settings], clean: Callable[[str], str]) -> None:
        self._settings = settings
        self._current = current
        self.answers = Answers()
        self.health = Health(
            {
                "task_queue": settings.worker.task_queue or "",
                "identity": settings.worker.identity or default_identity(),
                "version": user_agent().partition("/")[2],
            },
            max_loop_lag=settings.health.max_loop_lag.total_seconds(),
            clean=clean,
        )

    @contextmanager
    def serving(self, *, metrics: Metrics | None = None) -> Iterator[HealthServer]:
        """Listen inside the block.

        Raises:
            ConfigurationError: The address cannot be listened on.
        """
        with HealthServer(self.health, self._settings.health, metrics=metrics) as server:
            yield server

    @asynccontextmanager
    async def watching(
        self,
        plugin: KuFlowPlugin,
        supervisor: Supervisor,
        stop: asyncio.Event,
        *,
        pollers: Pollers | None = None,
        paused: Paused | None = None,
    ) -> AsyncIterator[None]:
        """Note inside the block how the worker stands, and at its end that there is none any more."""
        monitor = HealthMonitor(
            self._settings,
            plugin,
            self.health,
            worker=lambda: supervisor.serving,
            answers=self.answers,
            current=self._current,
            pollers=pollers,
            paused=paused,
        )

        async def notice_stop() -> None:
            await stop.wait()
            self.health.drain()

        duties = {"loop": monitor.beat, "health": monitor.run, "stop": notice_stop}
        try:
            async with aclosing(monitor), background(duties):
                yield
        finally:
            self.health.end()
