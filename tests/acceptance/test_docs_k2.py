"""What the page about K2 prints works as printed."""

import asyncio
import re
from pathlib import Path

import httpx2
import yaml

from kurun_activities.k2 import failure_types
from kurun_clients.kuflow.models import (
    JsonValue,
    ProcessCreateParams,
    ProcessItemTaskState,
    ProcessItemType,
    ProcessState,
)
from kurun_config import setting_paths
from kurun_twin.options import SWITCHES
from tests.processes import kurun, kurun_dev

PAGE = (Path(__file__).parents[2] / "docs" / "k2.md").read_text()
BOB = ("ACME\\bob", "bobs-password")


def block(language: str, containing: str) -> str:
    """The page's code block of a language that holds a text."""
    [found] = [each for each in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if containing in each]
    return str(found)


async def test_the_purchase_works_as_printed(tmp_path: Path) -> None:
    """Bob approves in K2, and the process in KuFlow says so; the misbehaviour that is printed does not change that."""
    for name, text in {
        "definitions.yaml": block("yaml", "PURCHASE"),
        "purchase.py": block("python", "PurchaseWorkflow"),
        "lossy.json": block("json", "rules"),
    }.items():
        (tmp_path / name).write_text(text)
    scenario = str(tmp_path / "lossy.json")
    async with kurun_dev(tmp_path / "dev", "--scenario", scenario, definitions=tmp_path / "definitions.yaml") as dev:
        settings = str(tmp_path / "dev" / "data" / "kurun.toml")
        arguments = ["--worker-modules", "purchase", "--k2-watch", "true", "--k2-watch-interval", "0.3"]
        log = tmp_path / "run.log"
        async with (
            kurun("run", "--config", settings, *arguments, log=log, folder=tmp_path) as worker,
            dev.client() as kuflow,
            httpx2.AsyncClient(auth=BOB, base_url=dev.info["k2"]["endpoint"]) as bob,
        ):
            await worker.says("registered with KuFlow")
            definition = dev.info["process_definitions"][0]["id"]
            process = await kuflow.processes.create(ProcessCreateParams(process_definition_id=definition))
            async with asyncio.timeout(60):
                while not (ready := (await kuflow.process_items.find(process_id=[process.id])).content):
                    await asyncio.sleep(0.05)
                order = (await kuflow.process_items.claim(ready[0].id)).id
                await kuflow.process_items.update_data(order, JsonValue.of({"what": "a lathe", "amount": 40000}))
                await kuflow.process_items.complete(order)
                await approve(bob)
                while not (told := (await kuflow.process_items.find(type=[ProcessItemType.MESSAGE])).content):
                    await asyncio.sleep(0.05)
            message = (await kuflow.process_items.retrieve(told[0].id)).message

    assert message is not None
    assert message.text == "a lathe: approved"


async def test_the_ready_made_workflows_work_as_printed(tmp_path: Path) -> None:
    """Without any module the printed command serves both: the printed request is approved, another task mirrored."""
    definitions = yaml.safe_load(block("yaml", "PURCHASE"))
    for code in ("APPROVAL", "MIRROR"):
        definitions["processDefinitions"] += yaml.safe_load(block("yaml", f"code: {code}"))["processDefinitions"]
    (tmp_path / "definitions.yaml").write_text(yaml.safe_dump(definitions))
    command = block("console", "--k2-mirror-process-definition-id").replace("\\\n", " ").split()
    mirroring = command[command.index("--k2-watch") :]
    [body] = re.findall(r"-d '(.*?)'", block("console", "processDefinitionId"), re.DOTALL)
    async with kurun_dev(tmp_path / "dev", definitions=tmp_path / "definitions.yaml") as dev:
        settings = str(tmp_path / "dev" / "data" / "kurun.toml")
        async with (
            kurun(
                *("run", "--config", settings, *mirroring, "--k2-watch-interval", "0.3"), log=tmp_path / "run.log"
            ) as worker,
            dev.client() as kuflow,
            httpx2.AsyncClient(auth=BOB, base_url=dev.info["k2"]["endpoint"]) as bob,
        ):
            await worker.says("registered with KuFlow")
            process = await kuflow.processes.create(ProcessCreateParams.model_validate_json(body))
            async with asyncio.timeout(60):
                await approve(bob)
                while (await kuflow.processes.retrieve(process.id)).state is not ProcessState.COMPLETED:
                    await asyncio.sleep(0.05)
                [item] = (await kuflow.process_items.find(process_id=[process.id])).content
                approved = (await kuflow.process_items.retrieve(item.id)).task
                (await bob.post("workflows/7", json={"folio": "Bob's own"})).raise_for_status()
                await approve(bob)
                while not (shown := (await kuflow.process_items.find(task_state=[ProcessItemTaskState.READY])).content):
                    await asyncio.sleep(0.05)
            mirrored = (await kuflow.process_items.retrieve(shown[0].id)).task

    assert approved is not None
    assert approved.data is not None
    assert approved.data.value["k2"]["dataFields"] == {"Amount": 40000, "Decision": "approved"}
    assert mirrored is not None
    assert mirrored.data is not None
    assert (mirrored.data.value["folio"], mirrored.data.value["activity"]) == ("Bob's own", "Report")
    assert "only KuFlow's activities" not in worker.lines()


async def approve(bob: httpx2.AsyncClient) -> None:
    """What the page lets Bob do by hand; he tries again where the twin misbehaves."""
    while True:
        try:
            listed = await bob.get("tasks")
            for task in listed.json()["tasks"] if listed.is_success else []:
                if (await bob.post(f"tasks/{task['serialNumber']}/actions/Approve")).is_success:
                    return
        except httpx2.TransportError:
            return  # the reply is dropped after K2 has acted
        await asyncio.sleep(0.05)


def test_every_name_on_the_page_exists() -> None:
    """Settings, switches and failure types are those of the code."""
    settings = set(re.findall(r"`(k2\.[a-z_]+)`", PAGE))
    switches = set(re.findall(r"`(k2_[a-z0-9_]+)`", PAGE))
    failures = set(re.findall(r"`(K2\.[A-Za-z]+)`", PAGE))
    known = {value for value in vars(failure_types).values() if isinstance(value, str)}

    assert set() == settings - {path for path, _ in setting_paths()}
    assert set() == switches - SWITCHES.keys()
    assert set() == failures - known
    assert (7, 15, 2) <= (len(settings), len(switches), len(failures))


def test_every_python_block_compiles_and_imports() -> None:
    """No block has a mistake in its syntax or names something that is not there."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    for number, text in enumerate(blocks):
        compile(text, f"block {number}", "exec")
        imports = "\n".join(line.strip() for line in text.splitlines() if re.match(r"\s*(from|import) ", line))
        exec(imports, {})  # noqa: S102 - our own page

    assert len(blocks) == 2
