"""The robots in ``examples/robots`` on a twin and a worker as processes, with what they need from the package index."""

import asyncio
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from temporalio.client import Client

from kurun_clients.kuflow import BytesContent, KuFlowClient
from kurun_clients.kuflow.models import (
    JsonValue,
    ProcessCreateParams,
    ProcessItem,
    ProcessItemCreateParams,
    ProcessItemTaskCreateParams,
    ProcessItemType,
)
from kurun_robots.package import PackageLimits, check
from tests.acceptance.spreadsheets import sheet_of, spreadsheet
from tests.integration.robot_runs import open_folder, robot_python
from tests.processes import Dev, kurun, kurun_dev
from tests.rates_page import chromium, serve_page
from tests.robot_starts import result_of_run, start_robot
from tests.unit.loopback import Loopback, serving

EXAMPLES = Path(__file__).parents[2] / "examples"
ROBOTS = EXAMPLES / "robots"
PACKAGES = ("screenshot", "statement-summary")
SUMMARISE = "Summarise the statement"
KEEP = "Keep the rates"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATEMENT = spreadsheet(
    [
        ("Date", "Text", "Amount"),
        (date(2025, 8, 1), "Salary", 2500),
        (date(2025, 8, 3), "Rent & heating", -900.5),
        (date(2025, 9, 1), "Salary", 2500),
        ("soon", "a gift", 1_000_000),
        (date(2025, 9, 4), "Rent & heating", -900.5),
        (date(2025, 9, 20), "Boat", -1200),
    ]
)


@dataclass
class Bank:
    """A twin with the loan and the robots, and a worker that runs them.

    Attributes:
        folder: With the packages; anybody may pass through it.
        page: The bank's web server.
        dev: The twin.
        environment: Variables of the worker.
        client: Of the engine.
        kuflow: The API, as the worker's application.
    """

    folder: Path
    page: Loopback
    dev: Dev
    environment: dict[str, str]
    client: Client
    kuflow: KuFlowClient

    async def approval(self, attachment: bytes | None) -> ProcessItem:
        """The task of an approver in a new loan, whose applicant attached something."""
        tenant_id = UUID(self.dev.info["kuflow"]["tenant_id"])
        created = ProcessCreateParams(
            process_definition_code="LOAN", tenant_id=tenant_id, metadata=JsonValue.of({"applicant": "Nora Lindqvist"})
        )
        process = await self.kuflow.processes.create(created)
        form: dict[str, Any] = {"applicant": "Nora Lindqvist", "email": "n@example.com", "amount": 14000}
        if attachment is not None:
            document = await self.kuflow.processes.upload_document(
                process.id, BytesContent(attachment), file_name="statement.xlsx", content_type=XLSX
            )
            form["attachment"] = document.document_uri
        await self._task(process.id, "LOAN_APPLICATION", {**form, "currency": "EUR"})
        return await self._task(process.id, "LOAN_APPROVAL", {"applicant": "Nora Lindqvist"})

    async def _task(self, process_id: UUID, code: str, data: dict[str, Any]) -> ProcessItem:
        return await self.kuflow.process_items.create(
            ProcessItemCreateParams(
                type=ProcessItemType.TASK,
                process_id=process_id,
                process_item_definition_code=code,
                task=ProcessItemTaskCreateParams(data=JsonValue(value=data)),
            )
        )

    async def document(self, code: str, operation: str, task: ProcessItem) -> tuple[str | None, bytes]:
        """Have a robot run for a task; file name and content of the one document that it leaves."""
        handle = await start_robot(self.dev, self.client, code, operation, task, task_queue="robots")
        async with asyncio.timeout(100):
            await handle.result()
        [left] = (await result_of_run(handle))["documents"]
        async with self.kuflow.processes.download_document(task.process_id, left["documentUri"]) as download:
            return download.file_name, b"".join([piece async for piece in download.chunks])

    async def log(self, task: ProcessItem) -> list[tuple[str, str]]:
        """Levels and texts of a task's log."""
        found = (await self.kuflow.process_items.retrieve(task.id)).task
        assert found is not None
        return [(str(each.level), each.message) for each in found.logs or ()]

    async def command(self, *arguments: str, log: Path, environment: dict[str, str] | None = None) -> tuple[int, str]:
        """Run ``kurun robot ARGUMENTS``; exit code and output."""
        return await command(*arguments, log=log, folder=self.folder, environment=environment)


async def command(
    *arguments: str, log: Path, folder: Path, environment: dict[str, str] | None = None
) -> tuple[int, str]:
    """Run ``kurun robot ARGUMENTS`` to its end; exit code and output."""
    async with kurun("robot", *arguments, log=log, folder=folder, environment=environment) as running:
        async with asyncio.timeout(100):
            code = await running.process.wait()
        return code, running.lines()


def definitions(page: Loopback) -> str:
    """The loan, and the robots with a page of this machine."""
    robots = (ROBOTS / "robots.yaml").read_text().replace("http://127.0.0.1:8000", page.url)
    if "CHROMIUM" in os.environ:
        robots = robots.replace("RATES_CURRENCY:", f"CHROMIUM: {json.dumps(os.environ['CHROMIUM'])}, RATES_CURRENCY:")
    return (EXAMPLES / "kurun_examples" / "loan" / "definitions.yaml").read_text() + robots


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that robots may get into."""
    yield from open_folder()


@pytest.fixture(scope="module")
async def bank(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bank]:
    """The packages are packed from their folders, and everything is started."""
    logs = tmp_path_factory.mktemp("bank")
    packing = [
        command("pack", str(ROBOTS / name), "-o", f"{name}.zip", log=logs / f"{name}.log", folder=folder)
        for name in PACKAGES
    ]
    assert [0, 0] == [code for code, _ in await asyncio.gather(*packing)]
    async with serving(serve_page) as page:
        (folder / "bank.yaml").write_text(definitions(page))
        async with kurun_dev(logs / "dev", definitions=folder / "bank.yaml") as dev, dev.client() as kuflow:
            environment = dev.environment(
                task_queue="robots",
                modules=(),
                KURUN_ROBOTS_ENABLED="true",
                KURUN_ROBOTS_HOME=str(folder / "home"),
                KURUN_ROBOTS_PYTHON=robot_python(),
                KURUN_ROBOTS_SHARE_CREDENTIALS="true",
                UV_HTTP_TIMEOUT="100",
            )
            async with kurun("run", log=logs / "run.log", environment=environment) as worker:
                client = await Client.connect(dev.info["engine"]["direct_address"])
                await worker.says("registered with KuFlow")
                yield Bank(folder, page, dev, environment, client, kuflow)


@pytest.mark.parametrize("name", PACKAGES)
def test_they_are_valid(name: str) -> None:
    """Nothing is wrong with their folders."""
    assert [] == check(ROBOTS / name, PackageLimits.usual())


async def test_the_statement_of_a_loan_is_summed_up(bank: Bank) -> None:
    """The spreadsheet that is uploaded has the months' sums and what follows; what it could not read is in the log."""
    task = await bank.approval(STATEMENT)
    name, content = await bank.document("STATEMENT_SUMMARY", SUMMARISE, task)
    logged = await bank.log(task)

    assert "affordability.xlsx" == name
    assert [
        ["Applicant", "Nora Lindqvist"],
        ["Asked for", "14000"],
        ["Currency", "EUR"],
        ["Left a month", "999.5"],
        ["Months to pay back", "15"],
    ] == sheet_of(content, 1)
    assert [
        ["Month", "Income", "Spending", "Left"],
        ["2025-08", "2500", "900.5", "1599.5"],
        ["2025-09", "2500", "2100.5", "399.5"],
    ] == sheet_of(content, 2)
    assert ("INFO", f"INFO reading statement.xlsx of Nora Lindqvist, {len(STATEMENT)} bytes") in [
        (level, line) for level, text in logged for line in text.splitlines()
    ]
    assert ("WARN", "WARNING row 5 has no date or no amount: left out") in logged


async def test_the_rates_are_kept_as_a_picture(bank: Bank) -> None:
    """A real browser has run the page's script and painted the page; the picture is a document of the loan."""
    chromium()
    task = await bank.approval(None)
    name, content = await bank.document("SCREENSHOT", KEEP, task)
    logged = "\n".join(text for _, text in await bank.log(task))
    [asked, *_] = [each for each in bank.page.received if each.target == "/rates.html"]
    with Image.open(io.BytesIO(content)) as picture:
        size, pixels = picture.size, picture.convert("RGB")

    assert "rates.png" == name
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert (1024, 640) == size
    assert (0, 64, 128) == pixels.getpixel((1000, 5))
    assert (255, 255, 255) == pixels.getpixel((1000, 600))
    assert len(pixels.getcolors(1 << 20) or ()) > 10
    assert "Chrome/" in asked.headers["user-agent"]
    assert "INFO Rates of Acme Bank: 1.1554" in logged


async def test_one_is_started_as_the_documentation_says(bank: Bank, tmp_path: Path) -> None:
    """`kurun dev` shows the robots with their ids; the script starts one for a new loan and shows the task's log."""
    (statement := tmp_path / "statement.xlsx").write_bytes(STATEMENT)
    (info := tmp_path / "info.json").write_text(json.dumps(bank.dev.info))
    starting = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROBOTS / "start.py"), str(info), "STATEMENT_SUMMARY", SUMMARISE, str(statement)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(100):
        said = (await starting.communicate())[0].decode()

    assert 0 == starting.returncode, said
    assert "INFO reading statement.xlsx of Nora Lindqvist" in said
    assert "affordability.xlsx" in said
    for robot in bank.dev.info["robots"]:
        assert f"{robot['code']:<17}  id {robot['id']}" in bank.dev.kurun.lines()


async def test_without_a_task_it_says_so(bank: Bank, tmp_path: Path) -> None:
    """Run by hand and for nothing, the robot asks for a task in one line."""
    arguments = ("run", str(ROBOTS / "statement-summary"), "--operation", SUMMARISE)
    code, said = await bank.command(*arguments, log=tmp_path / "log", environment=bank.environment)

    assert 1 == code
    assert "ERROR the robot runs for no task: name one with --task" in said.splitlines()
    assert "Traceback" not in said


async def test_a_loan_without_a_statement_fails_by_hand(bank: Bank, tmp_path: Path) -> None:
    """Run for a task, the robot says what is missing on the terminal and in the task's log."""
    task = await bank.approval(None)
    arguments = ("run", str(ROBOTS / "statement-summary"), "--operation", SUMMARISE, "--task", str(task.id))
    code, said = await bank.command(*arguments, log=tmp_path / "log", environment=bank.environment)

    assert 1 == code
    assert "ERROR Nora Lindqvist attached no statement" in said.splitlines()
    assert ("ERROR", "ERROR Nora Lindqvist attached no statement") in await bank.log(task)
