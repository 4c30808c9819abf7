"""What the integration tests share: one Temporal server for the session, and twins in front of it."""

import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kurun_clients.kuflow import BasicAuth, KuFlowClient
from kurun_twin.dev import TwinServer
from kurun_twin.engine.temporal_server import TemporalServer, TemporalServerOptions
from kurun_twin.options import TwinOptions

SETTINGS = {"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]}

TwinFactory = Callable[..., AbstractAsyncContextManager[TwinServer]]
Connect = Callable[..., AbstractAsyncContextManager[KuFlowClient]]


def process_definition(task_queue: str, *, code: str = "TEST", workflow_type: str = "TestWorkflow") -> dict[str, Any]:
    """An entry of a definitions file: a process with a task FORM (a number `amount`) and a message NOTE."""
    return {
        "code": code,
        "name": code.title(),
        "workflowType": workflow_type,
        "taskQueue": task_queue,
        "processItemDefinitions": [
            {"code": "FORM", "type": "TASK", "name": "Form", "data": SETTINGS},
            {"code": "NOTE", "type": "MESSAGE", "name": "Note"},
        ],
    }


def definitions(*processes: dict[str, Any]) -> dict[str, Any]:
    """A definitions file with the usual people: an application, Ada and Grace."""
    return {
        "tenant": {"name": "Acme"},
        "principals": {
            "applications": [{"name": "worker"}],
            "users": [
                {"name": "Ada Clerk", "email": "ada@example.com"},
                {"name": "Grace Boss", "email": "grace@example.com"},
            ],
        },
        "processDefinitions": list(processes),
    }


@pytest.fixture
def task_queue() -> str:
    """A queue that no other test polls."""
    return f"queue-{uuid.uuid4()}"


@pytest.fixture(scope="session")
async def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TemporalServer]:
    """One real Temporal server, shared by every twin that is not started with its own."""
    server = TemporalServer(TemporalServerOptions(tmp_path_factory.mktemp("temporal")))
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def twin_factory(temporal_server: TemporalServer, tmp_path_factory: pytest.TempPathFactory) -> TwinFactory:
    """Start a twin with what a test needs.

    Use it as ``async with twin_factory(process_definition(queue), token_life=…) as twin``. Positional arguments are
    entries of the definitions file (none: no file, any queue is welcome), keyword arguments are :class:`TwinOptions`.
    ``own_temporal=True`` starts a Temporal server for this twin alone.
    """

    @asynccontextmanager
    async def start(
        *processes: dict[str, Any], own_temporal: bool = False, **options: Any
    ) -> AsyncIterator[TwinServer]:
        folder = tmp_path_factory.mktemp("twin")
        if processes:
            options["definitions"] = write_definitions(folder / "definitions.yaml", *processes)
        if not own_temporal:
            options["temporal_address"] = temporal_server.address
        async with TwinServer(TwinOptions(**{"data_dir": folder / "data", **options})) as twin:
            yield twin

    return start


@pytest.fixture(scope="session")
async def twin(twin_factory: TwinFactory) -> AsyncIterator[TwinServer]:
    """A twin for tests that start no workflow of their own: its process TEST is served by no worker."""
    async with twin_factory(process_definition("nobody-polls-this")) as started:
        yield started


@pytest.fixture(scope="session")
def connect() -> Connect:
    """Opens clients: ``connect(twin)`` as its application, ``connect(twin, user=0)`` as one of its people."""

    def open_client(twin: TwinServer, *, user: int | None = None) -> KuFlowClient:
        who = twin.info["kuflow"] if user is None else twin.info["users"][user]
        return KuFlowClient(twin.info["kuflow"]["endpoint"], auth=BasicAuth(who["client_id"], who["client_secret"]))

    return open_client


def write_definitions(file: Path, *processes: dict[str, Any]) -> Path:
    """Write a definitions file; JSON is YAML."""
    file.write_text(json.dumps(definitions(*processes)))
    return file
