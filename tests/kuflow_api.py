"""The twin's KuFlow API on a port, without its engine: enough for everything that only speaks HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from kurun_clients.kuflow import BasicAuth, KuFlowClient
from kurun_twin.api import API_PREFIX, create_app
from kurun_twin.authority import EngineCertificate, EngineToken
from kurun_twin.database import Database
from kurun_twin.definitions import load_definitions
from kurun_twin.figures import Figures
from kurun_twin.http_server import HttpServer
from kurun_twin.options import TwinOptions
from kurun_twin.platform import Platform
from kurun_twin.scenario import Rule, Scenario

DEFINITIONS = """
tenant: {name: Acme}
principals:
  applications: [{name: worker}]
  users: [{name: Ada Clerk, email: ada@example.com}]
processDefinitions:
  - code: LOAN
    name: Loan
    workflowType: LoanWorkflow
    taskQueue: loans
    metadata: {type: object, properties: {amount: {type: number}}}
    entity: {type: object, required: [name]}
    processItemDefinitions:
      - {code: FORM, type: TASK, data: {type: object, properties: {amount: {type: number}}}}
      - {code: NOTE, type: MESSAGE}
"""


@dataclass
class KuFlowApi:
    """A running API.

    Attributes:
        endpoint: Its address.
        platform: What it serves.
        scenario: How it misbehaves.
        worker: A client of the application ``worker``.
        ada: A client of a person.
    """

    endpoint: str
    platform: Platform
    scenario: Scenario
    worker: KuFlowClient
    ada: KuFlowClient

    @property
    def tenant_id(self) -> UUID:
        """The one tenant."""
        return self.platform.definitions.tenant.id

    def misbehave(self, **rule: object) -> None:
        """Put one rule in force (see :class:`kurun_twin.scenario.Rule`)."""
        self.scenario.replace([Rule.model_validate(rule)])

    def requests(self, operation: str) -> int:
        """How often an operation was asked for so far."""
        operations = self.platform.figures.snapshot()["requests"]["by_operation"]
        return int(operations.get(operation, {}).get("total", 0))


class NoEngine:
    """An authority without an engine: nothing here opens one."""

    def issue_token(self) -> EngineToken:
        """Refuse."""
        raise NotImplementedError

    def issue_certificate(self) -> EngineCertificate:
        """Refuse."""
        raise NotImplementedError


@asynccontextmanager
async def kuflow_api(folder: Path, definitions: str = DEFINITIONS) -> AsyncIterator[KuFlowApi]:
    """Serve the API, keeping its state in ``folder``."""
    (folder / "definitions.yaml").write_text(definitions)
    options = TwinOptions(data_dir=folder)
    scenario = Scenario()
    async with AsyncExitStack() as stack:
        database = Database(folder / "twin.db")
        stack.push_async_callback(asyncio.to_thread, database.close)
        loaded = load_definitions(folder / "definitions.yaml")
        platform = Platform(options, loaded, database, Figures())
        server = HttpServer(create_app(platform, NoEngine(), scenario))
        await server.start()
        stack.push_async_callback(server.stop)
        endpoint = f"http://127.0.0.1:{server.port}{API_PREFIX}"
        clients = []
        for principal in (platform.principals.applications[0], platform.principals.users[0]):
            auth = BasicAuth(principal.credentials.client_id, principal.credentials.client_secret)
            clients.append(await stack.enter_async_context(KuFlowClient(endpoint, auth=auth)))
        yield KuFlowApi(endpoint, platform, scenario, *clients)
