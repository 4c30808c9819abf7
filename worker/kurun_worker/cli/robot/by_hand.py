"""Running a robot by hand: its output on the terminal, and in a task's log if there is one."""

import contextlib
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

import click

from kurun_activities.robot_runs.folders import RunFolder
from kurun_activities.robot_runs.hosting import Job, RobotHost
from kurun_activities.robot_runs.outputs import OutputFile, opened, outputs_of, printable, upload
from kurun_activities.robot_runs.run_log import RunLog, appending
from kurun_clients.http import ApiError
from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import ProcessItem, ProcessItemTaskLogLevel
from kurun_clients.threads import in_thread
from kurun_config import Settings
from kurun_robots.errors import RobotError
from kurun_robots.package import Manifest, PackageLimits, pack, unpack
from kurun_robots.run.request import OutputLine, Progress

_MEBIBYTE: Final = 1024**2


@dataclass(frozen=True)
class Order:
    """What to run.

    Attributes:
        path: The package, or the folder that it would be packed from.
        operation: Name of the operation.
        task_id: Task that it works for.
        variables: For the robot.
        output: Where its files go.
    """

    path: Path
    operation: str
    task_id: UUID | None = None
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    output: Path | None = None


async def run_by_hand(order: Order, settings: Settings) -> None:
    """Run a robot and say how it went.

    Raises:
        RobotError: It was not run to a good end.
        ApiError: The task cannot be read.
    """
    host = RobotHost(settings)
    async with _task_of(order, settings) as (kuflow, task):
        log = RunLog(appending(kuflow, task.id) if kuflow and task else None)
        screen = _Screen(log)
        await log.say(f"{order.operation!r} is run by hand")
        try:
            async with host.folder() as folder, log.writing():
                manifest = await in_thread(lambda: _unpacked(order.path, folder, settings))
                outcome = await host.run(folder, manifest, _job(order, task), screen)
                screen.clear()
                outputs = await outputs_of(folder.output, settings.robots)
                files = outputs.files
                if order.output is not None:
                    await in_thread(lambda: _copy(files, order.output))
                if kuflow is not None and task is not None and settings.robots.upload_outputs:
                    for file in files:
                        await upload(kuflow, task.process_id, file, max_bytes=settings.documents.max_bytes)
        except RobotError as error:
            screen.clear()
            with contextlib.suppress(ApiError):
                await log.say(str(error), ProcessItemTaskLogLevel.ERROR)
            raise
        said = f"{order.operation!r} succeeded after {outcome.duration:.1f} s"
        await log.say(said)
    for file in files:
        left = file.document_name if order.output is None else printable(str(order.output / file.name))
        click.echo(f"left {left}", err=True)
    if outputs.left_out:
        names = ", ".join(printable(name) for name in outputs.examples)
        click.echo(f"left out {outputs.left_out} (links, pipes, files of others): {names}", err=True)
    click.echo(said, err=True)


class _Screen:
    """Shows the output, and on a terminal a line below it with how far the run is."""

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self._progress = ""
        self._is_terminal = sys.stderr.isatty()

    def report(self, line: str) -> None:
        self.clear()
        click.echo(line, err=True)
        self._draw()

    def said(self, line: OutputLine) -> None:
        self._log.line(line.text)
        self.clear()
        click.echo(line.text, err=line.stream == "stderr")
        self._draw()

    def uses(self, progress: Progress) -> None:
        used = f"{progress.memory / _MEBIBYTE:.0f} MiB, {progress.processes} processes"
        self.clear()
        self._progress = f"{progress.seconds:.0f} s, {self._log.lines} lines, {used}"
        self._draw()

    def learn(self, secret: str) -> None:
        self._log.learn(secret)

    def clear(self) -> None:
        """Take the line away."""
        if self._is_terminal and self._progress:
            click.echo("\r\033[K", nl=False, err=True)

    def _draw(self) -> None:
        if self._is_terminal and self._progress:
            click.echo(self._progress, nl=False, err=True)


@asynccontextmanager
async def _task_of(order: Order, settings: Settings) -> AsyncIterator[tuple[KuFlowClient | None, ProcessItem | None]]:
    if order.task_id is None:
        yield None, None
        return
    async with KuFlowClient.from_settings(settings.kuflow) as kuflow:
        yield kuflow, await kuflow.process_items.retrieve(order.task_id)


def _job(order: Order, task: ProcessItem | None) -> Job:
    return Job(
        operation=order.operation,
        variables=order.variables,
        process_id=task.process_id if task else None,
        task_id=task.id if task else None,
    )


def _unpacked(path: Path, folder: RunFolder, settings: Settings) -> Manifest:
    limits = PackageLimits.of(settings.robots)
    if not path.is_dir():
        return unpack(path, folder.unpacked, limits)
    pack(path, folder.download, limits)
    return unpack(folder.download, folder.unpacked, limits)


def _copy(files: list[OutputFile], target: Path | None) -> None:
    assert target is not None  # noqa: S101 - asked before
    for file in files:
        copy = target / file.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        with opened(file.path) as source, copy.open("wb") as written:
            shutil.copyfileobj(source, written)
