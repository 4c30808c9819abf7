"""What robots add to a worker that may run them. Without `robots.enabled` none of it is imported."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import UUID

import structlog

from kurun_clients.http import ApiError
from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import RobotFilterContext
from kurun_config import ConfigurationError, RobotSettings, Settings
from kurun_worker.clock import Clock
from kurun_worker.definitions import activity_name, workflow_name
from kurun_worker.pacing import jittered
from kurun_worker.robots_settings import impossible

if TYPE_CHECKING:
    from kurun_activities.robot_runs.hosting import RobotHost
    from kurun_activities.robot_runs.interceptor import RobotActivityInterceptor

log = structlog.get_logger(__name__)

_EXTRA: Final = frozenset({"yaml", "uv"})
"""What ``kurun[robots]`` brings."""
_MOST_READY: Final = 1000
"""Robots that a worker registers at most."""

CLEARING: Final = 3600.0
"""Seconds between two clearings of what robots left on this machine; other workers of it do the same."""


class RobotPart:
    """The host of robots, the activity and the workflow that use it, and the robots to register.

    Args:
        settings: The effective settings.
        kuflow: Lists the robots that are ready.
        host: Runs robots.
        interceptor: Hands it to activities.
        activities: Those that run robots.
    """

    def __init__(
        self,
        settings: Settings,
        kuflow: KuFlowClient,
        *,
        host: "RobotHost",
        interceptor: "RobotActivityInterceptor",
        activities: Sequence[Callable[..., Any]],
    ) -> None:
        self.host = host
        self.interceptor = interceptor
        self._settings = settings
        self._kuflow = kuflow
        self._activities = activities
        self._ready: tuple[UUID, ...] = ()
        self._said: str | None = None

    @classmethod
    def of(cls, settings: Settings, kuflow: KuFlowClient) -> Self | None:
        """The part that the settings describe, or ``None`` where robots are not enabled.

        Raises:
            ConfigurationError: Libraries are missing, robots cannot run as the user of the settings, or a folder or
                program of the settings is of no use.
        """
        if not settings.robots.enabled:
            return None
        try:
            import uv  # noqa: F401, PLC0415 - its program is used only later, and its absence is told here

            from kurun_activities.robot_runs.hosting import RobotHost  # noqa: PLC0415 - see the module
            from kurun_activities.robot_runs.interceptor import RobotActivityInterceptor  # noqa: PLC0415
            from kurun_activities.robot_runs.packages import KuFlowAssets  # noqa: PLC0415
            from kurun_activities.robot_runs.registry import (  # noqa: PLC0415
                framework_activities,
                robot_activities,
            )
            from kurun_robots.errors import RobotError  # noqa: PLC0415
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in _EXTRA:
                raise
            raise ConfigurationError(
                f"robots.enabled: robots need {error.name}, which is not installed: pip install 'kurun[robots]'"
            ) from None
        try:
            host = RobotHost(settings, assets=KuFlowAssets(kuflow))
        except RobotError as error:
            raise ConfigurationError(f"robots.user: {error}") from None
        for setting, why in impossible(settings.robots):
            raise ConfigurationError(f"robots.{setting}: {why}")
        interceptor = RobotActivityInterceptor(host)
        activities = robot_activities()
        if _runs_framework(settings.robots):
            activities += framework_activities()
        return cls(settings, kuflow, host=host, interceptor=interceptor, activities=activities)

    def change_settings(self, settings: Settings) -> None:
        """Let newer limits and credentials hold for the robots that are started from now on."""
        self._settings = settings
        self.host.change_settings(settings)

    def hide(self) -> None:
        """Keep what this process knows from robots that run as its user."""
        from kurun_robots.run.hiding import hide_from_robots  # noqa: PLC0415 - see the module

        try:
            hide_from_robots()
        except OSError as error:
            log.warning("this process cannot be hidden from robots of its user", error=str(error))

    def duties(self, clock: Clock) -> dict[str, Callable[[], Awaitable[None]]]:
        """What is to be done beside a worker: to clear away what robots left on this machine."""
        return {"clearing after robots": lambda: self._clear_regularly(clock)}

    async def _clear_regularly(self, clock: Clock) -> None:
        from kurun_robots.errors import RobotError  # noqa: PLC0415 - see the module

        never = asyncio.Event()
        while True:
            try:
                await self.host.clear()
            except RobotError as error:
                log.warning("what robots left on this machine cannot be cleared away now", error=str(error))
            await clock.wait(never, jittered(CLEARING))

    def with_activities(self, existing: Sequence[Callable[..., Any]]) -> Sequence[Callable[..., Any]]:
        """These activities and those of robots whose names are not taken by them."""
        taken = {activity_name(each) for each in existing}
        return [*existing, *(each for each in self._activities if activity_name(each) not in taken)]

    def with_workflows(self, existing: Sequence[type] | None) -> Sequence[type]:
        """These workflows and that of robots, unless one of them has its workflow type."""
        from kurun_workflows.robots import MARGIN, robot_workflow  # noqa: PLC0415 - see the module

        own, robots = list(existing or ()), self._settings.robots
        if robots.workflow_type in {workflow_name(each) for each in own}:
            return own
        longest = robots.build_timeout + robots.timeout + MARGIN
        return [*own, robot_workflow(robots.workflow_type, longest, robots.heartbeat_timeout)]

    async def robot_ids(self) -> list[UUID]:
        """The robots to register: those of the settings, and those that KuFlow lists as ready.

        Where KuFlow cannot list them now, those that it listed before count.
        """
        given = self._settings.worker.robot_ids
        if not self._settings.robots.register_ready:
            return list(given)
        ready = []
        try:
            async for robot in self._kuflow.robots.iterate(filter_context=RobotFilterContext.READY):
                ready.append(robot.id)
                if len(ready) == _MOST_READY:
                    break
        except ApiError as error:
            if self._said != (said := str(error)):
                log.warning("KuFlow does not list the robots that are ready", error=said)
            self._said = said
        else:
            self._ready, self._said = tuple(ready), None
        return list(dict.fromkeys((*given, *self._ready)))


def _runs_framework(settings: RobotSettings) -> bool:
    """Whether Robot Framework can be run; the log says why not, if it is asked for."""
    folder = settings.framework_path
    if folder is None:
        log.info("no suites of Robot Framework are run", reason="robots.framework_path is not set")
        return False
    if settings.framework_python is None and find_spec("robot") is None:
        reason = "Robot Framework is not installed: pip install 'kurun[robotframework]', or set robots.framework_python"
        log.warning("no suites of Robot Framework are run", reason=reason)
        return False
    return True
