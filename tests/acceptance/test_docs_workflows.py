"""What the page about workflows prints works as printed."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import (
    JsonValue,
    Process,
    ProcessCreateParams,
    ProcessItemTaskState,
    ProcessState,
)
from tests.processes import kurun, kurun_dev

PAGE = (Path(__file__).parents[2] / "docs" / "workflows.md").read_text()

LEDGER = """
processDefinitions:
  - {code: LEDGER, workflowType: LedgerWorkflow, taskQueue: ledger, processItemDefinitions: [{code: ENTRY}]}
"""


def block(language: str, containing: str) -> str:
    """The page's code block of a language that holds a text."""
    [found] = [each for each in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if containing in each]
    return str(found)


async def test_the_expenses_work_as_printed(tmp_path: Path) -> None:
    """Workflow, activity, definitions and test are copied from the page; pytest runs them in a process of its own."""
    for name, text in {
        "expenses.py": block("python", "class ExpensesWorkflow"),
        "expenses_activities.py": block("python", "def write_letter"),
        "test_expenses.py": block("python", "def test_expenses"),
        "definitions.yaml": block("yaml", "EXPENSES"),
    }.items():
        (tmp_path / name).write_text(text)
    testing = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'of-test'}"),
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith(("KURUN_", "PYTEST_"))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    async with asyncio.timeout(120):
        said = (await testing.communicate())[0].decode()

    assert testing.returncode == 0, said
    assert "1 passed" in said


async def test_the_ledger_goes_on_in_new_runs(tmp_path: Path) -> None:
    """Five entries in runs of two: the sum is kept from run to run."""
    (tmp_path / "definitions.yaml").write_text(LEDGER)
    printed = block("python", "class LedgerWorkflow")
    (tmp_path / "ledger.py").write_text(printed.replace("ENTRIES_A_RUN = 100", "ENTRIES_A_RUN = 2"))
    async with kurun_dev(tmp_path / "dev", definitions=tmp_path / "definitions.yaml") as dev:
        arguments = ["run", "--config", str(tmp_path / "dev" / "data" / "kurun.toml"), "--worker-modules", "ledger"]
        async with (
            kurun(*arguments, log=tmp_path / "run.log", folder=tmp_path) as worker,
            dev.client() as kuflow,
            dev.person() as person,
        ):
            await worker.says("registered with KuFlow")
            definition = dev.info["process_definitions"][0]["id"]
            process = await kuflow.processes.create(ProcessCreateParams(process_definition_id=definition))
            async with asyncio.timeout(60):
                for number in range(1, 6):
                    await enter(person, {"amount": number, "last": number == 5})
                ended = await end(kuflow, process)

    assert "ENTRIES_A_RUN = 100" in printed
    assert ended.metadata is not None
    assert ended.metadata.value == {"total": 15}


async def enter(person: KuFlowClient, entry: dict[str, int]) -> None:
    """Complete the next entry."""
    while not (ready := (await person.process_items.find(task_state=[ProcessItemTaskState.READY])).content):
        await asyncio.sleep(0.05)
    await person.process_items.claim(ready[0].id)
    await person.process_items.update_data(ready[0].id, JsonValue.of(entry))
    await person.process_items.complete(ready[0].id)


async def end(kuflow: KuFlowClient, process: Process) -> Process:
    """The process once it is completed."""
    while (found := await kuflow.processes.retrieve(process.id)).state is not ProcessState.COMPLETED:
        await asyncio.sleep(0.05)
    return found


def test_every_python_block_compiles() -> None:
    """There are the four that the other tests run."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    for number, text in enumerate(blocks):
        compile(text, f"block {number}", "exec")

    assert len(blocks) == 4
