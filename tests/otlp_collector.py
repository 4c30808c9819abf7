"""A collector of traces that keeps what it is sent: OTLP over HTTP, as protobuf."""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.waiting import until


@dataclass
class Collector:
    """What arrived.

    Attributes:
        endpoint: For ``OTEL_EXPORTER_OTLP_ENDPOINT``.
        spans: All spans, in the order in which they came.
        resource: Attributes of the resource that came last.
        status: What the collector answers with.
        refused: How many requests got another answer than 200.
        bodies: The requests as they came.
    """

    endpoint: str = ""
    spans: list[Span] = field(default_factory=list)
    resource: dict[str, str] = field(default_factory=dict)
    status: int = 200
    refused: int = 0
    bodies: list[bytes] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Serve one request."""
        if self.status != 200:
            self.refused += 1
            return web.Response(status=self.status)
        body = await request.read()
        self.bodies.append(body)
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resource = {each.key: each.value.string_value for each in group.resource.attributes}
            for scope in group.scope_spans:
                self.spans += scope.spans
        return web.Response(body=b"", content_type="application/x-protobuf")

    async def trace_of(self, workflow_id: str, *, last: str) -> list[Span]:
        """All spans of the trace that a workflow is in, once the one of that name has come."""

        def ended() -> Span | None:
            mine = (each for each in self.spans if attributes_of(each).get("temporalWorkflowID") == workflow_id)
            return next((each for each in mine if each.name == last), None)

        await until(lambda: ended() is not None)
        span = ended()
        assert span is not None
        await until(lambda: not _open(self.in_trace(span.trace_id)))
        return self.in_trace(span.trace_id)

    def in_trace(self, trace_id: bytes) -> list[Span]:
        """The spans of a trace, in the order in which they came."""
        return [each for each in self.spans if each.trace_id == trace_id]


@contextlib.asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """A collector on a free port."""
    collector = Collector()
    application = web.Application()
    application.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    collector.endpoint = f"http://{host}:{port}"
    try:
        yield collector
    finally:
        await runner.cleanup()


def attributes_of(span: Span) -> dict[str, str | int]:
    """Attributes that are texts or numbers."""
    return {
        each.key: each.value.string_value if each.value.HasField("string_value") else each.value.int_value
        for each in span.attributes
    }


def tree(spans: list[Span], *, under: bytes = b"") -> dict[str, dict[str, object]]:
    """The names of spans, each with those of its children; several of the same name are told apart by a number."""
    found: dict[str, dict[str, object]] = {}
    names: Counter[str] = Counter()
    for span in sorted(spans, key=lambda each: each.start_time_unix_nano):
        if span.parent_span_id == under:
            names[span.name] += 1
            name = span.name if names[span.name] == 1 else f"{span.name} {names[span.name]}"
            found[name] = tree(spans, under=span.span_id)  # type: ignore[assignment]
    return found


def _open(spans: list[Span]) -> bool:
    """Whether an activity was started, but the span of its run has not come."""
    started = {each.span_id for each in spans if each.name.startswith("StartActivity:")}
    run = {each.parent_span_id for each in spans if each.name.startswith("RunActivity:")}
    return not started <= run
