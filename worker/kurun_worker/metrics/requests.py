"""Requests to KuFlow and K2, counted and timed."""

from http import HTTPStatus
from typing import Final

from prometheus_client import CollectorRegistry

from kurun_clients.http import Exchange
from kurun_worker.metrics.families import DOCUMENT_BYTES, HTTP_DURATION, HTTP_ERRORS, HTTP_IN_PROGRESS, HTTP_RETRIES

OTHER: Final = "other"

_STATUSES: Final = {each.value: str(each.value) for each in HTTPStatus}
_NO_ANSWER: Final = frozenset(
    {"ConnectError", "ConnectionLost", "RequestTimeout", "InvalidResponse", "InvalidRequest", "CancelledError"}
)
_REFUSALS: Final = frozenset(
    {
        "BadRequest",
        "Unauthorized",
        "Forbidden",
        "NotFound",
        "Conflict",
        "PayloadTooLarge",
        "UnsupportedMediaType",
        "TooManyRequests",
        "ServerError",
        "StatusError",
    }
)
_ERRORS: Final = _NO_ANSWER | _REFUSALS
_DOCUMENTS: Final = frozenset(
    {
        "upload-document",
        "upload-user-action-document",
        "download-document",
        "download-webforms-as-document",
    }
)


class RequestMetrics:
    """An observer of requests. It tells nothing apart by what others choose: names, ids, and odd statuses.

    Args:
        registry: Where its metrics belong.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._duration = HTTP_DURATION.histogram(registry)
        self._retries = HTTP_RETRIES.counter(registry)
        self._errors = HTTP_ERRORS.counter(registry)
        self._in_progress = HTTP_IN_PROGRESS.gauge(registry)
        documents = DOCUMENT_BYTES.counter(registry)
        self._sent, self._received = documents.labels("sent"), documents.labels("received")

    def begin(self, exchange: Exchange) -> None:
        """See :class:`kurun_clients.http.Observer`."""
        self._in_progress.labels(exchange.service).inc()
        if exchange.attempt > 1:
            self._retries.labels(exchange.service, exchange.operation).inc()

    def end(self, exchange: Exchange) -> None:
        """See :class:`kurun_clients.http.Observer`."""
        self._in_progress.labels(exchange.service).dec()
        labels = (exchange.service, exchange.operation, exchange.method, status_of(exchange))
        self._duration.labels(*labels).observe(exchange.seconds)
        if exchange.error is not None:
            error = exchange.error if exchange.error in _ERRORS else OTHER
            self._errors.labels(exchange.service, exchange.operation, error).inc()
        if _is_document(exchange.operation):
            self._sent.inc(exchange.sent)
            self._received.inc(exchange.received)


def status_of(exchange: Exchange) -> str:
    """The status as a label, or why there is none."""
    # A body that broke off has a status, but it is no answer.
    if exchange.error is not None and (exchange.status is None or exchange.error in _NO_ANSWER):
        return exchange.error if exchange.error in _NO_ANSWER else OTHER
    return OTHER if exchange.status is None else _STATUSES.get(exchange.status, OTHER)


def _is_document(operation: str) -> bool:
    return operation.startswith("/documents/") or operation.rpartition("~actions/")[2] in _DOCUMENTS
