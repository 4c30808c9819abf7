"""What K2 activities get handed: the clients of the worker they run in.

A custom activity asks for :func:`current`, as it does for KuFlow's context::

    @activity.defn
    async def vacation(serial_number: str) -> str:
        return (await context.current().workflow.tasks.retrieve(serial_number)).activity_name
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Self

from kurun_activities.k2.watching import Watching
from kurun_clients.http import Observer
from kurun_clients.k2.services.client import ServicesClient
from kurun_clients.k2.workflow_api.client import WorkflowClient
from kurun_config import ConfigurationError, K2Settings


class K2Clients:
    """The K2 account that a worker acts as.

    Args:
        workflow: The Workflow REST API, if it is configured.
        services: The K2 Services, if they are configured.
        settings: Where the clients come from.

    Attributes:
        watching: How the watcher of the account goes, if this worker runs it.
    """

    def __init__(
        self, workflow: WorkflowClient | None, services: ServicesClient | None, settings: K2Settings | None = None
    ) -> None:
        self._workflow = workflow
        self._services = services
        self.settings = settings or K2Settings()
        self.watching = Watching()

    @classmethod
    def from_settings(cls, settings: K2Settings, *, observers: Sequence[Observer] = ()) -> Self:
        """Clients for the endpoints that are set; nothing is connected yet. Observers are told of every attempt."""
        return cls(
            WorkflowClient.from_settings(settings, observers=observers) if settings.endpoint else None,
            ServicesClient.from_settings(settings, observers=observers) if settings.services_endpoint else None,
            settings,
        )

    @property
    def workflow(self) -> WorkflowClient:
        """The Workflow REST API.

        Raises:
            ConfigurationError: It is not configured.
        """
        if self._workflow is None:
            raise ConfigurationError("k2.endpoint is not set")
        return self._workflow

    @property
    def services(self) -> ServicesClient:
        """The K2 Services.

        Raises:
            ConfigurationError: They are not configured.
        """
        if self._services is None:
            raise ConfigurationError("k2.services_endpoint is not set")
        return self._services

    @property
    def has_workflow(self) -> bool:
        """Whether there is a Workflow REST API."""
        return self._workflow is not None

    @property
    def has_services(self) -> bool:
        """Whether there are K2 Services."""
        return self._services is not None

    def change_credentials(self, settings: K2Settings) -> None:
        """Act with the credentials of these settings from the next call on.

        Raises:
            ConfigurationError: Something is missing; the message names the variable to set.
        """
        # One that refuses them does not keep them from the other.
        with ExitStack() as stack:
            for client in (self._workflow, self._services):
                if client is not None:
                    stack.callback(client.change_credentials, settings)
        self.settings = settings

    def when_refused(self, look: Callable[[], Awaitable[object]]) -> None:
        """Await this whenever K2 refuses the credentials, and then try once more if there are newer ones."""
        for client in (self._workflow, self._services):
            if client is not None:
                client.when_refused(look)

    async def aclose(self) -> None:
        """Close both clients."""
        for client in (self._workflow, self._services):
            if client is not None:
                await client.aclose()


_bound: ContextVar[K2Clients] = ContextVar("kurun_k2_clients")


def current() -> K2Clients:
    """The clients of the running activity.

    Raises:
        RuntimeError: There are none: the worker runs without K2.
    """
    try:
        return _bound.get()
    except LookupError:
        raise RuntimeError(
            "no K2 clients here: set k2.endpoint and run the activity on a worker with KuFlowPlugin, "
            "or inside context.use(…)"
        ) from None


@contextmanager
def use(clients: K2Clients) -> Iterator[K2Clients]:
    """Make clients the current ones, for this task and for threads that inherit its context variables."""
    token = _bound.set(clients)
    try:
        yield clients
    finally:
        _bound.reset(token)
