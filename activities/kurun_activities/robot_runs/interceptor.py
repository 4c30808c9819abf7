"""The edge of the activity: it gets its host, and what goes wrong with robots is translated once."""

from typing import Any

from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from kurun_activities.interceptor import refuse_invalid, translated
from kurun_activities.robot_runs import context, failures
from kurun_activities.robot_runs.hosting import RobotHost
from kurun_activities.robot_runs.registry import is_robot_activity


class RobotActivityInterceptor(Interceptor):
    """Gives activities the host of robots and turns robots' errors into failures that a workflow understands.

    It belongs inside of :class:`~kurun_activities.interceptor.KuFlowActivityInterceptor`: after it in the list.

    Args:
        host: What :func:`kurun_activities.robot_runs.context.current` answers with.
    """

    def __init__(self, host: RobotHost) -> None:
        self._host = host

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's
        """See base class."""
        return _Inbound(next, self._host)


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, host: RobotHost) -> None:
        super().__init__(following)
        self._host = host

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's
        if not is_robot_activity(input.fn):
            with context.use(self._host), failures.translated():
                return await super().execute_activity(input)
        with context.use(self._host), translated(all_errors=True), failures.translated():
            refuse_invalid(input.args, ours=True)
            return await super().execute_activity(input)
