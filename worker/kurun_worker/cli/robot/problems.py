"""What ``kurun robot`` says about packages that are wrong."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from kurun_robots.package import PackageLimits, Problem
from kurun_worker.cli.errors import EXIT_CONFIGURATION
from kurun_worker.cli.options import loaded

Command = TypeVar("Command", bound=Callable[..., Any])


class PackageRefusedError(click.ClickException):
    """A package has mistakes; they have been listed."""

    exit_code = EXIT_CONFIGURATION


def config_option(command: Command) -> Command:
    """Add ``--config FILE``; :func:`limits_of` takes what click makes of it."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="TOML file with the worker's settings: limits of packages and runs, where KuFlow is, and the login.",
    )(command)


def limits_of(config: Path | None) -> PackageLimits:
    """How large a worker with the effective settings takes packages.

    Raises:
        ConfigurationError: A setting is wrong.
    """
    return PackageLimits.of(loaded(config, {}).settings.robots)


def refused(path: Path, problems: Sequence[Problem]) -> PackageRefusedError:
    """List what is wrong on standard output, a line each; returns the error to raise."""
    for problem in problems:
        click.echo(str(problem))
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return PackageRefusedError(f"{path}: {count}")
