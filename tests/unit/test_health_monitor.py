"""What the monitor does beside noting: renewals are hurried when KuFlow is back."""

import asyncio
import itertools
from contextlib import aclosing
from datetime import UTC, datetime

from kurun_config import Settings
from kurun_worker.background import background
from kurun_worker.health.conditions import Health
from kurun_worker.health.monitor import HealthMonitor
from kurun_worker.health.reaching import Answers
from kurun_worker.plugin import KuFlowPlugin
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
