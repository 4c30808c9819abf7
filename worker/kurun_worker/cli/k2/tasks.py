"""``kurun k2 tasks``."""

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

import click

from kurun_clients.k2.oauth import tokens
from kurun_clients.k2.workflow_api.client import WorkflowClient
from kurun_clients.k2.workflow_api.models import TaskList, TaskSummary
from kurun_config import K2Settings
from kurun_worker.cli.options import k2_options, loaded

HEADING = ("serial number", "status", "since (UTC)", "workflow", "activity", "folio")


@click.command("tasks", short_help="List the account's tasks in K2, as a worker sees them.")
@click.option("--state", metavar="STATE", help="List with this state, as K2 calls it.  [default: k2.watch_state]")
@click.option("--json", "as_json", is_flag=True, help="Write what K2 answers, as JSON.")
@k2_options
def tasks(config: Path | None, *, state: str | None, as_json: bool, **flags: str | None) -> None:
    """List the account's tasks in K2, as a worker sees them: a quick check that the account works."""
    settings = loaded(config, flags).settings.k2
    # What it says is the reason why the command fails, which is said anyway.
    logging.getLogger(tokens.__name__).addHandler(logging.NullHandler())
    listed = asyncio.run(_find(settings, state or settings.watch_state))
    click.echo(as_document(listed) if as_json else as_table(listed.tasks))


async def _find(settings: K2Settings, state: str | None) -> TaskList:
    async with WorkflowClient.from_settings(settings) as k2:
        return await k2.tasks.find(state)


def as_document(listed: TaskList) -> str:
    """The answer with K2's own names."""
    return json.dumps(listed.model_dump(mode="json", by_alias=True, exclude_unset=True), indent=2, ensure_ascii=False)


def as_table(listed: Sequence[TaskSummary]) -> str:
    """Aligned columns; folios come last, as they are of any length."""
    if not listed:
        return "No tasks."
    rows = [HEADING, *(tuple(map(_in_one_line, _cells(task))) for task in listed)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADING) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    )


def _cells(task: TaskSummary) -> tuple[str | None, ...]:
    since = task.task_start_date
    return (
        task.serial_number,
        task.status,
        None if since is None else since.astimezone(UTC).strftime("%Y-%m-%d %H:%M"),
        task.workflow_display_name or task.workflow_name,
        task.activity_name,
        task.workflow_instance_folio,
    )


def _in_one_line(text: str | None) -> str:
    # K2's users write some of these: a terminal must not take any of it as a command.
    return "".join(letter if letter.isprintable() else " " for letter in text or "-")
