"""One trace of each process. Nothing of OpenTelemetry is imported here, nor at all while tracing is off."""

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from structlog.typing import Processor

from kurun_config import ConfigurationError, Settings, variable

if TYPE_CHECKING:
    from kurun_worker.tracing.part import Tracing

_NEEDED = ("opentelemetry", "opentelemetry.sdk")


def is_on(settings: Settings) -> bool:
    """Whether there are traces; ``OTEL_SDK_DISABLED`` outdoes the settings.

    Raises:
        ConfigurationError: They are wanted, but what makes them is not installed.
    """
    if not settings.tracing.enabled or os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if not all(find_spec(each) for each in _NEEDED):
        raise ConfigurationError(
            f"{variable('tracing.enabled')} needs libraries that are not installed: pip install 'kurun[otel]'"
        )
    return True


def tracing_of(settings: Settings) -> "Tracing | None":
    """What tracing adds to a worker with these settings.

    Raises:
        ConfigurationError: It cannot be done as the settings and OpenTelemetry's variables want it.
    """
    if not is_on(settings):
        return None
    from kurun_worker.tracing.part import Tracing  # noqa: PLC0415 - nothing of it where nothing is traced

    return Tracing(settings)


def log_fields(settings: Settings) -> list[Processor]:
    """What adds trace and span to lines of the log.

    Raises:
        ConfigurationError: Traces are wanted, but what makes them is not installed.
    """
    if not is_on(settings):
        return []
    from kurun_worker.tracing.log_lines import trace_fields  # noqa: PLC0415

    return [trace_fields]
