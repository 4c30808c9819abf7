"""K2's part of the twin in process, with a clock that tests turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette

from kurun_twin.api import create_app
from kurun_twin.clock import microseconds
from kurun_twin.database import Database
from kurun_twin.definitions import load_definitions
from kurun_twin.figures import Figures
from kurun_twin.k2.platform import Changes, K2Platform, K2User, StartInput, history
from kurun_twin.options import TwinOptions
from kurun_twin.platform import Platform
from kurun_twin.scenario import Scenario
from tests.unit.twins import Json, SampleAuthority

PASSWORD = "Geheim:1"

K2_DEFINITIONS = r"""
k2:
  users:
    - {name: 'ACME\Bob', displayName: Bob Boss, email: bob@example.com, manager: 'ACME\Eve', password: 'Geheim:1'}
    - {name: 'ACME\Eve', displayName: Eve Chief, email: eve@example.com, password: 'Geheim:1'}
    - {name: 'ACME\svc', displayName: Service, password: 'Geheim:1'}
    - {name: 'ACME\Zoe', password: 'Geheim:1'}
  serverEventUsers: ['ACME\svc']
  workflows:
    - id: 7
      name: 'Loans\Approval'
      starters: ['ACME\svc', 'ACME\Bob']
      dataFields:
        Amount: {type: number}
        Decision: {type: string}
        File Id: {type: string, default: none}
      steps:
        - task: Approve
          destinations: ['ACME\Bob', 'ACME\Eve']
          actions:
            - {name: Approve, set: {Decision: approved}}
            - {name: Decline It, set: {Decision: declined}, next: Report, batchable: true}
            - {name: Note}
          expiresAfter: 3600
        - serverEvent: Wait for KuFlow
        - task: Report
          destinations: ['ACME\svc']
          actions: [{name: Acknowledge}, {name: Again, next: Approve}]
    - id: 8
      name: Two
      steps:
        - task: Both
          destinations: ['ACME\Bob', 'ACME\Eve', 'ACME\Zoe']
          slots: 2
          actions: [{name: Done, batchable: true}]
    - id: 9
      name: 'Events\Only'
      dataFields: {Answer: {type: integer}}
      steps: [{serverEvent: Wait}]
    - {id: 10, name: Empty}
"""


@dataclass
class Clock:
    """Tells a time that only tests move, in microseconds since 1970 UTC."""

    now: int = field(default_factory=microseconds)

    def __call__(self) -> int:
        """The time."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += round(seconds * 1_000_000)


@dataclass(frozen=True)
class K2Twin:
    """A twin with K2."""

    platform: Platform
    k2: K2Platform
    app: Starlette
    scenario: Scenario
    clock: Clock

    def user(self, name: str) -> K2User:
        """An account."""
        user = self.k2.users.named(name)
        assert user is not None
        return user

    def client(self, name: str | None = "svc", path: str = "/api/workflow/v1") -> httpx2.AsyncClient:
        """A plain HTTP client of K2 for an account, or for nobody."""
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app),
            base_url=f"http://twin{path}",
            auth=None if name is None else (self.user(name).name, self.user(name).password),
        )

    def steering(self) -> httpx2.AsyncClient:
        """A client of the twin's own operations."""
        credentials = self.platform.principals.applications[0].credentials
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app),
            base_url="http://twin/_twin",
            auth=(credentials.client_id, credentials.client_secret),
        )

    def start(self, workflow_id: int = 7, user: str = "svc", folio: str = "", **data_fields: Any) -> int:
        """Start a workflow, past HTTP."""
        workflow = self.k2.definitions.workflow_by_id(workflow_id)
        assert workflow is not None
        wanted = StartInput(folio=folio, changes=Changes(data_fields=data_fields))
        return self.k2.database.call(self.k2.instances.start, self.user(user), workflow, wanted)

    def serial(self, user: str) -> str:
        """The serial number of an account's newest listed task."""
        return self.k2.database.call(self.k2.tasks.list, self.user(user))[-1].serial

    def event_serial(self) -> str:
        """The serial number of the newest server event that waits."""
        return self.k2.database.call(self.k2.server_events.waiting)[-1].serial

    def history(self, **wanted: Any) -> list[Json]:
        """What happened."""
        return self.k2.database.call(history.read, **wanted)

    def happened(self, **wanted: Any) -> list[str]:
        """What happened, in a word each."""
        return [each["what"] for each in self.history(**wanted)]


@contextmanager
def open_k2_twin(folder: Path, definitions: str = K2_DEFINITIONS, **options: Any) -> Iterator[K2Twin]:
    """Open a twin with K2 on a folder, new or used before."""
    file = folder / "definitions.yaml"
    file.write_text(definitions, encoding="utf-8")
    settings = TwinOptions(data_dir=folder, definitions=file, **options)
    database, clock = Database(folder / "twin.db"), Clock()
    try:
        read, figures, scenario = load_definitions(file), Figures(), Scenario()
        assert read.k2 is not None
        platform = Platform(settings, read, database, figures)
        k2 = K2Platform(settings, read.k2, database, figures, clock=clock)
        k2.address = "http://twin"
        yield K2Twin(platform, k2, create_app(platform, SampleAuthority(), scenario, k2), scenario, clock)
    finally:
        database.close()


def message(answer: httpx2.Response) -> str:
    """What a refusal of the Workflow REST API says."""
    body: Json = answer.json()
    assert list(body) == ["Message"]
    text: str = body["Message"]
    return text
