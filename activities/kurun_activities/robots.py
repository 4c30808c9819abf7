"""Activities that look up robots. They fetch no programs: bytes stay out of history."""

from kurun_activities import context
from kurun_activities.models import RobotFindRequest, RobotFindResponse, RobotRetrieveRequest, RobotRetrieveResponse


async def find_robots(request: RobotFindRequest) -> RobotFindResponse:
    """One page of robots."""
    page = await context.current().kuflow.robots.find(
        size=request.size,
        page=request.page,
        sort=request.sorts or (),
        tenant_id=request.tenant_ids or (),
        filter_context=request.filter_context,
    )
    return RobotFindResponse(robots=page)


async def retrieve_robot(request: RobotRetrieveRequest) -> RobotRetrieveResponse:
    """Read a robot.

    The response goes into the workflow's history for good. Environment variables are where robots keep their
    passwords, so they are left out; whoever runs the robot reads them from KuFlow.
    """
    robot = await context.current().kuflow.robots.retrieve(request.robot_id)
    return RobotRetrieveResponse(robot=robot.model_copy(update={"environment_variables": None}))
