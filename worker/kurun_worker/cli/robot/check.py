"""``kurun robot check``."""

from pathlib import Path

import click

from kurun_robots import package
from kurun_worker.cli.robot.problems import config_option, limits_of, refused


@click.command("check", short_help="Say what is wrong with a robot's package or folder.")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@config_option
def check(path: Path, config: Path | None) -> None:
    """Say what is wrong with a robot's package, or with the folder that it is to be packed from.

    PATH is the ZIP or the folder. Each problem is a line; ends with 2 if there are any.
    """
    problems = package.check(path, limits_of(config))
    if problems:
        raise refused(path, problems)
    click.echo(f"{path}: valid")
