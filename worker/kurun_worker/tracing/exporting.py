"""Where spans go: exporters as OpenTelemetry's variables name them, and one line in the log when nobody takes them."""

import logging
import os
from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from typing import Final
from urllib.parse import urlsplit

import structlog
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from kurun_clients.http.base import user_agent
from kurun_config import ConfigurationError, Settings
from kurun_worker.registration import default_identity

log = structlog.get_logger(__name__)

SERVICE: Final = "kurun"
_PROTOCOLS: Final = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}
_SDK_LOGGERS: Final = (
    "opentelemetry.exporter.otlp.common.http",
    "opentelemetry.sdk._shared_internal",
    "opentelemetry.sdk.trace.export",
)


class OurTracerProvider(TracerProvider):
    """A provider that a caller did not bring."""


class ToldOnce(SpanExporter):
    """Another exporter, whose many words about a collector that does not answer become one line.

    Args:
        exporter: The other one.
        collector: What the line calls the collector.
    """

    def __init__(self, exporter: SpanExporter, collector: str) -> None:
        self._exporter = exporter
        self._collector = collector
        self._lost = 0
        self._said = False
        self._filter = _Listening(self)
        self._loggers = [logging.getLogger(name) for name in (*_SDK_LOGGERS, type(exporter).__module__)]
        for each in self._loggers:
            each.addFilter(self._filter)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See base class."""
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self._lost += len(spans)
            self.trouble(None)
        elif self._said:
            log.info("traces are exported again", collector=self._collector, lost=self._lost)
            self._lost, self._said = 0, False
        return result

    def trouble(self, reason: str | None) -> None:
        """Something is wrong; said once, until something was exported again."""
        if not self._said:
            self._said = True
            log.warning("traces cannot be exported", collector=self._collector, error=reason or "refused")

    def shutdown(self) -> None:
        """See base class; may be called twice."""
        exporter, self._exporter = self._exporter, _Nobody()
        exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """See base class."""
        return self._exporter.force_flush(timeout_millis)

    def leave(self) -> None:
        """Let others of this process hear their exporters again."""
        for each in self._loggers:
            each.removeFilter(self._filter)


class _Nobody(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002 - lost
        return SpanExportResult.FAILURE

    def shutdown(self) -> None:
        pass


class _Listening(logging.Filter):
    """Keeps the SDK's own lines back. They name addresses in full, which may hold keys."""

    def __init__(self, exporter: ToldOnce) -> None:
        super().__init__()
        self._exporter = exporter

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING:
            self._exporter.trouble(_reason(record))
        return False


def _reason(record: logging.LogRecord) -> str | None:
    for argument in record.args if isinstance(record.args, tuple) else ():
        if isinstance(argument, BaseException):
            return type(_root(argument)).__name__
        if isinstance(argument, int) and not isinstance(argument, bool):
            return f"HTTP {argument}"
    return "more spans than can be exported" if "Queue full" in record.getMessage() else None


def _root(error: BaseException) -> BaseException:
    for _ in range(10):
        inner = getattr(error, "reason", None) or error.__cause__ or next(iter(error.args), None)
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def make_provider(settings: Settings) -> tuple[OurTracerProvider, list[tuple[BatchSpanProcessor, ToldOnce]]]:
    """A provider after OpenTelemetry's variables, and what exports its spans.

    Raises:
        ConfigurationError: An exporter is not there, or cannot be made.
    """
    about = {
        "service.name": SERVICE,
        "service.version": user_agent().partition("/")[2],
        "service.instance.id": settings.worker.identity or default_identity(),
    }
    resource = Resource.create(dict(about)).merge(OTELResourceDetector().detect())
    exporters = list(_exporters())
    provider = OurTracerProvider(resource=resource, shutdown_on_exit=False)
    processors = []
    for exporter in exporters:
        try:
            processors.append((BatchSpanProcessor(exporter), exporter))
        except ValueError as error:
            exporter.shutdown()
            exporter.leave()
            raise ConfigurationError(f"OTEL_BSP_*: {error}") from None
        provider.add_span_processor(processors[-1][0])
    return provider, processors


def _exporters() -> Iterator[ToldOnce]:
    wanted = os.environ.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"
    for name in dict.fromkeys(part.strip() for part in wanted.split(",")):
        if name not in ("", "none"):
            yield _exporter(name)


def _exporter(name: str) -> ToldOnce:
    point = _point(name)
    found = next(iter(entry_points(group="opentelemetry_traces_exporter", name=point)), None)
    if found is None:
        raise ConfigurationError(f"OTEL_TRACES_EXPORTER: no exporter {point} is installed")
    try:
        exporter: SpanExporter = found.load()()
    except Exception as error:  # files, addresses and numbers of many variables
        raise ConfigurationError(f"OTEL_TRACES_EXPORTER: {point} cannot be used: {error}") from error
    return ToldOnce(exporter, _collector() if name == "otlp" else point)


def _point(name: str) -> str:
    if name != "otlp":
        return name
    variables = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
    variable, protocol = next(
        ((each, os.environ[each].strip()) for each in variables if os.environ.get(each, "").strip()),
        (variables[1], "http/protobuf"),
    )
    if protocol not in _PROTOCOLS:
        raise ConfigurationError(f"{variable}: {' or '.join(_PROTOCOLS)} is wanted, not {protocol}")
    return _PROTOCOLS[protocol]


def _collector() -> str:
    """Host and port of the collector; the rest of its address may be secret."""
    variables = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    address = next((os.environ[each] for each in variables if os.environ.get(each)), "http://localhost:4318")
    return urlsplit(address if "//" in address else f"//{address}").netloc.rpartition("@")[2]
