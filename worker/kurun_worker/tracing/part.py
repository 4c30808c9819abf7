"""What tracing adds to a worker whose settings want it. Without that none of it is imported."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import TracerProvider

from kurun_clients.http.base import user_agent
from kurun_clients.threads import in_own_thread
from kurun_config import Settings
from kurun_worker.tracing.exporting import OurTracerProvider, ToldOnce, make_provider
from kurun_worker.tracing.requests import RequestSpans, addresses_of
from kurun_worker.tracing.workflows import Spans

LAST_EXPORT: Final = 1.0
"""Seconds at the end of the worker for the spans that are left; a departure waits no longer than a few."""
GIVING_UP: Final = 0.3
"""Seconds after that for the exporter to let go."""


class Tracing:
    """Tracer provider, interceptor and observer.

    Args:
        settings: The effective settings.
        provider: Takes the spans. Without it that which the caller made OpenTelemetry's global one; where there is
            none, one is made after OpenTelemetry's variables.

    Attributes:
        provider: What takes the spans.
        interceptor: For Temporal's clients and workers.
        requests: The observer of requests to KuFlow and K2.

    Raises:
        ConfigurationError: Spans cannot be exported as OpenTelemetry's variables want it.
    """

    def __init__(self, settings: Settings, *, provider: TracerProvider | None = None) -> None:
        self._processors: list[tuple[BatchSpanProcessor, ToldOnce]] = []
        if (provider := provider or _callers_own()) is None:
            provider, self._processors = make_provider(settings)
        self.provider = provider
        tracer = self.provider.get_tracer("kurun", user_agent().partition("/")[2])
        self.interceptor = Spans(tracer)
        self.requests = RequestSpans(tracer, addresses_of(settings), send_headers=settings.tracing.send_headers)

    def publish(self) -> None:
        """Let activities find the provider with ``opentelemetry.trace.get_tracer``, unless they have one."""
        if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
            trace.set_tracer_provider(self.provider)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take spans inside the block, from everybody."""
        self.publish()
        try:
            yield
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Export what is left, for a second at most. A provider that the caller brought stays open."""
        processors, self._processors = self._processors, []
        await asyncio.gather(*(_end(*each) for each in processors))


def _callers_own() -> TracerProvider | None:
    provider = trace.get_tracer_provider()
    return None if isinstance(provider, trace.ProxyTracerProvider | OurTracerProvider) else provider


async def _end(processor: BatchSpanProcessor, exporter: ToldOnce) -> None:
    stop: Callable[[], object] = processor.shutdown

    def export() -> None:
        with contextlib.suppress(Exception):
            stop()
        # Not before: what the SDK says of its own end is not news either.
        exporter.leave()

    def give_up() -> None:
        with contextlib.suppress(Exception):
            exporter.shutdown()

    exported = asyncio.ensure_future(in_own_thread(export, name="last spans"))
    _, late = await asyncio.wait([exported], timeout=LAST_EXPORT)
    if late:
        given_up = asyncio.ensure_future(in_own_thread(give_up, name="last spans"))
        await asyncio.wait([exported, given_up], timeout=GIVING_UP)
