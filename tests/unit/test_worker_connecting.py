"""What the daemon says while it reaches the engine."""

import asyncio
from typing import NoReturn

import pytest
import structlog

from kurun_config import Settings
from kurun_worker import connecting
from kurun_worker.clock import SYSTEM_CLOCK
from kurun_worker.connecting import Connector, StartError
from kurun_worker.engine import Step


async def silent() -> NoReturn:
    """An engine that does not answer."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def connector(step: Step) -> Connector:
    """It gives up after a fifth of a second."""
    settings = Settings.model_validate(
        {
            "engine": {"address": "engine.test:443", "connect_timeout": 0.2},
            "kuflow": {"endpoint": "https://kuflow.test/v1"},
        }
    )
    return Connector(
        settings, connect=silent, refresh=silent, step=lambda: step, stop=asyncio.Event(), clock=SYSTEM_CLOCK
    )


@pytest.mark.parametrize(
    ("step", "address"), [(Step.CONNECTION, "engine.test:443"), (Step.TOKEN, "https://kuflow.test/v1")]
)
async def test_a_long_wait_is_told_once(step: Step, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for, where, and how long at most."""
    monkeypatch.setattr(connecting, "LONG", 0.01)
    with structlog.testing.capture_logs() as logs, pytest.raises(StartError):
        await connector(step).first()

    assert logs == [
        {"event": "still connecting", "log_level": "info", "waiting_for": step.value, "address": address, "limit": 0.2}
    ]


async def test_a_short_wait_is_not_told() -> None:
    """Nor anything after it has ended."""
    with structlog.testing.capture_logs() as logs, pytest.raises(StartError):
        await connector(Step.CONNECTION).first()

    assert connecting.LONG == 2
    assert logs == []
