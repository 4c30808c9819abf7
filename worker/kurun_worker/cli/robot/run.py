"""``kurun robot run``."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import click

from kurun_activities.robot_runs.failures import RobotFailed
from kurun_config import Settings
from kurun_robots.errors import EnvironmentInvalid, PackageInvalid
from kurun_robots.package import PackageProblems, check
from kurun_worker.cli.errors import EXIT_CONFIGURATION
from kurun_worker.cli.options import loaded
from kurun_worker.cli.robot.by_hand import Order, run_by_hand
from kurun_worker.cli.robot.problems import config_option, limits_of, refused

_SIGNALLED = 128


class RobotRefusedError(click.ClickException):
    """A package cannot be run as it is."""

    exit_code = EXIT_CONFIGURATION


@click.command("run", short_help="Run a robot's package or folder on this machine.")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--operation", required=True, metavar="NAME", help="The operation, as the manifest names it.")
@click.option("--task", type=click.UUID, metavar="ID", help="Task in KuFlow that gets the log and the documents.")
@click.option(
    "--variable",
    "variables",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="A variable for the robot; without a value, the one of this shell. Its value is hidden in the output.",
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

    PATH is the ZIP or the folder. Ends with the robot's exit code.
    """
    settings = loaded(config, {}).settings
    if problems := check(path, limits_of(config)):
        raise refused(path, problems)
    order = Order(path, operation, task_id=task, variables=dict(map(_variable, variables)), output=output)
    try:
        return asyncio.run(_until_terminated(order, settings=settings))
    except PackageProblems as wrong:
        raise refused(path, wrong.problems) from None
    except (PackageInvalid, EnvironmentInvalid) as error:
        raise RobotRefusedError(str(error)) from None
    except RobotFailed as failed:
        code = failed.outcome.exit_code
        if failed.outcome.ended_by is not None or code == 0:
            raise
        click.echo(f"kurun: {failed}", err=True)
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


def _variable(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not given:
        with contextlib.suppress(KeyError):
            return name, os.environ[name]
        raise click.BadParameter(f"this shell has no variable {name}", param_hint="--variable")
    return name, value
