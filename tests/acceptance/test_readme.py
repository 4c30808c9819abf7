"""What the README prints works as printed."""

import asyncio
import re
from pathlib import Path

from kurun_clients.kuflow.models import JsonValue, ProcessCreateParams, ProcessItemTaskState, ProcessItemType
from tests.processes import kurun, kurun_dev

README = (Path(__file__).parents[2] / "README.md").read_text()


def block(language: str, containing: str) -> str:
    """The README's code block of a language that holds a text."""
    [found] = [each for each in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if containing in each]
    return str(found)


async def test_the_first_process_works_as_printed(tmp_path: Path) -> None:
    """Definitions and workflow are copied from the README; a person's three days of leave come back as a message."""
    (tmp_path / "definitions.yaml").write_text(block("yaml", "LEAVE"))
    (tmp_path / "leave.py").write_text(block("python", "LeaveWorkflow"))
    async with kurun_dev(tmp_path / "dev", definitions=tmp_path / "definitions.yaml") as dev:
        settings = tmp_path / "dev" / "data" / "kurun.toml"
        arguments = ["run", "--config", str(settings), "--worker-modules", "leave"]
        async with (
            kurun(*arguments, log=tmp_path / "run.log", folder=tmp_path) as worker,
            dev.client() as kuflow,
            dev.person() as person,
        ):
            await worker.says("registered with KuFlow")
            definition = dev.info["process_definitions"][0]["id"]
            process = await kuflow.processes.create(ProcessCreateParams(process_definition_id=definition))
            async with asyncio.timeout(30):
                while not (ready := (await person.process_items.find(process_id=[process.id])).content):
                    await asyncio.sleep(0.05)
            task = await person.process_items.claim(ready[0].id)
            await person.process_items.update_data(task.id, JsonValue.of({"days": 3}))
            task = await person.process_items.complete(task.id)
            async with asyncio.timeout(30):
                while not (told := (await person.process_items.find(type=[ProcessItemType.MESSAGE])).content):
                    await asyncio.sleep(0.05)
            message = (await person.process_items.retrieve(told[0].id)).message

    assert task.task is not None
    assert task.task.state is ProcessItemTaskState.COMPLETED
    assert message is not None
    assert message.text == "3 days of leave, enjoy!"


def test_every_python_block_compiles_and_imports() -> None:
    """No block of Python in the README has a mistake in its syntax or names a module that is not there."""
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    for number, text in enumerate(blocks):
        compile(text, f"README block {number}", "exec", flags=0x2000)  # top-level await
        imports = "\n".join(line for line in text.splitlines() if re.match(r"\s*(from|import) ", line))
        exec(re.sub(r"^\s+", "", imports, flags=re.MULTILINE), {})  # noqa: S102 - our own README

    assert len(blocks) == 3
