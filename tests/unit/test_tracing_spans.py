"""What spans say, and what they never say."""

import json
from collections.abc import Sequence

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import NoOpTracer, StatusCode
from temporalio.api.common.v1 import Payload
from temporalio.exceptions import ActivityError, ApplicationError, RetryState

from kurun_clients.http import Exchange
from kurun_config import Settings
from kurun_worker.tracing.beginnings import Beginning, Beginnings
from kurun_worker.tracing.discretion import DiscreetTracer, error_type
from kurun_worker.tracing.log_lines import trace_fields
from kurun_worker.tracing.requests import RequestSpans, addresses_of
from kurun_worker.tracing.workflows import CARRIERS

SECRET = "hunter2-hunter2"


@pytest.fixture
def memory() -> InMemorySpanExporter:
    """Keeps spans."""
    return InMemorySpanExporter()


@pytest.fixture
def provider(memory: InMemorySpanExporter) -> TracerProvider:
    """As a caller brings one; it samples half of all traces."""
    provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(0.5)), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    return provider


def everything(provider: TracerProvider) -> TracerProvider:
    """One that samples all."""
    provider.sampler = ParentBased(TraceIdRatioBased(1.0))
    return provider


def exchange(**values: object) -> Exchange:
    """An attempt of a request."""
    made = Exchange("kuflow", "GET", "/processes/{id}", "r-1")
    for name, value in values.items():
        setattr(made, name, value)
    return made


def test_a_span_tells_the_kind_of_an_error_and_not_its_words(
    provider: TracerProvider, memory: InMemorySpanExporter
) -> None:
    """Neither a description nor an event with the message or a traceback, however Temporal reports it."""
    tracer = DiscreetTracer(everything(provider).get_tracer("t"))

    def run_and_fail() -> None:
        with tracer.start_as_current_span("run") as span:
            span.set_status(trace.Status(StatusCode.ERROR, f"ApplicationError: {SECRET}"))
            raise ApplicationError(SECRET, type="Refused")

    with pytest.raises(ApplicationError):
        run_and_fail()
    completed = tracer.start_span("completed")
    completed.record_exception(ValueError(SECRET))
    completed.end()

    run, done = memory.get_finished_spans()
    assert (run.status.status_code, run.status.description, run.events) == (StatusCode.ERROR, None, ())
    assert dict(run.attributes or {}) == {"error.type": "Refused"}
    assert dict(done.attributes or {}) == {"error.type": "ValueError"}
    assert SECRET not in run.to_json() + done.to_json()


def test_the_failure_inside_counts() -> None:
    """A workflow meets the failure of an activity in a wrapper, which says nothing."""
    wrapper = ActivityError(
        "failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type="a",
        activity_id="1",
        retry_state=RetryState.MAXIMUM_ATTEMPTS_REACHED,
    )
    wrapper.__cause__ = ApplicationError("no", type="x" * 1000)

    assert error_type(wrapper) == "x" * 200
    assert error_type(TimeoutError()) == "TimeoutError"


def test_a_beginning_follows_from_the_workflow(provider: TracerProvider, memory: InMemorySpanExporter) -> None:
    """Every worker finds the same ids and the same decision of the sampler; written it has exactly these ids."""
    tracer = provider.get_tracer("t")
    beginnings, others = Beginnings(tracer), Beginnings(provider.get_tracer("other"))
    sampled = 0
    for number in range(200):
        beginning = Beginning.of("space", f"run-{number}", "Loan")
        context = beginnings.context(beginning)
        memory.clear()

        beginnings.write(beginning, {"temporalRunID": f"run-{number}"}, 1, 2)

        assert others.context(Beginning.of("space", f"run-{number}", "Loan")) == context
        written = memory.get_finished_spans()
        assert len(written) == context.trace_flags.sampled
        for span in written:
            assert span.context is not None
            assert (span.context.trace_id, span.context.span_id) == (context.trace_id, context.span_id)
            assert (span.parent, span.name, span.start_time, span.end_time) == (None, "StartWorkflow:Loan", 1, 2)
        sampled += len(written)
    assert 60 < sampled < 140
    with tracer.start_as_current_span("later") as later:
        assert later.get_span_context().trace_id != beginnings.context(Beginning.of("space", "run-1", "Loan")).trace_id


def test_a_beginning_for_a_tracer_of_another_make() -> None:
    """Where nobody can be asked, all is sampled; nothing breaks."""
    beginnings = Beginnings(NoOpTracer())
    beginning = Beginning.of("space", "run", "Loan")

    beginnings.write(beginning, {}, 1, 2)

    assert beginnings.context(beginning).trace_flags.sampled


@pytest.mark.parametrize(
    "carrier", [None, [], {}, "text", {"traceparent": 1}, {"traceparent": "00-" + 32 * "0" + "-" + 16 * "1" + "-01"}]
)
def test_a_header_that_is_no_trace_is_none(carrier: object) -> None:
    """Whatever somebody put there."""
    assert CARRIERS.from_payloads(CARRIERS.to_payloads([carrier])) == [{}]
    assert CARRIERS.from_payloads([Payload(metadata={"encoding": b"json/plain"}, data=b"{")]) == [{}]


def test_a_header_is_read_as_temporals_sdks_write_it() -> None:
    """JSON with the fields of W3C; what is no text is left out."""
    parent = f"00-{16 * 'ab'}-{8 * 'cd'}-01"
    payload = Payload(
        metadata={"encoding": b"json/plain"}, data=json.dumps({"traceparent": parent, "other": [1]}).encode()
    )

    assert CARRIERS.from_payloads([payload]) == [{"traceparent": parent}]


def test_a_request_is_a_span_of_its_activity(provider: TracerProvider, memory: InMemorySpanExporter) -> None:
    """With the attributes of OpenTelemetry's conventions; each attempt is one, and names its error."""
    tracer = everything(provider).get_tracer("t")
    spans = RequestSpans(tracer, addresses_of(Settings()), send_headers=False)
    first, second, third = exchange(), exchange(attempt=2), exchange(attempt=3)
    with tracer.start_as_current_span("activity") as activity:
        for each in (first, second, third):
            spans.begin(each)
    first.status, first.error = 503, "ServerError"
    second.error = "ConnectionLost"
    third.status = 200
    for each in (first, second, third):
        spans.end(each)

    _, *requests = memory.get_finished_spans()
    about = [dict(each.attributes or {}) for each in requests]
    assert {each.name for each in requests} == {"GET /processes/{id}"}
    assert {each.parent.span_id for each in requests if each.parent} == {activity.get_span_context().span_id}
    assert about[0] == {
        "http.request.method": "GET",
        "url.template": "/processes/{id}",
        "kurun.service": "kuflow",
        "http.request.header.x-request-id": ("r-1",),
        "server.address": "api.kuflow.com",
        "server.port": 443,
        "http.response.status_code": 503,
        "error.type": "503",
    }
    assert [each.get("http.request.resend_count") for each in about] == [None, 1, 2]
    assert [each.get("error.type") for each in about] == ["503", "ConnectionLost", None]
    assert [each.status.status_code for each in requests] == [StatusCode.ERROR, StatusCode.ERROR, StatusCode.UNSET]
    assert (first.headers, first.notes) == ([], {})


def test_a_request_outside_of_every_span_is_not_traced(provider: TracerProvider, memory: InMemorySpanExporter) -> None:
    """Registrations and renewals go on for ever and belong to no process."""
    spans = RequestSpans(everything(provider).get_tracer("t"), {}, send_headers=True)
    request = exchange()

    spans.begin(request)
    spans.end(request)

    assert memory.get_finished_spans() == ()
    assert request.headers == []


def test_a_service_is_told_of_the_trace_where_the_settings_say_so(
    provider: TracerProvider, memory: InMemorySpanExporter
) -> None:
    """It gets the span of the request, so that its own spans are below that."""
    tracer = everything(provider).get_tracer("t")
    request = exchange()
    spans = RequestSpans(tracer, {}, send_headers=True)
    with tracer.start_as_current_span("activity"):
        spans.begin(request)
        spans.end(request)

    (made, _) = memory.get_finished_spans()
    assert made.context is not None
    assert request.headers == [("traceparent", f"00-{made.context.trace_id:032x}-{made.context.span_id:016x}-03")]


@pytest.mark.parametrize(
    ("k2", "expected"),
    [
        ({}, None),
        ({"endpoint": "https://k2.example/Api/Workflow/preview"}, ("k2.example", 443)),
        ({"endpoint": "https://k2.example/api", "services_endpoint": "https://other.example/K2Services"}, None),
    ],
)
def test_an_address_is_named_where_it_is_known(k2: dict[str, str], expected: Sequence[object] | None) -> None:
    """Both APIs of K2 are one service: with two hosts none is named rather than the wrong one."""
    assert addresses_of(Settings.model_validate({"k2": k2})).get("k2") == expected


def test_lines_of_the_log_name_their_span() -> None:
    """In hexadecimal digits, as traces are looked up; without a span there are none."""
    context = trace.SpanContext(0xAB, 0xCD, is_remote=False)
    attached = trace.set_span_in_context(trace.NonRecordingSpan(context), Context())
    with trace.use_span(trace.get_current_span(attached)):
        inside = trace_fields(None, "info", {"event": "x"})

    assert inside == {"event": "x", "trace_id": f"{0xAB:032x}", "span_id": f"{0xCD:016x}"}
    assert trace_fields(None, "info", {"event": "x"}) == {"event": "x"}
