"""The twin's platform and API in process, for tests of their rules."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette

from kurun_twin.api import API_PREFIX, create_app
from kurun_twin.authority import EngineCertificate, EngineToken
from kurun_twin.database import Database
from kurun_twin.definitions import load_definitions
from kurun_twin.figures import Figures
from kurun_twin.options import TwinOptions
from kurun_twin.outbox import EngineCommand, read_pending
from kurun_twin.platform import Platform, Principal
from kurun_twin.scenario import Scenario

Json = dict[str, Any]

NOBODY = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
"""An id that nothing has; fixed, so that the names of tests stay the same from run to run."""

DEFINITIONS = """
tenant: {name: Acme}
principals:
  applications: [{name: worker}]
  users: [{name: Ada, email: ada@example.com}, {name: Bob, email: bob@example.com}]
taskQueues: [extra]
processDefinitions:
  - code: LOAN
    workflowType: LoanWorkflow
    taskQueue: loans
    metadata: {type: object, properties: {amount: {type: number}, name: {type: string}}}
    processItemDefinitions:
      - code: FORM
        data:
          type: object
          required: [amount]
          properties: {amount: {type: number, minimum: 1}, when: {type: string, format: date-time}}
      - {code: FREE}
      - {code: NOTE, type: MESSAGE}
      - {code: STUCK, aiAssistance: {errorMessage: no model}}
    processActionDefinitions:
      - {code: EXPORT, type: DOWNLOADABLE, workflowType: ExportWorkflow}
      - {code: RECALCULATE, type: START_WORKFLOW, workflowType: RecalculateWorkflow, taskQueue: extra}
      - {code: FOLLOW_UP, type: START_RELATED_PROCESS, processDefinitionCode: OPEN}
      - {code: ASK, type: CREATE_TASK, processItemDefinitionCode: FREE}
      - {code: DISCUSS, type: CREATE_PROCESS_ITEM_THREAD}
      - {code: HURRY, type: SEND_WORKFLOW_SIGNAL, signalName: Hurry}
      - code: POSTPONE
        type: SEND_WORKFLOW_SIGNAL
        signalName: Postpone
        input: {type: object, required: [days]}
  - {code: OPEN, workflowType: OpenWorkflow, taskQueue: open}
groups:
  - {code: CLERKS, name: Clerks, members: [ada@example.com, worker]}
  - {code: NOBODY}
businessArtifactDefinitions:
  - code: CUSTOMER
    data:
      type: object
      required: [name]
      properties: {name: {type: string}, age: {type: number}, vip: {type: boolean}}
    businessArtifactActionDefinitions:
      - {code: REPORT, type: DOWNLOADABLE, workflowType: ReportWorkflow, taskQueue: extra}
      - code: CHECK
        type: START_WORKFLOW
        workflowType: CheckWorkflow
        taskQueue: extra
        input: {type: object, required: [days]}
      - {code: LEND, type: START_PROCESS, processDefinitionCode: LOAN, prefill: {name: /name, amount: 5, of: [/no]}}
      - {code: COPY, type: CREATE_BUSINESS_ARTIFACT, businessArtifactDefinitionCode: NOTE, prefill: {title: /name}}
  - {code: NOTE}
"""


class SampleAuthority:
    """Issues credentials that no engine would take."""

    def issue_token(self) -> EngineToken:
        """A token for a minute."""
        return EngineToken("sample-token", datetime.now(UTC) + timedelta(minutes=1))

    def issue_certificate(self) -> EngineCertificate:
        """Texts in the place of certificates."""
        return EngineCertificate("default", "root", "certificate", "key")


@dataclass(frozen=True)
class Twin:
    """A platform with its application."""

    platform: Platform
    app: Starlette
    scenario: Scenario

    @property
    def worker(self) -> Principal:
        """The application."""
        return self.platform.principals.applications[0]

    @property
    def ada(self) -> Principal:
        """A user."""
        return self.platform.principals.users[0]

    @property
    def bob(self) -> Principal:
        """Another user."""
        return self.platform.principals.users[1]

    @property
    def tenant_id(self) -> str:
        """The tenant."""
        return str(self.platform.definitions.tenant.id)

    def definition_id(self, code: str = "LOAN") -> str:
        """Id of a process definition."""
        definition = self.platform.definitions.process_by_code(code)
        assert definition is not None
        return str(definition.id)

    def client(self, principal: Principal | None = None) -> httpx2.AsyncClient:
        """A plain HTTP client of the API; without a principal it is the application's."""
        credentials = (principal or self.worker).credentials
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app),
            base_url=f"http://twin{API_PREFIX}",
            auth=(credentials.client_id, credentials.client_secret),
        )

    def commands(self) -> list[EngineCommand]:
        """What the engine has still to be told."""
        return self.platform.database.call(read_pending, 1000)

    def execute(self, statement: str) -> None:
        """Change the database behind the platform's back."""

        def run(connection: sqlite3.Connection) -> None:
            connection.execute(statement)

        self.platform.database.call(run)


@contextmanager
def open_twin(folder: Path, definitions: str | None = DEFINITIONS, **options: Any) -> Iterator[Twin]:
    """Open a twin on a folder, new or used before."""
    file = None
    if definitions is not None:
        file = folder / "definitions.yaml"
        file.write_text(definitions, encoding="utf-8")
    settings = TwinOptions(data_dir=folder, definitions=file, **options)
    database = Database(folder / "twin.db")
    try:
        platform = Platform(settings, load_definitions(file), database, Figures())
        scenario = Scenario()
        yield Twin(platform, create_app(platform, SampleAuthority(), scenario), scenario)
    finally:
        database.close()


async def new_process(client: httpx2.AsyncClient, twin: Twin, code: str = "LOAN", **fields: Any) -> Json:
    """Start a process."""
    answer = await client.post("/processes", json={"processDefinitionId": twin.definition_id(code), **fields})
    assert answer.status_code in (200, 201), answer.text
    body: Json = answer.json()
    return body


async def new_task(client: httpx2.AsyncClient, process: Json, code: str = "FORM", **fields: Any) -> Json:
    """Create a task in a process."""
    wanted = {"type": "TASK", "processId": process["id"], "processItemDefinitionCode": code, **fields}
    answer = await client.post("/process-items", json=wanted)
    assert answer.status_code in (200, 201), answer.text
    body: Json = answer.json()
    return body


async def new_artifact(client: httpx2.AsyncClient, twin: Twin, code: str = "CUSTOMER", **fields: Any) -> Json:
    """Create a business artifact."""
    wanted = {"businessArtifactDefinitionCode": code, "tenantId": twin.tenant_id, **fields}
    answer = await client.post("/business-artifacts", json=wanted)
    assert answer.status_code in (200, 201), answer.text
    body: Json = answer.json()
    return body


def json_value(**value: Any) -> Json:
    """Data as requests carry it."""
    return {"value": value}


def reason(answer: httpx2.Response) -> Json:
    """The ``DefaultError`` of a refusal, checked for its required fields."""
    body: Json = json.loads(answer.content)
    assert {"timestamp", "status", "message"} <= body.keys()
    assert body["status"] == answer.status_code
    return body
