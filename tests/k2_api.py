"""The twin's K2 APIs on a port, with the clients of an account, and K2 activities run as a worker runs them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import AnyHttpUrl, SecretStr
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from kurun_activities.context import ActivityContext
from kurun_activities.interceptor import KuFlowActivityInterceptor
from kurun_activities.k2.context import K2Clients
from kurun_activities.k2.interceptor import K2ActivityInterceptor
from kurun_clients.kuflow import BasicAuth, KuFlowClient
from kurun_config import K2Settings
from kurun_twin.http_server import HttpServer
from kurun_twin.scenario import Rule
from tests.unit.k2_twins import K2Twin, open_k2_twin

ACTIVITY_DEFINITIONS = r"""
k2:
  users:
    - {name: 'ACME\Bob', password: 'Geheim:1'}
    - {name: 'ACME\svc', password: 'Geheim:1'}
  workflows:
    - id: 7
      name: 'Loans\Approval'
      dataFields: {Amount: {type: number}, Decision: {type: string}, Marker: {type: string}}
      steps:
        - task: Approve
          destinations: ['ACME\svc', 'ACME\Bob']
          slots: 1
          actions: [{name: Approve, set: {Decision: approved}, batchable: true}, {name: Decline, batchable: true}]
        - task: Report
          destinations: ['ACME\svc', 'ACME\Bob']
          actions: [{name: Acknowledge, batchable: true}]
    - id: 9
      name: 'Loans\Event'
      dataFields: {Marker: {type: string}}
      steps:
        - serverEvent: Wait
        - {task: Report, destinations: ['ACME\svc'], actions: [{name: Acknowledge}]}
    - {id: 11, name: Silent, steps: [{serverEvent: Wait}]}
"""
"""Tasks and events that a retry may find gone, with a data field for marks."""

Request = TypeVar("Request")
Response = TypeVar("Response")

ACTING = r"/actions/(?!redirect|sleep|release|wake|assign)"
"""Matches the path of a workflow's own actions."""


@dataclass(frozen=True)
class K2Api:
    """A running K2.

    Attributes:
        twin: What it serves.
        address: Where, without a path.
    """

    twin: K2Twin
    address: str

    def settings(self, user: str = "svc", *, workflow: bool = True, services: bool = True) -> K2Settings:
        """Settings for one of its accounts."""
        account = self.twin.user(user)
        return K2Settings(
            endpoint=AnyHttpUrl(f"{self.address}/api/workflow/v1") if workflow else None,
            services_endpoint=AnyHttpUrl(f"{self.address}/K2Services") if services else None,
            user=account.name,
            password=SecretStr(account.password),
            retries=0,
        )

    @asynccontextmanager
    async def clients(self, *, workflow: bool = True, services: bool = True) -> AsyncIterator[K2Clients]:
        """The clients of the account ``svc``."""
        clients = K2Clients.from_settings(self.settings(workflow=workflow, services=services))
        try:
            yield clients
        finally:
            await clients.aclose()

    def misbehave(self, **rule: object) -> None:
        """Put one rule in force (see :class:`kurun_twin.scenario.Rule`)."""
        self.twin.scenario.replace([Rule.model_validate(rule)])

    def behave(self) -> None:
        """Put none in force."""
        self.twin.scenario.clear()


@asynccontextmanager
async def k2_api(folder: Path, definitions: str = ACTIVITY_DEFINITIONS, **options: Any) -> AsyncIterator[K2Api]:
    """Serve K2, keeping its state in ``folder``."""
    async with AsyncExitStack() as stack:
        twin = stack.enter_context(open_k2_twin(folder, definitions, **options))
        server = HttpServer(twin.app)
        await server.start()
        stack.push_async_callback(server.stop)
        yield K2Api(twin, f"http://127.0.0.1:{server.port}")


class _Execution(ActivityInboundInterceptor):
    """The end of the chain: calls the function, as a worker does."""

    def __init__(self) -> None:
        pass

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's
        return await input.fn(*input.args)


class Attempts:
    """The attempts of one activity: each gets what Temporal would hand on from the one before.

    Args:
        clients: K2's clients.
        function: The activity.
        request: Its request.
        info: Fields of :class:`temporalio.activity.Info` to set.
    """

    def __init__(
        self, clients: K2Clients, function: Callable[[Request], Awaitable[Response]], request: Request, **info: Any
    ) -> None:
        self._clients = clients
        self._call = ExecuteActivityInput(fn=function, args=[request], executor=None, headers={})
        self._info = info
        self._details: list[Any] = []
        self.made = 0

    async def next(self) -> Any:
        """Make the next attempt.

        Raises:
            ApplicationError: As the workflow would see it.
        """
        self.made += 1
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, attempt=self.made, heartbeat_details=self._details, **self._info)
        environment.on_heartbeat = self._keep
        kuflow = ActivityContext(kuflow=KuFlowClient("http://127.0.0.1:9", auth=BasicAuth("nobody", "nothing")))
        inner = K2ActivityInterceptor(self._clients).intercept_activity(_Execution())
        chain = KuFlowActivityInterceptor(kuflow).intercept_activity(inner)
        try:
            return await environment.run(chain.execute_activity, self._call)
        finally:
            await kuflow.kuflow.aclose()

    def _keep(self, *details: Any) -> None:
        self._details = list(details)


async def run(
    clients: K2Clients, function: Callable[[Request], Awaitable[Response]], request: Request, **info: Any
) -> Response:
    """Run an activity once."""
    response: Response = await Attempts(clients, function, request, **info).next()
    return response
