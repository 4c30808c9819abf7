"""``kurun check``: what it says of a twin, of what is wrong, and how to mend it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from kurun_worker.cli import cli
from kurun_worker.cli.errors import reported
from tests.processes import Dev, kurun, kurun_dev
from tests.proof.away import temporal_of
from tests.waiting import until

MODULE = """
from temporalio import activity, workflow

@activity.defn
async def greet() -> None: ...

@workflow.defn
class Hello:
    @workflow.run
    async def run(self) -> None: ...
"""
DEFINITIONS = r"""
tenant: {name: Acme}
principals: {applications: [{name: worker}], users: []}
processDefinitions: [{code: LOAN, name: Loan, workflowType: Hello, taskQueue: loans}]
k2:
  users: [{name: 'ACME\Bob', password: 'Geheim:1'}]
"""
LINES = [
    "settings",
    "required settings",
    "name of KuFlow",
    "name of the engine",
    "connection to KuFlow",
    "clock",
    "credentials",
    "tenant",
    "engine certificate",
    "TLS of the engine",
    "namespace",
    "task queue",
    "module acme",
    "definitions",
]


@pytest.fixture(scope="module")
async def dev(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dev]:
    """A twin, with a K2 beside it."""
    folder = tmp_path_factory.mktemp("dev")
    (folder / "definitions.yaml").write_text(DEFINITIONS)
    async with kurun_dev(folder, definitions=folder / "definitions.yaml") as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the modules."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "acme.py").write_text(MODULE)
    (folder / "acme_broken.py").write_text("\nimport absent_library\n")
    return folder


@dataclass
class Here:
    """``kurun check`` in this process, whose libraries are loaded already.

    Attributes:
        dev: The twin.
        folder: Where it is called.
        monkeypatch: Sets variables.
        capsys: Reads what it writes.
    """

    dev: Dev
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    async def check(self, *arguments: str, **changes: str) -> tuple[int, str]:
        """Exit code and output, with settings for the twin, some of them changed."""
        with self.monkeypatch.context() as patch:
            patch.chdir(self.folder)
            for name, value in {**self.dev.environment(task_queue="loans", modules=[]), **changes}.items():
                patch.setenv(name, value)
            code = await asyncio.to_thread(
                lambda: reported(lambda: cli.main(["check", *arguments], prog_name="kurun", standalone_mode=False))
            )
        return code, self.capsys.readouterr().out


@pytest.fixture
def here(dev: Dev, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """The command, as this process runs it."""
    return Here(dev, folder, monkeypatch, capsys)


async def test_a_worker_that_could_run_is_told_so_and_nothing_is_registered(
    dev: Dev, folder: Path, tmp_path: Path
) -> None:
    """A line for each thing, in order, and nothing else: no log, no colours, no secrets."""
    environment = dev.environment(task_queue="loans", modules=["acme"])
    async with kurun("check", log=tmp_path / "log", environment=environment, folder=folder) as running:
        async with asyncio.timeout(60):
            code = await running.process.wait()
        said = running.lines()

    *lines, last = said.splitlines()
    assert code == 0, said
    assert [line.split(":")[0] for line in lines] == [f"ok       {name}" for name in LINES]
    assert last == f"{len(LINES)} ok"
    assert "lets us into" in said
    assert "loans: nobody polls it now" in said
    assert dev.info["kuflow"]["client_secret"] not in said
    assert "\x1b" not in said
    operations = (await dev.figures())["requests"]["by_operation"]
    assert "createAuthentication" in operations
    assert "createWorker" not in operations


async def test_json_is_one_object(here: Here) -> None:
    """For whoever reads it with a program; the worst case is an early one: settings that cannot be read."""
    code, said = await here.check("--json")
    unread, complaint = await here.check("--json", KURUN_KUFLOW_RETRIES="many")

    document = json.loads(said)
    assert (code, document["ok"], [each["name"] for each in document["checks"]]) == (0, True, LINES[:-2])
    assert unread == 2
    assert [each["outcome"] for each in json.loads(complaint)["checks"]] == ["failed", "skipped"]


@pytest.mark.parametrize(
    ("changes", "expected", "told"),
    [
        (
            {"KURUN_KUFLOW_CLIENT_SECRET": "wrong-secret"},
            2,
            (
                "failed   credentials: KuFlow does not know these credentials (HTTP 401)",
                "check KURUN_KUFLOW_CLIENT_ID and KURUN_KUFLOW_CLIENT_SECRET",
                "skipped  namespace: because credentials failed",
            ),
        ),
        (
            {"KURUN_KUFLOW_ENDPOINT": "https://nobody.invalid/v2024-06-14"},
            1,
            (
                "failed   name of KuFlow: nobody.invalid cannot be resolved",
                "check KURUN_KUFLOW_ENDPOINT",
                "skipped  credentials: because name of KuFlow failed",
            ),
        ),
        (
            {"KURUN_ENGINE_ADDRESS": "localhost:9"},
            1,
            (
                "failed   TLS of the engine: localhost:9 cannot be reached: Connection refused",
                "check KURUN_ENGINE_ADDRESS",
                "skipped  task queue: because TLS of the engine failed",
            ),
        ),
        (
            {"KURUN_ENGINE_NAMESPACE": "nowhere"},
            2,
            (
                "failed   namespace: the engine has no namespace nowhere",
                "check KURUN_ENGINE_NAMESPACE",
                "skipped  task queue: because namespace failed",
            ),
        ),
        (
            {"KURUN_WORKER_MODULES": "acme_broken"},
            2,
            (
                "failed   module acme_broken: importing acme_broken failed: ModuleNotFoundError: No module named 'a",
                "acme_broken.py:2)",
                "skipped  definitions: because module acme_broken failed",
            ),
        ),
        (
            {"KURUN_WORKER_TASK_QUEUE": ""},
            2,
            (
                "failed   required settings: worker.task_queue is not set",
                "set KURUN_WORKER_TASK_QUEUE or --worker-task-queue",
                "skipped  task queue: because required settings failed",
            ),
        ),
    ],
)
async def test_what_is_wrong_is_one_line_with_its_fix(
    here: Here, changes: dict[str, str], expected: int, told: tuple[str, str, str]
) -> None:
    """2 where somebody has to change something, 1 where something outside fails; what depends on it is skipped."""
    said, fix, skipped = told
    code, output = await here.check(**changes)

    (line,) = [line for line in output.splitlines() if line.startswith("failed")]
    assert code == expected, output
    assert line.startswith(said), output
    assert fix in line
    assert skipped in output
    assert "wrong-secret" not in output


async def test_a_tenant_of_others_is_told_with_our_own(here: Here) -> None:
    """KuFlow's refusal alone does not say which tenant would be right."""
    code, output = await here.check(KURUN_KUFLOW_TENANT_ID="11111111-2222-4333-8444-555555555555")

    tenant = here.dev.info["kuflow"]["tenant_id"]
    assert code == 2
    assert "failed   tenant: we may not work in tenant 11111111-2222-4333-8444-555555555555, but in " in output
    assert f"({tenant}); set KURUN_KUFLOW_TENANT_ID to one of these" in output


@activity.defn
async def greet() -> None:
    """Nothing."""


async def test_those_who_poll_the_queue_are_named(here: Here) -> None:
    """By their identities: whoever starts a second worker sees the first."""
    engine = here.dev.info["engine"]
    client = await Client.connect(engine["direct_address"], namespace=engine["namespace"], identity="the-first")

    async def named() -> bool:
        _, output = await here.check(KURUN_WORKER_TASK_QUEUE="polled")
        return "ok       task queue: polled: last polled by the-first (" in output

    async with Worker(client, task_queue="polled", activities=[greet]):
        await until(named)


@pytest.mark.long
async def test_an_engine_that_stands_still_does_not_keep_it(here: Here, tmp_path: Path) -> None:
    """What was given up may hold Temporal's core; the check says all that it found and ends with its exit code."""
    engine = temporal_of(here.dev.kurun.pid)
    engine.suspend()
    try:
        environment = here.dev.environment(task_queue="loans", modules=[])
        async with kurun("check", log=tmp_path / "log", environment=environment) as running:
            async with asyncio.timeout(90):
                code = await running.process.wait()
    finally:
        engine.resume()

    assert code == 1, running.lines()
    assert "panicked" not in running.lines()
    assert " failed" in running.lines().splitlines()[-1]


async def test_k2_is_asked_where_it_is_configured(here: Here) -> None:
    """One read of each of its services; a wrong password is told with the settings for it."""
    k2 = here.dev.info["k2"]
    settings = {
        "KURUN_K2_ENDPOINT": k2["endpoint"],
        "KURUN_K2_SERVICES_ENDPOINT": k2["services_endpoint"],
        "KURUN_K2_USER": "ACME\\Bob",
    }

    code, output = await here.check(**settings, KURUN_K2_PASSWORD="Geheim:1")
    wrong, complaint = await here.check(**settings, KURUN_K2_PASSWORD="wrong-secret")

    assert code == 0, output
    assert "ok       K2 Workflow REST API: lets us in and lists 0 tasks" in output
    assert "ok       K2 Services: let us in as " in output
    assert wrong == 2
    assert "failed   K2 Workflow REST API: " in complaint
    assert "failed   K2 Services: " in complaint
    assert complaint.count("check KURUN_K2_USER and KURUN_K2_PASSWORD") == 2
    assert "wrong-secret" not in complaint
