"""Activities run outside a worker, as a worker runs them: in an activity's context, behind the interceptor."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from kurun_activities.context import ActivityContext
from kurun_activities.interceptor import KuFlowActivityInterceptor

Request = TypeVar("Request")
Response = TypeVar("Response")


class _Execution(ActivityInboundInterceptor):
    """The end of the chain: calls the function, as a worker does."""

    def __init__(self) -> None:
        pass

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's
        return await input.fn(*input.args)


async def run(
    context: ActivityContext,
    function: Callable[[Request], Awaitable[Response]],
    *arguments: Any,
    environment: ActivityEnvironment | None = None,
    **info: Any,
) -> Response:
    """Run an activity behind the interceptor.

    Args:
        context: What the activity gets handed.
        function: The activity.
        arguments: Its request.
        environment: Where heartbeats and cancellations go.
        info: Fields of :class:`temporalio.activity.Info` to set, such as ``attempt=2``.
    """
    environment = environment or ActivityEnvironment()
    environment.info = replace(environment.info, **info)
    chain = KuFlowActivityInterceptor(context).intercept_activity(_Execution())
    call = ExecuteActivityInput(fn=function, args=arguments, executor=None, headers={})
    result: Response = await environment.run(chain.execute_activity, call)
    return result


async def fails(call: Awaitable[object]) -> ApplicationError:
    """The failure that an activity ends with."""
    with pytest.raises(ApplicationError) as caught:
        await call
    return caught.value
