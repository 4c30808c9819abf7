"""Spans of requests to KuFlow and K2, one for each attempt."""

from typing import Final

from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, get_current_span, set_span_in_context

from kurun_clients.http import Exchange
from kurun_config import Settings
from kurun_worker.tracing.discretion import ERROR_TYPE
from kurun_worker.tracing.workflows import PROPAGATOR

_NOTE: Final = "kurun.tracing.span"


class RequestSpans:
    """An observer of requests. What is asked outside of every span is not traced: registrations, tokens, looks.

    Args:
        tracer: Makes the spans.
        addresses: Host and port of each service, where it has but one.
        send_headers: Whether services are told of the trace.
    """

    def __init__(self, tracer: Tracer, addresses: dict[str, tuple[str, int]], *, send_headers: bool) -> None:
        self._tracer = tracer
        self._addresses = addresses
        self._send_headers = send_headers

    def begin(self, exchange: Exchange) -> None:
        """See :class:`kurun_clients.http.Observer`."""
        if not get_current_span().get_span_context().is_valid:
            return
        attributes: dict[str, str | int | tuple[str, ...]] = {
            "http.request.method": exchange.method,
            "url.template": exchange.operation,
            "kurun.service": exchange.service,
            "http.request.header.x-request-id": (exchange.request_id,),
        }
        if (address := self._addresses.get(exchange.service)) is not None:
            attributes["server.address"], attributes["server.port"] = address
        if exchange.attempt > 1:
            attributes["http.request.resend_count"] = exchange.attempt - 1
        span = self._tracer.start_span(
            f"{exchange.method} {exchange.operation}", kind=SpanKind.CLIENT, attributes=attributes
        )
        exchange.notes[_NOTE] = span
        if self._send_headers:
            carrier: dict[str, str] = {}
            PROPAGATOR.inject(carrier, set_span_in_context(span))
            exchange.headers.extend(carrier.items())

    def end(self, exchange: Exchange) -> None:
        """See :class:`kurun_clients.http.Observer`."""
        span = exchange.notes.pop(_NOTE, None)
        if not isinstance(span, Span):
            return
        if exchange.status is not None:
            span.set_attribute("http.response.status_code", exchange.status)
        if exchange.status is not None and exchange.status >= 400:
            span.set_attribute(ERROR_TYPE, str(exchange.status))
            span.set_status(StatusCode.ERROR)
        elif exchange.error is not None:
            span.set_attribute(ERROR_TYPE, exchange.error)
            span.set_status(StatusCode.ERROR)
        span.end()


def addresses_of(settings: Settings) -> dict[str, tuple[str, int]]:
    """Host and port of KuFlow, and those of K2 where both of its APIs have the same."""
    k2 = [each for each in (settings.k2.endpoint, settings.k2.services_endpoint) if each is not None]
    found = {"kuflow": {(settings.kuflow.endpoint.host, settings.kuflow.endpoint.port)}}
    found["k2"] = {(each.host, each.port) for each in k2}
    addresses = {}
    for service, places in found.items():
        host, port = next(iter(places)) if len(places) == 1 else (None, None)
        if host is not None and port is not None:
            addresses[service] = (host, port)
    return addresses
