"""``kurun k2``: for the person who looks after the K2 account of a worker."""

import click

from kurun_worker.cli.k2.login import login
from kurun_worker.cli.k2.tasks import tasks


@click.group("k2", short_help="Log in to K2, and see the tasks of its account.")
def command() -> None:
    """Log in to K2, and see the tasks of its account."""


command.add_command(login)
command.add_command(tasks)
