"""How the process helper calls activities: by name, typed, with one set of options."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy

from kurun_clients.kuflow.models.base import WireModel

Response = TypeVar("Response", bound=WireModel)


@dataclass(frozen=True)
class CallOptions:
    """Limits of the activities that the helper calls.

    Without a limit on attempts a KuFlow that is down delays a process and does not fail it; what cannot succeed is not
    repeated, because activities mark it.

    Attributes:
        timeout: One attempt of a call to the API.
        document_timeout: One attempt of moving a document.
        document_heartbeat: Longest silence of an activity that moves a document.
        retry_policy: When to repeat.
        task_queue: Queue of the worker that has the activities; the workflow's own if ``None``.
    """

    timeout: timedelta = timedelta(minutes=1)
    document_timeout: timedelta = timedelta(hours=1)
    document_heartbeat: timedelta = timedelta(seconds=30)
    retry_policy: RetryPolicy = field(
        default_factory=lambda: RetryPolicy(
            initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=1)
        )
    )
    task_queue: str | None = None


class Calls:
    """Calls KuFlow's activities under the options given once."""

    def __init__(self, options: CallOptions) -> None:
        self._options = options

    async def short(
        self, activity: str, request: WireModel, response: type[Response], *, within: timedelta | None = None
    ) -> Response:
        """Call an activity that makes a few requests to the API; ``within`` bounds all its attempts together."""
        result: Response = await workflow.execute_activity(
            activity,
            request,
            result_type=response,
            task_queue=self._options.task_queue,
            schedule_to_close_timeout=within,
            start_to_close_timeout=self._options.timeout,
            retry_policy=self._options.retry_policy,
        )
        return result

    async def document(self, activity: str, request: WireModel, response: type[Response]) -> Response:
        """Call an activity that moves a document and reports its progress in heartbeats."""
        result: Response = await workflow.execute_activity(
            activity,
            request,
            result_type=response,
            task_queue=self._options.task_queue,
            start_to_close_timeout=self._options.document_timeout,
            heartbeat_timeout=self._options.document_heartbeat,
            retry_policy=self._options.retry_policy,
        )
        return result
