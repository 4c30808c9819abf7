"""Whether KuFlow answers at all: by what the worker's own requests met, and by a small one of our own when it rests."""

import time
from collections.abc import Callable

import httpx2

from kurun_clients.http import (
    AiohttpTransport,
    ApiError,
    BaseClient,
    InvalidResponse,
    RetryPolicy,
    StatusError,
    TransportError,
)
from kurun_clients.http.observing import Exchange
from kurun_clients.http.trust import trusting
from kurun_config import KuFlowSettings
from kurun_worker.health.looks import Pace, Trouble

_MOST_READ = 64 * 1024
_RESTS = 2
"""Intervals between two good answers to requests of ours: each is a refusal in KuFlow's log; a loss is told in time."""


class Answers:
    """Notes when KuFlow last answered; an observer of the worker's own requests.

    Args:
        monotonic: Seconds that never run backwards.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._answered_at: float | None = None

    def begin(self, exchange: Exchange) -> None:
        """See :class:`kurun_clients.http.observing.Observer`."""

    def end(self, exchange: Exchange) -> None:
        """See :class:`kurun_clients.http.observing.Observer`."""
        if exchange.service == "kuflow" and exchange.status is not None and exchange.status < 500:
            self._answered_at = self._monotonic()

    def within(self, seconds: float) -> bool:
        """Whether there was an answer that lately."""
        return self._answered_at is not None and self._monotonic() - self._answered_at <= seconds


class Reaching:
    """A look at KuFlow. Our own request says nothing of who we are: any answer but a 5xx tells what we want to know.

    Args:
        settings: Where KuFlow is, and what to trust.
        pace: How long an answer may take; while answers come more often than we look, nothing is asked.
        answers: What the worker's own requests met.

    Raises:
        ConfigurationError: The file of authorities cannot be read.
    """

    def __init__(self, settings: KuFlowSettings, pace: Pace, answers: Answers) -> None:
        self._endpoint = str(settings.endpoint)
        self._pace = pace
        self._answers = answers
        trusted = None if settings.ca_file is None else trusting(settings.ca_file, setting="kuflow.ca_file")
        self._client = BaseClient(
            self._endpoint,
            timeout=httpx2.Timeout(pace.timeout),
            retry=RetryPolicy(repeats=0),
            transport=AiohttpTransport(ssl_context=trusted, max_connections=1),
        )

    async def __call__(self) -> float | None:
        """Look.

        Returns:
            Seconds until the next look, where this one asked KuFlow itself.

        Raises:
            Trouble: KuFlow does not answer, or with a 5xx.
        """
        if self._answers.within(self._pace.interval):
            return None
        await self._client_answers()
        return _RESTS * self._pace.interval

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def _client_answers(self) -> None:
        # The slash keeps the call's name readable; servers answer 401 or 404 to it, and both are answers.
        call = self._client.send("GET", "/", limit=_MOST_READ)
        try:
            await call
        except StatusError as error:
            if error.status >= 500:
                raise Trouble(f"{self._endpoint} answers with HTTP {error.status}") from None
        except InvalidResponse:
            return
        except TransportError as error:
            raise Trouble(f"{self._endpoint} cannot be reached: {_reason(error)}") from None
        except ApiError as error:
            raise Trouble(f"{self._endpoint} cannot be asked: {_reason(error)}") from None


def _reason(error: ApiError) -> str:
    return str(error).removeprefix("GET /: ")
