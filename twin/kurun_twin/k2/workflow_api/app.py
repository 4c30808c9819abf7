"""The Workflow REST API as an ASGI application."""

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kurun_twin.k2 import authentication
from kurun_twin.k2.platform import K2Platform, K2Refusal
from kurun_twin.k2.workflow_api import tasks, workflows
from kurun_twin.k2.workflow_api.answers import RequestProblem, error, refusal
from kurun_twin.k2.workflow_api.routing import Call, Operation

OPERATIONS = [*tasks.OPERATIONS, *workflows.OPERATIONS]
"""Every operation; of several that fit a request the first is meant."""


class WorkflowApi:
    """Answers requests below ``/api/workflow/``."""

    def __init__(self, k2: K2Platform) -> None:
        self._k2 = k2

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        user = await authentication.caller(self._k2, request.headers.get("authorization", ""))
        if user is None:
            message = "Authorization has been denied for this request."
            return error(401, message, {"WWW-Authenticate": authentication.CHALLENGE})
        try:
            operation, values = _meant(request)
            return await operation.handler(Call(self._k2, user, request, values))
        except RequestProblem as problem:
            return error(problem.status, problem.message, problem.headers)
        except K2Refusal as refused:
            return refusal(refused, self._k2.options)
        except ClientDisconnect:
            return error(400, "The request was not finished.")


def _meant(request: Request) -> tuple[Operation, dict[str, str]]:
    # Names in a path may hold encoded slashes, which only the path as it was sent keeps apart.
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    fitting = [(each, values) for each in OPERATIONS if (values := each.values(path)) is not None]
    if not fitting:
        raise RequestProblem(404, f"No HTTP resource was found that matches the request URI '{request.url.path}'.")
    for each, values in fitting:
        if each.method == request.method:
            return each, values
    allowed = ", ".join(sorted({each.method for each, _ in fitting}))
    message = f"The requested resource does not support http method '{request.method}'."
    raise RequestProblem(405, message, {"Allow": allowed})
