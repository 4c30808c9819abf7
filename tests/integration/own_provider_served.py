"""A module of workflows whose program has a tracer provider of its own."""

import os
from pathlib import Path

from temporalio import workflow

from tests.integration.traced_served import RollingWorkflow, quote

with workflow.unsafe.imports_passed_through():
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

__all__ = ["RollingWorkflow", "quote"]

if not workflow.unsafe.in_sandbox():
    spans = Path(os.environ["SPANS_OF_THE_MODULE"]).open("a", buffering=1)  # noqa: SIM115 - for as long as the worker runs
    provider = TracerProvider()
    exporter = ConsoleSpanExporter(out=spans, formatter=lambda span: f"{span.name}\n")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
