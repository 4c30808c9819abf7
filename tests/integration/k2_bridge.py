"""A twin with KuFlow and K2, daemons that bridge them, and the people on both sides."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

from kurun_activities.k2.watched import mirror_id
from kurun_clients.http import NotFound
from kurun_clients.kuflow import BasicAuth, KuFlowClient
from kurun_clients.kuflow.models import (
    JsonValue,
    Process,
    ProcessCreateParams,
    ProcessItem,
    ProcessItemTaskState,
    ProcessState,
)
from kurun_config import K2Settings, Settings
from kurun_twin.k2.platform import Changes, K2Platform, K2User, StartInput, history
from kurun_twin.options import TwinOptions
from kurun_twin.scenario import Rule
from kurun_twin.twin_server import TwinServer
from kurun_worker import daemon
from tests.integration.conftest import definitions
from tests.integration.worker_host import settings_for

Found = TypeVar("Found")

BOB, EVE, SVC = "ACME\\Bob", "ACME\\Eve", "ACME\\svc"

LOAN, ASKED, HURRIED, WAITING, REPORTING, CHECKED = 1, 2, 3, 4, 5, 6


def _step(name: str, *people: str, **more: Any) -> dict[str, Any]:
    actions = [
        {"name": "Approve", "set": {"Decision": "approved"}},
        {"name": "Decline", "set": {"Decision": "declined"}, "batchable": True},
    ]
    return {"task": name, "destinations": list(people), "actions": actions, **more}


def _k2() -> dict[str, Any]:
    fields = {"Amount": {"type": "number"}, "Decision": {"type": "string"}}
    report = {"task": "Report", "destinations": [SVC], "actions": [{"name": "Acknowledge"}]}
    steps: dict[int, list[dict[str, Any]]] = {
        LOAN: [_step("Approve", SVC)],
        ASKED: [_step("Approve", SVC, EVE)],
        HURRIED: [_step("Approve", SVC, expiresAfter=1)],
        WAITING: [{"serverEvent": "Wait"}],
        REPORTING: [_step("Approve", BOB), report],
        CHECKED: [_step("Check", SVC), _step("Approve", BOB), report],
    }
    return {
        "users": [{"name": name} for name in (BOB, EVE, SVC)],
        "serverEventUsers": [SVC],
        "workflows": [
            {"id": number, "name": f"Loans\\W{number}", "dataFields": fields, "steps": each}
            for number, each in steps.items()
        ],
    }


def _process(queue: str, code: str, workflow_type: str, item: str) -> dict[str, Any]:
    return {
        "code": code,
        "name": code,
        "workflowType": workflow_type,
        "taskQueue": queue,
        "processItemDefinitions": [{"code": item, "type": "TASK", "name": item}],
    }


async def found(look: Callable[[], Awaitable[Found | None]], *, seconds: float = 20) -> Found:
    """Look until there is something."""
    async with asyncio.timeout(seconds):
        while (seen := await look()) is None:
            await asyncio.sleep(0.03)
    return seen


@dataclass
class Bridge:
    """Both sides of the bridge.

    Attributes:
        twin: KuFlow and K2.
        ada: The KuFlow API as a person.
        settings: Of a worker for both.
    """

    twin: TwinServer
    ada: KuFlowClient
    settings: Settings

    @property
    def k2(self) -> K2Platform:
        """K2 itself."""
        assert self.twin.k2 is not None
        return self.twin.k2

    def user(self, name: str) -> K2User:
        """An account of K2."""
        user = self.k2.users.named(name)
        assert user is not None
        return user

    async def start(self, workflow_id: int, user: str = BOB, folio: str = "Loan") -> int:
        """Start a K2 workflow in K2."""
        workflow = self.k2.definitions.workflow_by_id(workflow_id)
        assert workflow is not None
        changes = Changes(data_fields={"Amount": 7})
        wanted = StartInput(folio=folio, changes=changes)
        return await self.k2.database.run(self.k2.instances.start, self.user(user), workflow, wanted)

    async def serial(self, instance: int, user: str = SVC) -> str:
        """The serial number of an account's task in an instance, once it is there."""

        async def look() -> str | None:
            tasks = await self.k2.database.run(self.k2.tasks.list, self.user(user))
            return next((task.serial for task in tasks if task.instance.id == instance), None)

        return await found(look)

    async def act(self, instance: int, user: str, action: str) -> None:
        """Somebody acts in K2."""
        serial = await self.serial(instance, user)
        await self.k2.database.run(self.k2.tasks.act, self.user(user), serial, action, Changes())

    async def happened(self, instance: int | None, what: str) -> list[dict[str, Any]]:
        """What happened to an instance, or to all, in K2's history."""
        rows = await self.k2.database.run(lambda connection: history.read(connection, instance_id=instance, what=what))
        return list(rows)

    async def mirror(self, serial: str, generation: int = 0) -> UUID:
        """The process that mirrors a task, once it is there."""
        process_id = mirror_id(self.settings.k2.account, serial, generation)

        async def look() -> Process | None:
            try:
                return await self.ada.processes.retrieve(process_id)
            except NotFound:
                return None

        return (await found(look)).id

    async def item(self, process_id: UUID, nth: int = 0) -> ProcessItem:
        """A task of a process, once it is there."""

        async def look() -> ProcessItem | None:
            page = await self.ada.process_items.find(process_id=[process_id], sort=["createdAt,asc"])
            tasks = [each for each in page.content if each.task is not None]
            return await self.ada.process_items.retrieve(tasks[nth].id) if len(tasks) > nth else None

        return await found(look)

    async def outcome(self, process_id: UUID) -> dict[str, Any]:
        """What came of K2, as the task of a process has it."""
        task = (await self.item(process_id)).task
        assert task is not None
        assert task.data is not None
        outcome: dict[str, Any] = task.data.value["k2"]
        return outcome

    async def complete(self, item: ProcessItem, **data: Any) -> None:
        """Ada fills in a task and completes it."""
        await self.ada.process_items.claim(item.id)
        kept = item.task.data.value if item.task and item.task.data else {}
        await self.ada.process_items.update_data(item.id, JsonValue.of({**kept, **data}))
        await self.ada.process_items.complete(item.id)

    async def state(self, item: ProcessItem) -> ProcessItemTaskState | None:
        """Where a task stands."""
        read = await self.ada.process_items.retrieve(item.id)
        return read.task.state if read.task else None

    async def ended(self, process_id: UUID) -> str:
        """Wait until a process is completed; its last message."""

        async def look() -> str | None:
            process = await self.ada.processes.retrieve(process_id)
            if process.state is ProcessState.RUNNING:
                return None
            page = await self.ada.process_items.find(process_id=[process_id], sort=["createdAt,asc"])
            texts = [each.message.text or "" for each in page.content if each.message is not None]
            return f"{process.state} {texts[-1] if texts else ''}"

        return await found(look)

    async def process(self, code: str, **k2: Any) -> UUID:
        """Start a process that is told something about K2."""
        params = ProcessCreateParams(
            id=uuid4(), process_definition_code=code, metadata=JsonValue.of({"k2": k2}), tenant_id=self._tenant
        )
        return (await self.ada.processes.create(params)).id

    def misbehave(self, **rule: Any) -> None:
        """Let the twin misbehave at some requests; without a rule, no more."""
        rules = [Rule.model_validate(rule)] if rule else []
        self.twin.scenario.replace(rules)

    def counted(self, operation: str) -> int:
        """How many requests for an operation the twin has had."""
        operations = self.twin.platform.figures.snapshot()["requests"]["by_operation"]
        return int(operations.get(operation, {}).get("total", 0))

    async def lists(self, number: int) -> None:
        """Wait until the watcher has seen so many more lists."""
        before = self.counted("Tasks_Get")

        async def look() -> bool | None:
            return True if self.counted("Tasks_Get") > before + number else None

        await found(look)

    async def processes(self) -> int:
        """How many processes there are."""
        return (await self.ada.processes.find()).metadata.total_elements

    @property
    def _tenant(self) -> UUID:
        return UUID(self.twin.info["kuflow"]["tenant_id"])


@asynccontextmanager
async def open_bridge(folder: Path, temporal_address: str, **options: Any) -> AsyncIterator[Bridge]:
    """A twin with KuFlow and K2, without any worker."""
    queue = f"queue-{uuid4()}"
    processes = (
        _process(queue, "MIRROR", "K2TaskMirrorWorkflow", "K2_TASK"),
        _process(queue, "APPROVAL", "K2ApprovalWorkflow", "K2_APPROVAL"),
    )
    file = folder / "definitions.yaml"
    file.write_text(json.dumps({**definitions(*processes), "k2": _k2()}))
    wanted = TwinOptions(folder / "twin", definitions=file, temporal_address=temporal_address, **options)
    async with TwinServer(wanted) as twin:
        ada = twin.info["users"][0]
        async with KuFlowClient(
            twin.info["kuflow"]["endpoint"], auth=BasicAuth(ada["client_id"], ada["client_secret"])
        ) as client:
            yield Bridge(twin, client, _settings(twin, queue))


@asynccontextmanager
async def bridging(bridge: Bridge, **k2: Any) -> AsyncIterator[None]:
    """A daemon that bridges, until the end of the block."""
    settings = bridge.settings.model_copy(update={"k2": bridge.settings.k2.model_copy(update=k2)})
    stop = asyncio.Event()
    running = asyncio.create_task(daemon.run(settings, stop=stop))
    try:
        yield
    finally:
        stop.set()
        await running


def _settings(twin: TwinServer, queue: str) -> Settings:
    info = twin.info["k2"]
    [mirror] = [each["id"] for each in twin.info["process_definitions"] if each["code"] == "MIRROR"]
    k2 = K2Settings.model_validate(
        {
            "account": f"account-{uuid4()}",
            "endpoint": info["endpoint"],
            "services_endpoint": info["services_endpoint"],
            "user": info["user"],
            "password": info["password"],
            "watch": True,
            "watch_interval": 0.1,
            "mirror_process_definition_id": mirror,
        }
    )
    return settings_for(twin, task_queue=queue, modules=[], drain_timeout=1).model_copy(update={"k2": k2})
