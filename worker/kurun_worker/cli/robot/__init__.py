"""``kurun robot``: for the person who makes robots."""

import click

from kurun_worker.cli.robot.check import check
from kurun_worker.cli.robot.pack import pack
from kurun_worker.cli.robot.run import run


@click.group("robot", short_help="Check, pack and run robots.")
def command() -> None:
    """Check, pack and run robots."""


command.add_command(check)
command.add_command(pack)
command.add_command(run)
