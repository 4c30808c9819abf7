"""What K2 adds to a worker that it is configured for. Without K2's settings none of it is imported."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Self

from temporalio.worker import Worker

from kurun_clients.http import Observer
from kurun_config import ConfigurationError, K2Settings, variable
from kurun_worker.clock import Clock
from kurun_worker.definitions import activity_name

if TYPE_CHECKING:
    from kurun_activities.k2.context import K2Clients
    from kurun_activities.k2.interceptor import K2ActivityInterceptor

_EXTRA: Final = frozenset({"jsonschema", "lxml", "oauthlib", "referencing", "spnego"})
"""What ``kurun[k2]`` brings."""


class K2Part:
    """K2's clients, the activities and workflows that use them, and the watcher.

    Args:
        clients: Closed with the part.
        interceptor: Hands them to activities.
        activities: Those that the clients can serve.
    """

    def __init__(
        self, clients: "K2Clients", interceptor: "K2ActivityInterceptor", activities: Sequence[Callable[..., Any]]
    ) -> None:
        self.clients = clients
        self.interceptor = interceptor
        self._activities = activities

    @classmethod
    def of(cls, settings: K2Settings, *, observers: Sequence[Observer] = ()) -> Self | None:
        """The part that the settings describe, or ``None`` where neither of K2's addresses is set.

        Args:
            settings: The settings of K2.
            observers: Told of every request to K2.

        Raises:
            ConfigurationError: Settings or libraries of K2 are missing.
        """
        if settings.watch and settings.endpoint is None:
            raise ConfigurationError(
                f"k2.watch: an account's tasks are listed at k2.endpoint: set {variable('k2.endpoint')}"
            )
        if settings.mirror_process_definition_id is not None and not settings.watch:
            raise ConfigurationError(
                "k2.mirror_process_definition_id: tasks are mirrored by the watcher alone, and k2.watch is off: "
                f"set {variable('k2.watch')}=true, or unset {variable('k2.mirror_process_definition_id')}"
            )
        if settings.endpoint is None and settings.services_endpoint is None:
            return None
        try:
            from kurun_activities.k2.context import K2Clients  # noqa: PLC0415 - see the module
            from kurun_activities.k2.interceptor import K2ActivityInterceptor  # noqa: PLC0415
            from kurun_activities.k2.registry import k2_activities  # noqa: PLC0415
            from kurun_activities.k2.watch import watch_tasks  # noqa: PLC0415
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in _EXTRA:
                raise
            raise ConfigurationError(
                f"k2.endpoint: K2 needs {error.name}, which is not installed: pip install 'kurun[k2]'"
            ) from None
        clients = K2Clients.from_settings(settings, observers=observers)
        activities = k2_activities(workflow=clients.has_workflow, services=clients.has_services)
        # Any worker of the queue may be given the watcher: one that does not want it would hold it for nothing.
        if settings.watch:
            activities.append(watch_tasks)
        return cls(clients, K2ActivityInterceptor(clients), activities)

    def change_settings(self, settings: K2Settings) -> None:
        """Act with the credentials of these settings from the next call on.

        Raises:
            ConfigurationError: One is missing, or is of no use.
        """
        self.clients.change_credentials(settings)

    def with_activities(self, existing: Sequence[Callable[..., Any]]) -> Sequence[Callable[..., Any]]:
        """These activities and those of K2's whose names are not taken by them."""
        taken = {activity_name(each) for each in existing}
        return [*existing, *(each for each in self._activities if activity_name(each) not in taken)]

    def with_workflows(self, existing: Sequence[type] | None) -> Sequence[type]:
        """These workflows and K2's own, which need the Workflow REST API."""
        if not self.clients.has_workflow:
            return list(existing or ())
        from kurun_worker.k2_watch import with_k2_workflows  # noqa: PLC0415 - see the module

        return with_k2_workflows(existing, watch=self.clients.settings.watch)

    def duties(self, worker: Worker, clock: Clock) -> dict[str, Callable[[], Awaitable[None]]]:
        """What is to be done beside a worker: to see that the account is watched, if the settings want that."""
        if not (self.clients.settings.watch and self.clients.has_workflow):
            return {}
        from kurun_worker.k2_watch import WatchKeeper  # noqa: PLC0415 - see the module

        keeper = WatchKeeper(self.clients.settings, clock=clock)
        return {"watching K2": lambda: keeper.run(worker)}

    async def aclose(self) -> None:
        """Close the clients."""
        await self.clients.aclose()
