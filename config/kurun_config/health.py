"""Settings of health checks and metrics."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from kurun_config.model import Name, Positive, Seconds, Section

Port = Annotated[int, Field(ge=0, le=65535)]


def _bearable(lag: timedelta) -> timedelta:
    # The loop gives a sign of life once a second.
    if lag < timedelta(seconds=3):
        raise ValueError("has to be 3 seconds or more, or a healthy worker counts as dead")
    return lag


class HealthSettings(Section):
    """What the worker says of itself over http: `/livez`, `/readyz` and `/metrics`."""

    host: Name = "127.0.0.1"
    """Address to listen on. A container listens on `0.0.0.0`; nothing secret is served."""
    port: Port | None = None
    """Port to listen on; without it nothing is served. `0`: a free one, which the log names."""
    max_loop_lag: Annotated[Seconds, AfterValidator(_bearable)] = timedelta(seconds=10)
    """Seconds, 3 or more, that the event loop may stand still before `/livez` fails."""
    interval: Seconds = timedelta(seconds=3)
    """Seconds between two looks at KuFlow, the engine, names and disks."""
    timeout: Seconds = timedelta(seconds=5)
    """Seconds that one such look may take."""
    token_margin: Seconds = timedelta(seconds=2)
    """Least life of the engine token with which the worker counts as ready."""
    certificate_margin: Seconds = timedelta(minutes=1)
    """Least life of the engine certificate with which the worker counts as ready."""
    min_free_disk: Positive = 64 * 1024**2
    """Bytes that must be free where the worker writes."""
