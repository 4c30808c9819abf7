"""A twin with robots, and a worker that runs them, for the tests of robots' runs."""

import asyncio
import json
import textwrap
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import (
    JsonValue,
    ProcessCreateParams,
    ProcessItem,
    ProcessItemCreateParams,
    ProcessItemTaskCreateParams,
    ProcessItemType,
)
from kurun_config import Settings
from kurun_robots.package import PackageLimits, pack
from kurun_twin.dev import TwinServer
from kurun_worker.plugin import KuFlowPlugin
from kurun_workflows.robots import WorkflowRobotResponse
from tests.integration.conftest import Connect, TwinFactory, definitions, process_definition
from tests.integration.robot_runs import robot_python

ROBOTS: dict[str, dict[str, Any]] = {
    "GREETER": {
        "environmentVariables": {"GREETING_PASSWORD": "open-sesame-42"},
        "program": """
            import json, os, pathlib
            out = pathlib.Path(os.environ["KUFLOW_EXECUTION_OUTDIR"])
            (out / "reports").mkdir()
            (out / "reports" / "variables.json").write_text(json.dumps(dict(os.environ)))
            (out / "passwd").symlink_to("/etc/passwd")
            print("INFO hello")
            print("WARNING mind the step")
            print("the password is", os.environ["GREETING_PASSWORD"])
        """,
    },
    "UNREADY": {"ready": False, "program": "print('not yet')"},
    "FAILING": {"program": "import sys; print('ERROR no such invoice'); sys.exit(3)"},
    "STALLED_ONCE": {
        "program": """
            import os, pathlib, time
            mark = pathlib.Path(os.environ["KUFLOW_ROBOT_HOME_PATH"]).parents[3] / "marks" / "seen"
            if not mark.exists():
                mark.touch()
                print("stalled")
                time.sleep(600)
            print("done")
        """
    },
    "ENDLESS": {
        "program": """
            import time
            print("running for ever")
            time.sleep(600)
        """
    },
}


@dataclass
class RobotStage:
    """A twin with :data:`ROBOTS`, and what a worker for it needs.

    Attributes:
        twin: KuFlow.
        kuflow: Its API, as the worker's application.
        settings: Of the worker.
    """

    twin: TwinServer
    kuflow: KuFlowClient
    settings: Settings

    @property
    def home(self) -> Path:
        """Where robots live."""
        assert self.settings.robots.home is not None
        return self.settings.robots.home

    def with_robots(self, **changes: Any) -> Settings:
        """The settings with others for robots."""
        robots = self.settings.robots.model_copy(update=changes)
        return self.settings.model_copy(update={"robots": robots})

    async def robot_id(self, code: str) -> UUID:
        """The id of a robot."""
        return next(each.id for each in (await self.kuflow.robots.find(size=100)).content if each.code == code)

    async def task(self) -> ProcessItem:
        """A new task of a new process."""
        tenant_id = UUID(self.twin.info["kuflow"]["tenant_id"])
        process = await self.kuflow.processes.create(
            ProcessCreateParams(id=uuid4(), tenant_id=tenant_id, process_definition_code="TEST")
        )
        return await self.kuflow.process_items.create(
            ProcessItemCreateParams(
                id=uuid4(),
                type=ProcessItemType.TASK,
                process_id=process.id,
                process_item_definition_code="FORM",
                task=ProcessItemTaskCreateParams(data=JsonValue(value={"amount": 1})),
            )
        )

    async def logged(self, task_id: UUID) -> list[tuple[str, str]]:
        """Levels and texts of a task's log."""
        task = (await self.kuflow.process_items.retrieve(task_id)).task
        assert task is not None
        return [(str(each.level), each.message) for each in task.logs or ()]

    async def start(self, client: Client, code: str, operation: str, task: ProcessItem) -> WorkflowHandle[Any, Any]:
        """Start the workflow as KuFlow does."""
        request = {
            "processId": str(task.process_id),
            "processItemId": str(task.id),
            "robotId": str(await self.robot_id(code)),
            "robotOperation": operation,
        }
        return await client.start_workflow(
            self.settings.robots.workflow_type,
            request,
            id=f"robot-{uuid4()}",
            task_queue=self.settings.worker.task_queue or "",
            result_type=WorkflowRobotResponse,
        )

    async def until_logged(self, task_id: UUID, text: str) -> None:
        """Wait until the log says something."""
        async with asyncio.timeout(60):
            while not any(text in message for _, message in await self.logged(task_id)):
                await asyncio.sleep(0.1)

    def left(self) -> list[str]:
        """What runs have left behind on the disk."""
        return [path.name for path in (self.home / "runs").iterdir() if path.is_dir()]


@asynccontextmanager
async def robot_stage(
    twin_factory: TwinFactory,
    connect: Connect,
    folder: Path,
    robots: Mapping[str, dict[str, Any]] = ROBOTS,
    *,
    more: Sequence[dict[str, Any]] = (),
) -> AsyncIterator[RobotStage]:
    """A twin with robots, and with ``more`` that are entries already; anybody may pass through the folder."""
    file = folder / "definitions.yaml"
    entries = [package_entry(folder, code, robot) for code, robot in robots.items()] + list(more)
    file.write_text(json.dumps({**definitions(process_definition("nobody-polls-this")), "robots": entries}))
    queue = f"robots-{uuid4()}"
    with_queue = json.loads(file.read_text()) | {"taskQueues": [queue]}
    file.write_text(json.dumps(with_queue))
    async with twin_factory(definitions=file) as twin, connect(twin) as kuflow:
        settings = Settings.model_validate(
            {
                "kuflow": {name: twin.info["kuflow"][name] for name in ("endpoint", "client_id", "client_secret")},
                "engine": {"address": twin.info["engine"]["address"]},
                "worker": {"task_queue": queue},
                "robots": {
                    "enabled": True,
                    "home": folder / "home",
                    "python": [robot_python()],
                    "workflow_type": "KuBotWorkflow",
                    "content_hash": "sha256",
                    "heartbeat_timeout": 3,
                },
            }
        )
        yield RobotStage(twin, kuflow, settings)


def package_entry(folder: Path, code: str, robot: Mapping[str, Any]) -> dict[str, Any]:
    """Pack a robot; its entry in a definitions file."""
    source = write_package(folder / code.lower(), robot["program"])
    pack(source, folder / f"{code}.zip", PackageLimits.usual())
    return {
        "code": code,
        "sourceFile": f"{code}.zip",
        "environmentVariables": robot.get("environmentVariables", {}),
        "ready": robot.get("ready", True),
    }


def write_package(folder: Path, program: str) -> Path:
    """A folder with a robot whose one operation `Do it` runs a Python program."""
    folder.mkdir()
    (folder / "kubot.yaml").write_text("operations:\n  - name: Do it\n    shell: python main.py\n")
    (folder / "main.py").write_text(textwrap.dedent(program))
    return folder


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[Client]:
    """A worker with these settings until the block ends; gives a client of its engine."""
    plugin = KuFlowPlugin(settings)
    client = await Client.connect(settings.engine.address or "", plugins=[plugin])
    async with Worker(client, task_queue=settings.worker.task_queue or ""):
        yield client


def variables_of(settings: Settings) -> dict[str, str]:
    """The environment of a worker with these settings."""
    kuflow, robots = settings.kuflow, settings.robots
    assert kuflow.client_secret is not None
    return {
        "KURUN_KUFLOW_ENDPOINT": str(kuflow.endpoint),
        "KURUN_KUFLOW_CLIENT_ID": str(kuflow.client_id),
        "KURUN_KUFLOW_CLIENT_SECRET": kuflow.client_secret.get_secret_value(),
        "KURUN_ENGINE_ADDRESS": settings.engine.address or "",
        "KURUN_WORKER_TASK_QUEUE": settings.worker.task_queue or "",
        "KURUN_ROBOTS_ENABLED": "true",
        "KURUN_ROBOTS_HOME": str(robots.home),
        "KURUN_ROBOTS_PYTHON": str(robots.python[0]),
        "KURUN_ROBOTS_WORKFLOW_TYPE": robots.workflow_type,
        "KURUN_ROBOTS_HEARTBEAT_TIMEOUT": str(robots.heartbeat_timeout.total_seconds()),
    }
