"""The activities for a worker."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from temporalio import activity

from kurun_activities.robot_runs.framework_running import execute_robot
from kurun_activities.robot_runs.models import (
    ExecuteRobotRequest,
    ExecuteRobotResponse,
    RobotRunRequest,
    RobotRunResponse,
)
from kurun_activities.robot_runs.names import EXECUTE_ROBOT, EXECUTE_ROBOT_SPELLINGS, RUN_ROBOT
from kurun_activities.robot_runs.running import run_robot

Activity = Callable[[Any], Awaitable[Any]]

ACTIVITIES: Final[Mapping[str, Activity]] = MappingProxyType({RUN_ROBOT: run_robot, EXECUTE_ROBOT: execute_robot})
"""What runs robots, by name."""
SPELLINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {RUN_ROBOT: (RUN_ROBOT,), EXECUTE_ROBOT: EXECUTE_ROBOT_SPELLINGS}
)
"""For each activity all names it is registered under."""


@activity.defn(name=RUN_ROBOT)
async def _run_robot(request: RobotRunRequest) -> RobotRunResponse:
    return await run_robot(request)


def _executing(spelling: str) -> Activity:
    # Temporal keeps the name on the function, so that each spelling needs one of its own.
    @activity.defn(name=spelling)
    async def spelled(request: ExecuteRobotRequest) -> ExecuteRobotResponse:
        return await execute_robot(request)

    return spelled


_EXECUTING: Final = tuple(_executing(spelling) for spelling in EXECUTE_ROBOT_SPELLINGS)


def robot_activities() -> list[Activity]:
    """The activities that run robots."""
    return [_run_robot]


def framework_activities() -> list[Activity]:
    """Those that run Robot Framework, where the worker is set up for it."""
    return list(_EXECUTING)


def is_robot_activity(function: Callable[..., Any]) -> bool:
    """Whether a function is one of these; a user's own under the same name is not."""
    return function is _run_robot or function in _EXECUTING
