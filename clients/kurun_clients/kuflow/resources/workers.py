"""POST /workers: KuFlow's catalogue of workers."""

from datetime import timedelta

from kurun_clients.http import BaseClient
from kurun_clients.kuflow.models import Worker, WorkerCreateParams, WorkerRegistration
from kurun_clients.kuflow.resources.bodies import body

DELAY_WINDOW = "x-kf-delay-window"
_LONGEST_DELAY = timedelta(days=1).total_seconds()


class Workers:
    """The catalogue of workers."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client

    async def create(self, params: WorkerCreateParams) -> WorkerRegistration:
        """Announce a worker, or update the one with the same identity."""
        reply = await self._client.send(
            "POST",
            "/workers",
            body=body(params),
            content_type="application/json",
            idempotent=True,  # keyed by identity
        )
        return WorkerRegistration(
            worker=reply.read(Worker), delay_window=_delay_window(reply.headers.get(DELAY_WINDOW, ""))
        )


def _delay_window(value: str) -> timedelta | None:
    # The header is in no specification: whatever is no sensible number of seconds counts as absent.
    try:
        seconds = float(value)
    except ValueError:
        return None
    return timedelta(seconds=seconds) if 0 < seconds <= _LONGEST_DELAY else None
