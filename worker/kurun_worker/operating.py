"""What an operator may do to a running worker: have its settings read again, pause it, and resume it."""

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from weakref import WeakSet

import structlog

from kurun_config import Settings
from kurun_worker import logs
from kurun_worker.background import background
from kurun_worker.early_signals import from_terminal
from kurun_worker.pausing import Pause
from kurun_worker.plugin import KuFlowPlugin
from kurun_worker.reloading import Reloader
from kurun_worker.slots import DrainableSlots

log = structlog.get_logger(__name__)


class Operations:
    """The operator's side of a worker.

    Args:
        pause: Whether work is taken.
        reloader: Keeps the settings up to date; without it they stay as they are.
    """

    def __init__(self, *, pause: Pause | None = None, reloader: Reloader | None = None) -> None:
        self.pause = pause or Pause()
        self.reloader = reloader
        self._slots: WeakSet[DrainableSlots] = WeakSet()

    def signals(self) -> dict[signal.Signals, Callable[[], None]]:
        """What signals ask for, beside those that end the process."""
        tasks = {signal.SIGUSR1: self.pause.pause, signal.SIGUSR2: self.pause.resume}
        if self.reloader is not None and not from_terminal():
            tasks[signal.SIGHUP] = self.reloader.ask
        return tasks

    def current(self, settings: Settings) -> Settings:
        """The settings in force, given those of the start."""
        return settings if self.reloader is None else self.reloader.settings

    def govern(self, slots: DrainableSlots) -> None:
        """Let pauses and changed limits hold for these slots."""
        self._slots.add(slots)
        self.pause.governs(slots)

    @asynccontextmanager
    async def over(self, plugin: KuFlowPlugin) -> AsyncIterator[None]:
        """Keep the settings up to date inside the block, for this plugin and all that is governed."""
        reloader = self.reloader
        if reloader is None:
            yield
            return
        reloader.may_wait = lambda: any(each.registrations for each in plugin.registrars.values())
        reloader.listen(lambda settings, changed: change_settings(plugin, settings, changed))
        reloader.listen(self.change_settings)
        plugin.kuflow.when_refused(reloader.refused)
        if plugin.k2 is not None:
            plugin.k2.clients.when_refused(reloader.refused)
        async with background({"settings": reloader.run}):
            yield

    def change_settings(self, settings: Settings, changed: frozenset[str]) -> None:
        """Let changed settings of the log and of what is governed hold from now on."""
        if "log.level" in changed:
            logs.set_level(settings.log.level)
            # What was said of the change before may have been below the level.
            log.info("the log has another level", least=settings.log.level)
        for slots in self._slots:
            if "worker.max_concurrent_activities" in changed:
                slots.resize(settings.worker.max_concurrent_activities)
            if "worker.max_activities_per_second" in changed:
                slots.limit_rate(settings.worker.max_activities_per_second)


def change_settings(plugin: KuFlowPlugin, settings: Settings, changed: frozenset[str]) -> None:
    """Put newer settings to use while the workers of a plugin run.

    Args:
        plugin: Whose clients, activities and robots are meant.
        settings: All settings.
        changed: Those that are others than before, as ``section.field``.

    Raises:
        ConfigurationError: One cannot be used.
    """
    sections = {path.partition(".")[0] for path in changed}
    # A part that refuses them does not keep them from the others.
    with ExitStack() as stack:
        if "documents" in sections:
            stack.callback(plugin.use_documents, settings.documents)
        if "kuflow" in sections:
            stack.callback(plugin.kuflow.change_credentials, settings.kuflow)
        if plugin.robots is not None:
            stack.callback(plugin.robots.change_settings, settings)
        if plugin.k2 is not None and "k2" in sections:
            stack.callback(plugin.k2.change_settings, settings.k2)
