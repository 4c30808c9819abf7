"""Whether the optional libraries are there that the settings ask for."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final

from kurun_config import ConfigurationError, Settings
from kurun_worker.doctor.checks import Check, known
from kurun_worker.doctor.report import Verdict, misconfigured, ok, warning
from kurun_worker.reasons import line

LIBRARIES: Final = {
    "k2": ("jsonschema", "lxml", "oauthlib", "spnego"),
    "robots": ("yaml", "uv"),
    "otel": ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
}
"""What each extra of the distribution brings."""
TRACING: Final = "tracing"
"""Name of the check of what takes the traces."""


def extra_checks(settings: Settings) -> list[Check]:
    """One for each extra that the settings, or the standard variables of OpenTelemetry, ask for."""
    checks = [known(f"extra {name}", _verdict(name, traced=settings.tracing.enabled)) for name in _wanted(settings)]
    if settings.tracing.enabled:
        checks.append(Check(TRACING, lambda: _tracing(settings), needs=("extra otel",)))
    return checks


def _wanted(settings: Settings) -> Iterator[str]:
    k2 = settings.k2
    if k2.endpoint is not None or k2.services_endpoint is not None:
        yield "k2"
    if settings.robots.enabled:
        yield "robots"
    if settings.tracing.enabled or any(name.startswith("OTEL_EXPORTER_OTLP") for name in os.environ):
        yield "otel"


def _verdict(name: str, *, traced: bool) -> Verdict:
    missing = [library for library in LIBRARIES[name] if not _installed(library)]
    if not missing:
        return ok(f"installed ({', '.join(LIBRARIES[name])})")
    said, fix = f"not installed: {', '.join(missing)}", f"pip install 'kurun[{name}]'"
    return warning(f"{said}: nothing is traced", fix) if name == "otel" and not traced else misconfigured(said, fix)


async def _tracing(settings: Settings) -> Verdict:
    from kurun_worker.tracing import tracing_of  # noqa: PLC0415 - nothing of it where nothing is traced

    try:
        tracing = tracing_of(settings)
    except ConfigurationError as error:
        return misconfigured(line(error), "correct OpenTelemetry's variables, or unset KURUN_TRACING_ENABLED")
    if tracing is None:
        return warning("OTEL_SDK_DISABLED outdoes the settings: nothing is traced", "unset it")
    await tracing.aclose()
    return ok("the exporters can be made; whether the collector answers is seen with the first spans")


def _installed(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except ModuleNotFoundError:
        return False
