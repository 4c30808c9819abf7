"""``kurun dev`` as a process."""

import asyncio
import json
import os
import re
import shutil
import signal
import stat
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from kurun_clients.kuflow.models import (
    AuthenticationType,
    ProcessCreateParams,
    ProcessItemCreateParams,
    ProcessItemType,
)
from tests.processes import Dev, Kurun, alive, kurun, kurun_dev

DEFINITIONS = """
tenant: {name: Acme Bank}
principals:
  applications: [{name: worker}]
  users: [{name: Ada Clerk, email: ada@example.com}]
processDefinitions:
  - {code: LOAN, name: Loan, workflowType: LoanWorkflow, taskQueue: loans}
"""


SCENARIO = {"rules": [{"path": "/authentications", "status": 503, "times": 1}]}


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small definitions file."""
    file = tmp_path_factory.mktemp("definitions") / "definitions.yaml"
    file.write_text(DEFINITIONS)
    return file


@pytest.fixture(scope="module")
async def running(definitions: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dev]:
    """One that runs for all tests that leave it running."""
    folder = tmp_path_factory.mktemp("dev")
    scenario = folder / "scenario.json"
    scenario.write_text(json.dumps(SCENARIO))
    async with kurun_dev(folder, "--scenario", str(scenario), definitions=definitions) as dev:
        yield dev


async def ends(*arguments: str, folder: Path, **environment: str) -> tuple[int, str]:
    """Run ``kurun ARGUMENTS`` to its end; exit code and output."""
    async with kurun(*arguments, log=folder / "out.log", environment=environment) as running:
        code = await waited(running)
        return code, running.lines()


async def waited(running: Kurun) -> int:
    """The exit code of a command that ends by itself."""
    return await running.process.wait()


async def test_it_ends_cleanly_and_starts_again(tmp_path: Path, definitions: Path) -> None:
    """SIGTERM ends it with 0, no child process or info file is left, and the next start is the same twin again."""
    async with kurun_dev(tmp_path / "dev", definitions=definitions) as dev:
        async with dev.client() as kuflow:
            authentication = await kuflow.authentications.create(AuthenticationType.ENGINE_TOKEN)
        children = psutil.Process(dev.kurun.pid).children(recursive=True)
        names = [child.name() for child in children]
        mode = stat.S_IMODE((tmp_path / "dev" / "info.json").stat().st_mode)
        code = await dev.kurun.stop(signal.SIGTERM, seconds=15)
        said = dev.kurun.lines()
    left = (tmp_path / "dev" / "info.json").exists()
    async with kurun_dev(tmp_path / "dev", definitions=definitions) as again:
        after = again.info

    assert authentication.engine_token is not None
    assert ["temporal"] == names
    assert 0o600 == mode
    assert 0 == code
    assert not [child for child in children if alive(child)]
    assert not left
    assert "Traceback" not in said
    assert [dev.info[part] for part in ("kuflow", "users")] == [after[part] for part in ("kuflow", "users")]
    assert dev.info["engine"]["address"] == after["engine"]["address"]


async def test_it_says_what_a_developer_needs(running: Dev) -> None:
    """Addresses, credentials, definitions and the next command are shown; the info and settings files say the same."""
    info, said = running.info, running.kurun.lines()
    file = Path(info["data_dir"]) / "kurun.toml"
    settings = tomllib.loads(file.read_text())
    mode = stat.S_IMODE(file.stat().st_mode)

    shown = [
        *info["kuflow"].values(),
        info["engine"]["address"],
        info["engine"]["direct_address"],
        info["users"][0]["client_secret"],
        "Ada Clerk <ada@example.com>",
        "LoanWorkflow on queue loans",
        f"id {info['process_definitions'][0]['id']}",
        "kurun run --config data/kurun.toml --worker-modules",
        "LOAN declares no process items: any code is accepted",
    ]
    assert [] == [text for text in shown if text not in said]
    assert [] == [line for line in said.splitlines() if len(line) > 80]
    assert settings["kuflow"] == info["kuflow"]
    assert settings["engine"]["address"] == info["engine"]["address"]
    assert {"task_queue": "loans"} == settings["worker"]
    assert 0o600 == mode
    assert "LOAN" == info["process_definitions"][0]["code"]
    assert info["pid"] == running.kurun.pid


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
async def test_a_person_uploads_a_document_as_printed(definitions: Path, tmp_path: Path) -> None:
    """The commands of docs/twin.md find a task that has an owner, upload a document and put it into the task's data."""
    page = (Path(__file__).parents[2] / "docs" / "twin.md").read_text()
    [commands] = [each for each in re.findall(r"```console\n(.*?)```", page, re.DOTALL) if "upload-document" in each]
    _, *steps = re.sub(r" \\\n +", " ", commands).splitlines()
    (tmp_path / "receipt.pdf").write_bytes(b"%PDF-")
    async with kurun_dev(tmp_path / "dev", definitions=definitions) as dev, dev.client() as kuflow:
        user = dev.info["users"][0]
        definition = dev.info["process_definitions"][0]["id"]
        process = await kuflow.processes.create(ProcessCreateParams(process_definition_id=definition))
        task = await kuflow.process_items.create(
            ProcessItemCreateParams(
                type=ProcessItemType.TASK,
                process_id=process.id,
                process_item_definition_code="FORM",
                owner_email="ada@example.com",
            )
        )
        names = {
            "API": dev.info["kuflow"]["endpoint"],
            "ME": f"{user['client_id']}:{user['client_secret']}",
            "PROCESS": str(process.id),
            "TASK": str(task.id),
        }
        found = await said_by(steps[0], tmp_path, names)
        reference = (await said_by(steps[1], tmp_path, names))["documentUri"]
        saved = await said_by(steps[2].replace("kuflow-file:uri=…", reference), tmp_path, names)

    assert str(task.id) in [each["id"] for each in found["content"]]
    assert saved["task"]["data"]["value"] == {"receipt": reference}
    assert "name=receipt.pdf" in reference


async def said_by(command: str, folder: Path, names: dict[str, str]) -> dict[str, Any]:
    """What a command of the shell writes, as JSON."""
    shell = await asyncio.create_subprocess_shell(
        command, cwd=folder, env={**os.environ, **names}, stdout=asyncio.subprocess.PIPE
    )
    answer: dict[str, Any] = json.loads((await shell.communicate())[0])
    return answer


async def test_a_scenario_file_holds_from_the_start(running: Dev) -> None:
    """The first request meets its rule, and the next one finds it spent."""
    async with running.client() as kuflow:
        await kuflow.authentications.create(AuthenticationType.ENGINE_TOKEN)
    address = running.info["kuflow"]["endpoint"].removesuffix("/v2024-06-14") + "/_twin/scenario"
    who = running.info["kuflow"]
    headers = {"Authorization": aiohttp.encode_basic_auth(who["client_id"], who["client_secret"])}
    async with aiohttp.ClientSession() as session, session.get(address, headers=headers) as response:
        (rule,) = (await response.json())["rules"]

    assert (1, 0) == (rule["met"], rule["left"])


async def test_a_second_one_on_the_same_folder_is_refused_in_one_line(running: Dev, tmp_path: Path) -> None:
    """The second names the process that holds the folder; the first is not disturbed, nor its info file."""
    data = running.info["data_dir"]
    info = Path(data).parent / "info.json"
    code, said = await ends("dev", "--data", data, "--info", str(info), folder=tmp_path)
    kept: dict[str, Any] = json.loads(info.read_text())

    assert 2 == code
    assert said.startswith(f"kurun: {data}: in use by another kurun dev (process {running.kurun.pid})")
    assert 1 == said.count("\n")
    assert running.info == kept


async def test_a_taken_port_is_one_line(running: Dev, tmp_path: Path) -> None:
    """A wanted port that another program has is named with the flag that changes it, before anything starts."""
    port = running.info["engine"]["address"].rpartition(":")[2]
    code, said = await ends("dev", "--data", "other", "--no-ui", "--engine-port", port, folder=tmp_path)

    assert 2 == code
    assert said.startswith(f"kurun: port {port}")
    assert "--engine-port" in said
    assert 1 == said.count("\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
async def test_a_killed_one_leaves_nothing_behind_that_hinders_the_next(tmp_path: Path) -> None:
    """SIGKILL ends the Temporal server too, and the next start on the same folder finds it free and whole."""
    async with kurun_dev(tmp_path / "dev") as dev:
        (temporal,) = psutil.Process(dev.kurun.pid).children(recursive=True)
        os.kill(dev.kurun.pid, signal.SIGKILL)
        await waited(dev.kurun)
        (tmp_path / "dev" / "info.json").unlink()
        async with kurun_dev(tmp_path / "dev") as again:
            left_behind = alive(temporal)
            credentials = again.info["kuflow"]

    assert not left_behind
    assert credentials["client_id"] == dev.info["kuflow"]["client_id"]


async def test_broken_definitions_are_one_line(tmp_path: Path) -> None:
    """File and line of the mistake; nothing has been started or written."""
    (tmp_path / "definitions.yaml").write_text("processDefinitions:\n  - {code: LOAN, colour: red}\n")
    code, said = await ends(
        "dev", "--definitions", "definitions.yaml", "--data", "data", "--info", "info.json", folder=tmp_path
    )

    assert 2 == code
    assert "definitions.yaml:2" in said
    assert 1 == said.count("\n")
    assert ["definitions.yaml", "out.log"] == sorted(each.name for each in tmp_path.iterdir())


async def test_ctrl_c_during_the_start_ends_it(tmp_path: Path) -> None:
    """A start is interrupted as cleanly as a running twin."""
    async with kurun("dev", "--data", "data", "--no-ui", log=tmp_path / "out.log") as running:
        await running.says("starting Temporal")
        code = await running.stop(signal.SIGINT, seconds=15)

    assert 0 == code
    assert "Traceback" not in running.lines()


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_second_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals, expected: int) -> None:
    """While the end waits for a request under way, the second signal leaves without a word, a child or an info file."""
    async with kurun_dev(tmp_path / "dev") as dev:
        await dev.misbehave({"path": "/authentications", "delay_ms": 60_000})
        async with dev.client() as kuflow:
            asking = asyncio.ensure_future(kuflow.authentications.create(AuthenticationType.ENGINE_TOKEN))
            async with asyncio.timeout(10):
                while (await dev.figures())["requests"]["at_once"] < 1:
                    await asyncio.sleep(0.02)
            children = psutil.Process(dev.kurun.pid).children(recursive=True)
            dev.kurun.process.send_signal(number)
            await dev.kurun.says("ending …")
            code = await dev.kurun.stop(number, seconds=5)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        await asyncio.to_thread(psutil.wait_procs, children, timeout=10)

    assert expected == code
    assert dev.kurun.lines().endswith("ending …\n")
    assert not [child for child in children if alive(child)]
    assert not (tmp_path / "dev" / "info.json").exists()


@workflow.defn(name="LoanWorkflow")
class Failing:
    """A workflow with a fault."""

    @workflow.run
    async def run(self, _request: dict[str, Any]) -> None:
        """Fail with a text that would colour a terminal."""
        raise ApplicationError("no\x1b[31m money\nat all", type="Broke")


async def fail(dev: Dev) -> str:
    """Start a process whose workflow fails, and wait until that was said; its id."""
    async with dev.client() as kuflow:
        definition = dev.info["process_definitions"][0]["id"]
        process = await kuflow.processes.create(ProcessCreateParams(process_definition_id=definition))
        task = {"process_id": process.id, "type": ProcessItemType.TASK, "process_item_definition_code": "ASK"}
        await kuflow.process_items.create(ProcessItemCreateParams.model_validate(task))
    client = await Client.connect(dev.info["engine"]["direct_address"])
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue="loans", workflows=[Failing], workflow_runner=runner):
        await dev.kurun.says(f"workflow of process LOAN {process.id} failed", seconds=20)
    return str(process.id)


async def test_it_says_what_happens(definitions: Path, tmp_path: Path) -> None:
    """Processes, tasks and failed workflows, each in one line with the time."""
    async with kurun_dev(tmp_path / "dev", definitions=definitions) as dev:
        process_id = await fail(dev)
        said = re.sub(r"(?m)^\d\d:\d\d:\d\d ", "@ ", dev.kurun.lines())

    assert f"@ process LOAN {process_id} started\n" in said
    assert re.search(rf"(?m)^@ task ASK [0-9a-f-]{{36}} ready \(process {process_id[:8]}\)$", said)
    assert (
        f"@ workflow of process LOAN {process_id} failed: Broke: no [31m money at all"
        " (the process is RUNNING; see its workflow in Temporal)\n"
    ) in said


async def test_quiet_it_says_only_what_failed(definitions: Path, tmp_path: Path) -> None:
    """No line of processes and tasks, but one of the failed workflow."""
    async with kurun_dev(tmp_path / "dev", "--quiet", definitions=definitions) as dev:
        process_id = await fail(dev)
        said = dev.kurun.lines()

    assert [f"workflow of process LOAN {process_id} failed"] == re.findall(r"(?m)^\d\d:\d\d:\d\d (.*failed)", said)
    assert "started" not in said


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands need curl")
async def test_what_it_says_to_do_next_works_as_it_stands(running: Dev) -> None:
    """The commands after "Then start", pasted into a shell, start a process and look for its tasks."""
    _, _, rest = running.kurun.lines().partition("Then start a process LOAN")
    commands = "\n".join(line for line in rest.splitlines() if line.startswith("  "))
    shell = await asyncio.create_subprocess_exec(
        *("sh", "-c", commands.replace("curl ", "curl --silent --show-error --fail ")), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await shell.communicate()

    assert 0 == shell.returncode
    assert b'"state":"RUNNING"' in output
    assert b'"content":[]' in output
