"""The activity for a worker."""

from collections.abc import Awaitable, Callable
from typing import Any

from temporalio import activity

from kurun_activities.robot_runs.models import RobotRunRequest, RobotRunResponse
from kurun_activities.robot_runs.names import RUN_ROBOT
from kurun_activities.robot_runs.running import run_robot

Activity = Callable[[Any], Awaitable[Any]]


@activity.defn(name=RUN_ROBOT)
async def _run_robot(request: RobotRunRequest) -> RobotRunResponse:
    return await run_robot(request)


def robot_activities() -> list[Activity]:
    """The activities that run robots."""
    return [_run_robot]


def is_robot_activity(function: Callable[..., Any]) -> bool:
    """Whether a function is one of these; a user's own under the same name is not."""
    return function is _run_robot
