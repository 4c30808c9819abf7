"""How registration, credentials, polls and the engine stand, each as a trouble in one line or ``None``."""

from datetime import datetime
from typing import Any

from kurun_config import Settings, variable
from kurun_worker.credentials import Keeper
from kurun_worker.engine import Step
from kurun_worker.plugin import KuFlowPlugin
from kurun_worker.pulse import Pulse
from kurun_worker.registration import Registrar


def registration_trouble(registrar: Registrar | None, slack: float) -> str | None:
    """Why KuFlow may think that the worker is gone.

    Args:
        registrar: Registers the worker; ``None`` before there is one.
        slack: Seconds that a registration may be late.
    """
    if registrar is None:
        return "not registered with KuFlow yet: the engine is reached first"
    state = registrar.state
    if state.age is not None and state.window is not None and state.age <= state.window + slack:
        return None
    if state.age is None or state.window is None:
        said = "not registered with KuFlow yet"
    else:
        said = f"the last registration with KuFlow is {state.age:.0f} s old, one is due every {state.window:.0f} s"
    return said + _failing(state.failing_since, state.error)


def credential_trouble(name: str, keeper: Keeper[Any], margin: float) -> str | None:
    """Why the engine may refuse the worker.

    Args:
        name: What the credential is called.
        keeper: Keeps it fresh.
        margin: Least seconds that it has to be good for; a quarter of its life, where that is shorter.
    """
    state, remaining = keeper.state, keeper.remaining()
    if state.expires_at is not None and remaining > max(0.0, min(margin, state.life / 4)):
        return None
    if state.expires_at is None:
        said = f"there is no {name} yet"
    elif remaining > 0:
        said = f"the {name} ends in {remaining:.1f} s"
    else:
        said = f"the {name} ended at {_time(state.expires_at)}"
    return said + _failing(state.failing_since, state.error)


def connection_trouble(settings: Settings, plugin: KuFlowPlugin) -> str:
    """What a worker that is not there yet waits for."""
    step = plugin.engine.step if plugin.engine else Step.CONNECTION
    if step is Step.CONNECTION:
        return f"not connected to the engine at {settings.engine.address}: see {variable('engine.address')}"
    return f"KuFlow at {settings.kuflow.endpoint} has not given the {step.value} yet: see {variable('kuflow.endpoint')}"


def engine_trouble(settings: Settings, pulse: Pulse | None, patience: float, now: float) -> str | None:
    """Why the engine counts as away.

    Args:
        settings: Say where it is.
        pulse: Asks it; ``None`` while no worker is connected.
        patience: Seconds for which a good answer counts.
        now: The time of the pulse's clock.
    """
    address = settings.engine.address
    if pulse is None:
        return f"no connection to the engine at {address}"
    state = pulse.state
    if state.answered_at is not None and now - state.answered_at <= patience:
        return None
    return f"the engine at {address} {state.trouble or 'has not been heard of lately'}"


def _failing(since: datetime | None, error: str | None) -> str:
    if since is None:
        return ""
    return f"; it fails since {_time(since)}" + (f": {' '.join(error.split())}" if error else "")


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
