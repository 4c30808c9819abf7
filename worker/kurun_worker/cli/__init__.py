"""The command line. Commands are imported when they are called, so that ``kurun --help`` is quick."""

import importlib
import os
import sys
from typing import Any

import click

from kurun_worker.cli.errors import MissingExtraError, reported
from kurun_worker.early_signals import ignore_what_asks_for_no_end
from kurun_worker.health.asking import asked_quickly

COMMANDS = {
    "run": "Serve a task queue of KuFlow.",
    "check": "Verify the settings and all that a worker depends on.",
    "config": "Show the effective settings and where each comes from.",
    "replay": "Check that running processes would survive your workflows of today.",
    "dev": "Start the local twin of KuFlow to develop against.",
    "demo": "Run the whole job once: twin, worker, people and loans.",
    "k2": "Log in to K2, and see the tasks of its account.",
    "robot": "Check, pack and run robots.",
}
"""Each is the object ``command`` in the module of its name."""

EXTRAS = {"dev": "twin", "demo": "twin", "k2": "k2", "robot": "robots"}
"""Commands that need an extra of the distribution."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and summaries without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """The commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one.

        Raises:
            MissingExtraError: It needs an extra that is not installed.
        """
        if cmd_name not in COMMANDS:
            return None
        try:
            command = importlib.import_module(f"kurun_worker.cli.{cmd_name}").command
        except ModuleNotFoundError as error:
            extra = EXTRAS.get(cmd_name)
            if extra is None or str(error.name).startswith("kurun_worker"):
                raise
            raise MissingExtraError(
                f"`kurun {cmd_name}` needs {error.name}, which is not installed: pip install 'kurun[{extra}]'"
            ) from None
        assert isinstance(command, click.Command)  # noqa: S101 - narrows for the type checker
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: Any) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415 - as slow as click itself

        click.echo(f"kurun {version('kurun')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
def cli() -> None:
    """A KuFlow worker, and a local twin of the platform to develop against."""


def main(arguments: list[str] | None = None) -> None:
    """The console script: run a command, say in one line what is wrong, and end with its exit code."""
    if os.getpid() == 1:
        from kurun_worker.first_process import leave_first_place  # noqa: PLC0415 - only in a container

        leave_first_place()
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["run"]:
        # Here, as it takes a second until the worker listens to signals, most of it for loading the command.
        ignore_what_asks_for_no_end()
    if (code := asked_quickly(words)) is not None:
        sys.exit(code)
    code = reported(lambda: cli.main(args=arguments, prog_name="kurun", standalone_mode=False))
    if words[:1] == ["check"]:
        from kurun_worker.departure import STOP_MARGIN, Departure  # noqa: PLC0415 - only here

        # A look that was given up may hold Temporal's core: the interpreter would hang or abort at its end.
        Departure(STOP_MARGIN).leave(code)
    sys.exit(code)
