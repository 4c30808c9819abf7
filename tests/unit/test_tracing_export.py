"""Where spans go, what is said when they cannot, and what is not there while tracing is off."""

import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing
from uuid import UUID

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from temporalio.contrib.opentelemetry import TracingInterceptor

from kurun_clients.http import ConnectError
from kurun_config import ConfigurationError, Settings
from kurun_worker.plugin import KuFlowPlugin
from kurun_worker.tracing import log_fields, tracing_of
from kurun_worker.tracing.part import Tracing
from tests.integration.worker_host import silent_port
from tests.otlp_collector import collecting
from tests.waiting import until

ON = Settings.model_validate({"tracing": {"enabled": True}})


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of OpenTelemetry's variables, and a short pause between exports."""
    for name in os.environ:
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")


@pytest.fixture
def said() -> Iterator[list[structlog.typing.EventDict]]:
    """What is logged."""
    with structlog.testing.capture_logs() as lines:
        yield lines


def write(tracing: Tracing, name: str = "span") -> None:
    """Write a span."""
    tracing.provider.get_tracer("t").start_span(name).end()


def test_off_there_is_nothing_of_it() -> None:
    """A worker that does not trace imports nothing of OpenTelemetry, which may not even be installed."""
    script = """
import asyncio, sys
from kurun_config import Settings
from kurun_worker import daemon, tracing
from kurun_worker.plugin import KuFlowPlugin
async def main():
    settings = Settings.model_validate({"kuflow": {"client_id": "a", "client_secret": "b"}})
    plugin = KuFlowPlugin(settings)
    await plugin.aclose()
    assert tracing.log_fields(settings) == []
asyncio.run(main())
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""

    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )

    assert done.stdout == "[]\n"


def test_on_without_its_libraries_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Setting and extra are named."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)

    for ask in (tracing_of, log_fields):
        with pytest.raises(ConfigurationError, match=r"KURUN_TRACING_ENABLED .* pip install 'kurun\[otel\]'"):
            ask(ON)


def test_the_standard_variable_outdoes_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operators switch all of OpenTelemetry off with it."""
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")

    assert tracing_of(ON) is None
    assert log_fields(ON) == []


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"OTEL_TRACES_EXPORTER": "nonsense"}, "OTEL_TRACES_EXPORTER: no exporter nonsense is installed"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_TRACES_EXPORTER: no exporter otlp_proto_grpc is installed"),
        ({"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "pigeon"}, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: .* not pigeon"),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "-1"}, "OTEL_BSP"),
    ],
)
def test_a_variable_that_cannot_be_followed_is_named(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], message: str
) -> None:
    """At the start, and not by spans that never come."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match=message):
        Tracing(ON)


async def test_a_callers_provider_is_used_and_stays_open() -> None:
    """His exporter gets the spans, also after the worker has ended."""
    memory, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracing = Tracing(ON, provider=provider)

    await tracing.aclose()
    write(tracing)

    assert [each.name for each in memory.get_finished_spans()] == ["span"]


async def test_a_plugin_takes_the_provider_of_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """The global one, where there is one: it exports requests inside a span. Our interceptor is the outermost."""
    memory, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", provider)
    nobody = {"endpoint": "http://127.0.0.1:1", "client_id": "a", "client_secret": "b", "retries": 0}
    settings = Settings.model_validate({"kuflow": nobody, "tracing": {"enabled": True}})

    async with aclosing(KuFlowPlugin(settings)) as plugin:
        with provider.get_tracer("t").start_as_current_span("work"), pytest.raises(ConnectError):
            await plugin.kuflow.processes.retrieve(UUID(int=1))

    request, work = memory.get_finished_spans()
    assert (request.name, work.name) == ("GET /processes/{id}", "work")
    assert request.parent == work.context
    assert dict(request.attributes or {})["error.type"] == "ConnectError"
    assert plugin.interceptors is not None
    assert isinstance(plugin.interceptors[0], TracingInterceptor)


async def test_variables_say_who_we_are_and_where_spans_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service is called kurun unless they name it; what is left is exported at the end."""
    async with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "60000")
        for variable, expected in ((None, "kurun"), ("loans", "loans")):
            if variable:
                monkeypatch.setenv("OTEL_SERVICE_NAME", variable)
            tracing = Tracing(ON)
            write(tracing, expected)
            await tracing.aclose()

            assert collector.resource["service.name"] == expected
            assert collector.spans[-1].name == expected
        assert len(collector.spans) == 2


async def test_a_collector_that_refuses_is_one_line_until_it_takes_spans_again(
    monkeypatch: pytest.MonkeyPatch, said: list[structlog.typing.EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    """The SDK's own lines, one for each try and with the whole address, are kept back."""
    async with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{collector.endpoint}/v1/traces?key=k3y")
        collector.status = 400
        tracing = Tracing(ON)
        for number in range(3):
            write(tracing)
            await until(lambda number=number: collector.refused > number)  # type: ignore[misc]
        collector.status = 200
        write(tracing)
        await until(lambda: len(said) == 2)
        await tracing.aclose()

    where = collector.endpoint.removeprefix("http://")
    assert said == [
        {"event": "traces cannot be exported", "collector": where, "error": "HTTP 400", "log_level": "warning"},
        {"event": "traces are exported again", "collector": where, "lost": 3, "log_level": "info"},
    ]
    assert caplog.records == []
    logging.getLogger("opentelemetry.sdk.trace.export").warning("of somebody else")
    assert len(caplog.records) == 1


async def test_a_collector_that_never_answers_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop goes on while spans wait for export, and the end comes in time."""
    async with silent_port() as port:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "10")
        monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "5")
        tracing = Tracing(ON)
        begun = time.monotonic()
        for _ in range(1000):
            write(tracing)
        written = time.monotonic() - begun
        await asyncio.sleep(0)
        await tracing.aclose()
        closed = time.monotonic() - begun

    assert written < 0.5
    assert closed < 5
