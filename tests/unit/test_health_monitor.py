"""What the monitor notes and how it is served, and that renewals are hurried when KuFlow is back."""

import asyncio
import itertools
from contextlib import aclosing
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import structlog

from kurun_config import Settings
from kurun_worker.background import background
from kurun_worker.health.conditions import Health
from kurun_worker.health.monitor import SLOW_START, HealthMonitor
from kurun_worker.health.reaching import Answers
from kurun_worker.instruments import Instruments
from kurun_worker.operating import Operations
from kurun_worker.plugin import KuFlowPlugin
from kurun_worker.redaction import MASK, Redactor
from tests.unit.loopback import Loopback, Peer, serving
from tests.waiting import until


class PausesForEver:
    """A clock whose pauses end by their event alone; the first pause after a try, which hears nothing, is skipped."""

    def __init__(self) -> None:
        self.seconds = itertools.count(1.0)
        self.pausing = False

    def now(self) -> datetime:
        """The date and time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """A second more each time."""
        return next(self.seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for the event where the pause is a long one."""
        if seconds <= 5.0:
            await asyncio.sleep(0)
            return event.is_set()
        self.pausing = True
        return await event.wait()


class Away:
    """KuFlow, which answers 503 until it is back, and then 401 to those who do not say who they are."""

    def __init__(self) -> None:
        self.back = False

    async def script(self, peer: Peer) -> None:
        """Answer for ever."""
        while True:
            received = await peer.receive()
            await peer.answer(401 if self.back and received.method == "GET" else 503)


def tries(kuflow: Loopback) -> int:
    """How often a token was asked for."""
    return sum(each.method == "POST" for each in kuflow.received)


async def test_a_token_is_asked_for_again_as_soon_as_kuflow_answers() -> None:
    """Whatever is left of the pause after the last try."""
    away, clock = Away(), PausesForEver()
    async with serving(away.script) as kuflow:
        settings = Settings.model_validate(
            {
                "kuflow": {"endpoint": kuflow.url, "client_id": "id", "client_secret": "x", "retries": 0},
                "worker": {"task_queue": "loans"},
                "engine": {"renewal_backoff_max": 600},
                "health": {"interval": 0.1, "timeout": 1},
            }
        )
        plugin = KuFlowPlugin(settings, clock=clock)
        health = Health({}, max_loop_lag=60)
        monitor = HealthMonitor(settings, plugin, health, worker=lambda: None, answers=Answers())
        assert plugin.engine is not None
        token = plugin.engine.token

        async def apply(_token: str) -> None:
            return

        async with (
            aclosing(plugin),
            aclosing(monitor),
            background({"token": lambda: token.run(apply), "health": monitor.run}),
        ):
            await until(lambda: clock.pausing and any(each.method == "GET" for each in kuflow.received))
            during = tries(kuflow)
            away.back = True
            await until(lambda: tries(kuflow) > during)

    assert token.state.renewals == 0


async def echo(peer: Peer) -> None:
    """What a broken proxy answers: a page of its own with what it was sent."""
    while True:
        received = await peer.receive()
        said = f"<p>no upstream for {received.headers.get('authorization', 'nobody')}, a secret of hunter2</p>"
        await peer.answer(502, said.encode(), content_type="text/html")


async def test_what_a_server_said_is_served_without_secrets() -> None:
    """Whoever may ask how a worker is may not see what the log hides."""
    nobody: Any = SimpleNamespace(recoveries=0, serving=None)
    async with serving(echo) as kuflow:
        settings = Settings.model_validate(
            {
                "kuflow": {"endpoint": kuflow.url, "client_id": "id", "client_secret": "hunter2", "retries": 0},
                "worker": {"task_queue": "loans"},
                "health": {"port": 0, "interval": 0.1},
            }
        )
        plugin = KuFlowPlugin(settings)
        instruments = Instruments.of(settings, Operations(), Redactor.of(settings))
        assert plugin.engine is not None
        assert instruments.health is not None
        token, health = plugin.engine.token, instruments.health.health

        async def apply(_token: str) -> None:
            return

        def said() -> str:
            return next((each.reason for each in health.ready().conditions if each.name == "token"), "")

        async with (
            aclosing(plugin),
            background({"token": lambda: token.run(apply)}),
            instruments.watching(plugin, nobody, asyncio.Event(), lambda: None),
        ):
            await until(lambda: "no upstream" in said())

    assert "hunter2" in (token.state.error or "")
    assert said().endswith(f"<p>no upstream for Basic {MASK}, a secret of {MASK}</p>")


async def test_a_worker_that_does_not_become_ready_says_why() -> None:
    """Each reason is in the log after a while, once: of a rollout that fails it is often all there is."""
    settings = Settings.model_validate(
        {
            "kuflow": {"endpoint": "http://127.0.0.1:9", "client_id": "id", "client_secret": "x", "retries": 0},
            "worker": {"task_queue": "loans"},
            "health": {"interval": 0.1},
        }
    )
    plugin, clock = KuFlowPlugin(settings), PausesForEver()
    health = Health({}, max_loop_lag=60)
    monitor = HealthMonitor(settings, plugin, health, worker=lambda: None, answers=Answers(), clock=clock)

    with structlog.testing.capture_logs() as logged:
        async with aclosing(plugin), aclosing(monitor), background({"health": monitor.run}):
            await until(lambda: len(logged) >= 3)
            told = next(clock.seconds)
            await until(lambda: next(clock.seconds) > told + 3 * SLOW_START)

    said = [each["condition"] for each in logged if each["event"] == "not ready"]
    assert set(said) >= {"registered", "token", "polling"}
    assert len(said) == len(set(said))
