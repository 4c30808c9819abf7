"""Whether the optional libraries are there that the settings ask for."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final

from kurun_config import Settings
from kurun_worker.doctor.checks import Check, known
from kurun_worker.doctor.report import Verdict, misconfigured, ok, warning

LIBRARIES: Final = {
    "k2": ("jsonschema", "lxml", "oauthlib", "spnego"),
    "robots": ("yaml", "uv"),
    "otel": ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
}
"""What each extra of the distribution brings."""


def extra_checks(settings: Settings) -> list[Check]:
    """One for each extra that the settings, or the standard variables of OpenTelemetry, ask for."""
    return [known(f"extra {name}", _verdict(name, traced=settings.tracing.enabled)) for name in _wanted(settings)]


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


def _installed(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except ModuleNotFoundError:
        return False
