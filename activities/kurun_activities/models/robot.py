"""Requests and responses of the activities that look up robots."""

from uuid import UUID

from kurun_activities.models.base import ActivityRequest, ActivityResponse, FindRequest
from kurun_clients.kuflow.models import Robot, RobotFilterContext, RobotPage


class RobotFindRequest(FindRequest):
    """Search robots; ``filter_context`` READY leaves out those that cannot run yet. Absent filters do not restrict."""

    filter_context: RobotFilterContext | None = None


class RobotFindResponse(ActivityResponse):
    """One page of robots."""

    robots: RobotPage


class RobotRetrieveRequest(ActivityRequest):
    """Names the robot to read."""

    robot_id: UUID


class RobotRetrieveResponse(ActivityResponse):
    """The robot, without the values of its environment variables: they are often secrets."""

    robot: Robot
