"""Announcing the worker in KuFlow's catalogue, again and again."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from pydantic import ValidationError
from temporalio.worker import Worker

from kurun_clients.http import ApiError, StatusError
from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import WorkerCreateParams
from kurun_config import ConfigurationError, Settings
from kurun_worker.address import local_ip
from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.definitions import names_of_activities, names_of_workflows
from kurun_worker.pacing import Pacing, jittered
from kurun_worker.reasons import request_field

log = structlog.get_logger(__name__)

LONGEST = 255


def default_identity() -> str:
    """Process id and host name, as Temporal names a worker."""
    return f"{os.getpid()}@{socket.gethostname()}"[:LONGEST]


@dataclass(frozen=True)
class RegistrarState:
    """How a worker stands with KuFlow.

    Attributes:
        age: Seconds since it last registered; ``None`` before the first time.
        window: Seconds after a registration in which KuFlow expects the next; ``None`` before the first time.
        registrations: How often it registered.
        failures: How often that failed.
        error: Why the last try failed; ``None`` if it did not.
        failing_since: When the present row of failures began; ``None`` if the last try succeeded.
    """

    age: float | None
    window: float | None
    registrations: int
    failures: int
    error: str | None
    failing_since: datetime | None


class Registrar:
    """Keeps one worker registered.

    Args:
        settings: The effective settings.
        kuflow: Told about the worker.
        clock: Where time comes from.
        robot_ids: Asked before each registration for the robots to register; without it those of the settings.
    """

    def __init__(
        self,
        settings: Settings,
        kuflow: KuFlowClient,
        *,
        clock: Clock = SYSTEM_CLOCK,
        robot_ids: Callable[[], Awaitable[list[UUID]]] | None = None,
    ) -> None:
        self._settings = settings
        self._robot_ids = robot_ids
        self._kuflow = kuflow
        self._clock = clock
        self._pacing = Pacing(backoff_max=settings.worker.registration_interval.total_seconds(), minimum=1.0)
        self._never = asyncio.Event()
        self._failures = 0
        self._reported: str | None = None
        self._failing_since: datetime | None = None
        self._registered_at: float | None = None
        self._window: float | None = None
        self._all_failures = 0
        self.registrations = 0

    @property
    def state(self) -> RegistrarState:
        """How it stands now."""
        at = self._registered_at
        return RegistrarState(
            age=None if at is None else self._clock.monotonic() - at,
            window=self._window,
            registrations=self.registrations,
            failures=self._all_failures,
            error=self._reported,
            failing_since=self._failing_since,
        )

    async def start(self, worker: Worker) -> float:
        """Register for the first time.

        Returns:
            Seconds until the next registration is due. Where KuFlow cannot be reached it is tried again then.

        Raises:
            ConfigurationError: KuFlow refused the worker, or it cannot be described within KuFlow's limits.
        """
        try:
            return await self._register(worker)
        except StatusError as error:
            if is_final(error) and self.registrations == 0:
                raise ConfigurationError(f"KuFlow refused to register this worker: {refusal(error)}") from error
            return self._failed(error)
        except ApiError as error:
            return self._failed(error)

    async def run(self, worker: Worker, first: float) -> None:
        """Register for ever, the next time after so many seconds. Failures are logged once and tried again."""
        pause = first
        while True:
            await self._clock.wait(self._never, pause)
            try:
                pause = await self._register(worker)
            except (ApiError, ConfigurationError) as error:
                pause = self._failed(error)

    async def _register(self, worker: Worker) -> float:
        registration = await self._kuflow.workers.create(await self._describe(worker))
        self.registrations += 1
        if self._failures or self.registrations == 1:
            log.info("registered with KuFlow", task_queue=worker.task_queue, after_failures=self._failures)
        self._failures, self._reported, self._failing_since = 0, None, None
        window = registration.delay_window or self._settings.worker.registration_interval
        self._registered_at, self._window = self._clock.monotonic(), window.total_seconds()
        # Before the window ends rather than after it, so that KuFlow never thinks the worker gone.
        return max(self._pacing.minimum, min(jittered(window.total_seconds()), window.total_seconds()))

    async def _describe(self, worker: Worker) -> WorkerCreateParams:
        config = worker.config(active_config=True)
        settings = self._settings
        robot_ids = list(settings.worker.robot_ids) if self._robot_ids is None else await self._robot_ids()
        try:
            return WorkerCreateParams(
                identity=settings.worker.identity or config.get("identity") or worker.client.identity,
                task_queue=worker.task_queue,
                workflow_types=names_of_workflows(list(config.get("workflows", ()))),
                activity_types=names_of_activities(list[Callable[..., object]](config.get("activities", ()))),
                hostname=socket.gethostname()[:LONGEST] or "localhost",
                ip=await local_ip(str(settings.kuflow.endpoint)),
                installation_id=settings.worker.installation_id,
                robot_ids=robot_ids or None,
                tenant_id=settings.kuflow.tenant_id,
            )
        except ValidationError as error:
            reasons = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise ConfigurationError(f"this worker cannot be registered: {reasons}") from None

    def _failed(self, error: Exception) -> float:
        self._failures += 1
        self._all_failures += 1
        self._failing_since = self._failing_since or self._clock.now()
        if (said := str(error)) != self._reported:
            log.warning("registration with KuFlow fails", error=said, **request_field(error))
            self._reported = said
        asked = error.retry_after if isinstance(error, StatusError) else None
        return self._pacing.retry(self._failures, 0.0, asked.total_seconds() if asked is not None else 0.0)


def is_final(error: StatusError) -> bool:
    """Whether KuFlow would refuse the same request again."""
    return 400 <= error.status < 500 and error.status not in (408, 429)


def refusal(error: StatusError) -> str:
    """What KuFlow said, with its reasons, in one line."""
    said = error.error
    if said is None:
        return f"HTTP {error.status}"
    reasons = [each.message for each in said.errors or [] if each.message and each.message not in said.message]
    return "; ".join(part for part in (said.message or f"HTTP {error.status}", *reasons))
