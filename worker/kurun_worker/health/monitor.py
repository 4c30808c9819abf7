"""Looking after everything that readiness depends on, on the worker's own event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from kurun_config import Settings
from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.health.conditions import Health
from kurun_worker.health.disks import Disks
from kurun_worker.health.looks import Look, Pace, Trouble
from kurun_worker.health.places import hosts, resolving
from kurun_worker.health.reaching import Answers, Reaching
from kurun_worker.health.standing import (
    connection_trouble,
    credential_trouble,
    engine_trouble,
    registration_trouble,
)
from kurun_worker.plugin import KuFlowPlugin
from kurun_worker.slots import DrainableWorker

log = structlog.get_logger(__name__)

TICK = 1.0
SLOW_START = 15.0
"""Seconds after which a worker that has not been ready yet says why."""

Pollers = Callable[[], Awaitable[int | None]]
"""How many polls the SDK says it has open; ``None`` where it does not say."""
Paused = Callable[[], str | None]
"""Why the worker is paused, or ``None`` if it is not."""


class HealthMonitor:
    """Notes once a second how the worker stands, and looks at what it depends on.

    Args:
        settings: The effective settings of the start.
        plugin: Knows credentials, registration and the engine's pulse.
        health: Where it is noted.
        worker: The worker that serves now, if one does.
        answers: What the worker's own requests to KuFlow met.
        current: The settings in force, where they may change.
        pollers: Asked for the SDK's own count of polls.
        paused: Asked whether the worker is paused.
        clock: Where time comes from.

    Raises:
        ConfigurationError: A file that the settings name cannot be read.
    """

    def __init__(
        self,
        settings: Settings,
        plugin: KuFlowPlugin,
        health: Health,
        *,
        worker: Callable[[], DrainableWorker | None],
        answers: Answers,
        current: Callable[[], Settings] | None = None,
        pollers: Pollers | None = None,
        paused: Paused | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._settings = settings
        self._plugin = plugin
        self._health = health
        self._worker = worker
        self._paused = paused
        self._clock = clock
        wanted = settings.health
        self._pace = pace = Pace(wanted.interval.total_seconds(), wanted.timeout.total_seconds())
        self._reaching = Reaching(settings.kuflow, pace, answers)
        self._kuflow = Look("KuFlow", self._reaching, pace=pace, patience=pace.patience, clock=clock)
        self._names = [
            Look(host, resolving(host), pace=pace, patience=pace.patience, clock=clock) for host in hosts(settings)
        ]
        self._disks = Disks(current or (lambda: settings), pace=pace, clock=clock)
        self._polls = (
            None
            if pollers is None
            else Look("polls", _at_least_one(pollers), pace=pace, patience=pace.patience, clock=clock)
        )
        self._ready = self._was_ready = self._told_why = False
        self._began_at = clock.monotonic()
        self._late = Lateness(TICK + pace.interval, pace.patience)
        self._kuflow_away = False

    async def beat(self) -> None:
        """Say once a second that the loop turns, whatever else goes wrong."""
        while True:
            self._health.beat()
            await asyncio.sleep(TICK)

    async def run(self) -> None:
        """Note for ever."""
        pause = min(TICK, self._pace.interval / 2)
        while True:
            await self._disks.follow()
            self._report(self._troubles())
            self._hurry_renewals()
            await asyncio.sleep(pause)

    async def aclose(self) -> None:
        """Look at nothing any more."""
        for look in (self._kuflow, *self._names, *self._disks.looks, *([self._polls] if self._polls else [])):
            await look.aclose()
        await self._reaching.aclose()

    def _troubles(self) -> dict[str, str | None]:
        settings, plugin, now = self._settings, self._plugin, self._clock.monotonic()
        late = self._late.at(now)
        patience = self._pace.patience + late
        limits, queue = settings.health, settings.worker.task_queue or ""
        found: dict[str, str | None] = {"registered": registration_trouble(plugin.registrars.get(queue), patience)}
        if plugin.engine is not None:
            margin = limits.token_margin.total_seconds()
            found["token"] = credential_trouble("engine token", plugin.engine.token, margin)
            if plugin.engine.brings_certificate:
                margin = limits.certificate_margin.total_seconds()
                found["certificate"] = credential_trouble("engine certificate", plugin.engine.certificate, margin)
        found["polling"] = self._polling(late)
        found["engine"] = engine_trouble(settings, plugin.pulse, patience, now)
        found["kuflow"] = self._kuflow.tick(late=late)
        if self._names:
            found["names"] = _joined(self._names, late)
        if self._disks.looks:
            found["disk"] = _joined(self._disks.looks, late)
        if self._paused is not None:
            found["taking work"] = self._paused()
        return found

    def _polling(self, late: float) -> str | None:
        if (drainable := self._worker()) is None:
            return connection_trouble(self._settings, self._plugin)
        if drainable.failed.done():
            return "the engine refused the polls for too long; the worker is replaced"
        if not drainable.worker.is_running:
            return "the worker starts and does not poll yet"
        return None if self._polls is None else self._polls.tick(late=late)

    def _hurry_renewals(self) -> None:
        """Let what failed while KuFlow was away be tried again once it is back, rather than at the end of a pause."""
        away = self._kuflow.failing
        if self._kuflow_away and not away and (engine := self._plugin.engine) is not None:
            engine.token.hurry()
            engine.certificate.hurry()
        self._kuflow_away = away

    def _report(self, troubles: dict[str, str | None]) -> None:
        changed = self._health.note(troubles)
        if self._health.draining:
            return
        if not (self._was_ready or self._told_why) and self._clock.monotonic() - self._began_at > SLOW_START:
            self._told_why, changed = True, self._health.conditions
        for each in changed:
            if (self._was_ready or self._told_why) and not each.ok:
                log.warning("not ready", condition=each.name, reason=each.reason)
        ready = all(trouble is None for trouble in troubles.values())
        if ready and not self._ready:
            log.info("ready")
        self._ready, self._was_ready = ready, self._was_ready or ready


class Lateness:
    """For how long the event loop lately stood still. What could not be done meanwhile is not held against others.

    Args:
        usual: Seconds between two looks that are no news.
        grace: Seconds after a block in which it counts.
    """

    def __init__(self, usual: float, grace: float) -> None:
        self._usual = usual
        self._grace = grace
        self._looked_at: float | None = None
        self._until = 0.0
        self._seconds = 0.0

    def at(self, now: float) -> float:
        """Seconds to be forgiven now."""
        gap = 0.0 if self._looked_at is None else now - self._looked_at
        self._looked_at = now
        if now > self._until:
            self._seconds = 0.0
        if gap > self._usual:
            self._seconds, self._until = self._seconds + gap, now + self._grace
        return self._seconds


def _joined(looks: Iterable[Look], late: float) -> str | None:
    return "; ".join(trouble for look in looks if (trouble := look.tick(late=late)) is not None) or None


def _at_least_one(pollers: Pollers) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        if await pollers() == 0:
            raise Trouble("Temporal's core has none open")

    return ask
