"""``kurun robot run``."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from kurun_activities.robot_runs.failures import RobotFailed
from kurun_config import Settings
from kurun_robots.package import PackageProblems, check
from kurun_robots.run.masking import SHORTEST
from kurun_worker.cli.errors import describe
from kurun_worker.cli.options import loaded
from kurun_worker.cli.robot.by_hand import Order, run_by_hand
from kurun_worker.cli.robot.problems import config_option, limits_of, refused

_SIGNALLED = 128
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_OWN = ("HOME", "TMPDIR", "VIRTUAL_ENV", "KURUN_RUN")
_TOKEN = "KUFLOW_API_TOKEN"  # noqa: S105 - the name of a variable
_TASK_HELP = (
    "Task in KuFlow that gets the log and the documents. The robot gets a token for KuFlow's API with "
    "KURUN_ROBOTS_SHARE_CREDENTIALS=true."
)
_VARIABLE_HELP = (
    "A variable for the robot; without a value, the one of this shell. "
    f"A value of {SHORTEST} letters or more is hidden in the output."
)


EXIT_LIMIT = 124
"""The robot was ended for a limit, as ``timeout`` says it."""
EXIT_NOT_RUN = 125
"""It was not run to an end of its own, as container tools say it; the robot's own codes stay what they are."""


class NotRunError(click.ClickException):
    """A robot was not run to its end."""

    exit_code = EXIT_NOT_RUN


class _Running(click.Command):
    """Whatever is wrong besides the robot has one exit code, so that scripts can tell it from the robot's."""

    def make_context(self, *arguments: Any, **named: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **named)
        except click.ClickException as error:
            raise NotRunError(error.format_message()) from error

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except click.ClickException as error:
            raise NotRunError(error.format_message()) from error
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            raise NotRunError(describe(error)) from error


@click.command("run", cls=_Running, short_help="Run a robot's package or folder on this machine.")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--operation", required=True, metavar="NAME", help="The operation, as the manifest names it.")
@click.option("--task", type=click.UUID, metavar="ID", help=_TASK_HELP)
@click.option(
    "--variable",
    "variables",
    multiple=True,
    metavar="NAME[=VALUE]",
    help=_VARIABLE_HELP,
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where to put the files that the robot leaves; without it they are only named.",
)
@config_option
def run(
    path: Path, operation: str, *, task: UUID | None, variables: Sequence[str], output: Path | None, config: Path | None
) -> int:
    """Run a robot's package or folder on this machine, as a worker would.

    PATH is the ZIP or the folder. Ends with the robot's exit code; with 124 if it was ended for a limit, and with 125
    if it was not run, or not to an end of its own.
    """
    settings = loaded(config, {}).settings
    if problems := check(path, limits_of(config)):
        raise refused(path, problems)
    order = Order(path, operation, task_id=task, variables=_variables(variables, settings), output=output)
    try:
        return asyncio.run(_until_terminated(order, settings=settings))
    except PackageProblems as wrong:
        raise refused(path, wrong.problems) from None
    except RobotFailed as failed:
        code = failed.outcome.exit_code
        if failed.outcome.ended_by is None and code == 0:
            raise
        click.echo(f"kurun: {failed}", err=True)
        if failed.outcome.ended_by is not None:
            return EXIT_LIMIT
        return code if code > 0 else _SIGNALLED - code


async def _until_terminated(order: Order, *, settings: Settings) -> int:
    """Run; SIGTERM ends the robot as Ctrl-C does, and nothing stays behind."""
    running = asyncio.ensure_future(run_by_hand(order, settings))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if current is not None and current.cancelling():
            raise
        return _SIGNALLED + signal.SIGTERM
    return 0


def _variables(given: Sequence[str], settings: Settings) -> dict[str, str]:
    variables = dict(map(_variable, given))
    for name in variables:
        if why := _refused(name, settings):
            raise click.BadParameter(f"{name!r}: {why}", param_hint="--variable")
    return variables


def _refused(name: str, settings: Settings) -> str | None:
    if _NAME.fullmatch(name) is None:
        return "a name has letters, digits and underscores, and no digit in front"
    if name in _OWN or (name.startswith("KUFLOW_") and not name.startswith(_TOKEN)):
        return "every run sets it itself"
    if name.startswith(_TOKEN) and settings.robots.share_credentials:
        return "robots.share_credentials sets it"
    return None


def _variable(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not given:
        with contextlib.suppress(KeyError):
            return name, os.environ[name]
        raise click.BadParameter(f"this shell has no variable {name}", param_hint="--variable")
    return name, value
