"""What the command line says when something is wrong: one line, and an exit code that tells who has to act."""

import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import click

EXIT_FAILURE = 1
"""It failed while running."""

EXIT_CONFIGURATION = 2
"""A setting, an argument or an input file is wrong."""

EXIT_INTERRUPTED = 130
"""Ended from the keyboard."""


class MissingExtraError(click.ClickException):
    """A command needs an extra of the distribution that is not installed."""

    exit_code = EXIT_CONFIGURATION


def reported(command: Callable[[], Any]) -> int:
    """Run a command; returns its exit code, having said in one line on standard error what went wrong.

    A traceback is added where ``KURUN_LOG_LEVEL`` is ``DEBUG``.
    """
    try:
        result = command()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return _say(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except Exception as error:
        return report(error)
    return result if isinstance(result, int) else 0


def report(error: Exception) -> int:
    """Say in one line on standard error what went wrong; returns the exit code. To be called while it is handled."""
    # Imported only now: the settings take longer to load than all the rest of `kurun --help`.
    from kurun_config.errors import ConfigurationError  # noqa: PLC0415

    return _say(describe(error), EXIT_CONFIGURATION if isinstance(error, ConfigurationError) else EXIT_FAILURE)


def describe(error: BaseException) -> str:
    """An error in one line; its type too where the text alone would not say what happened."""
    said = str(error)
    expected = type(error).__module__.startswith("kurun_")
    return said if said and expected else f"{type(error).__name__}: {said}" if said else type(error).__name__


def _say(text: str, code: int) -> int:
    if os.environ.get("KURUN_LOG_LEVEL", "").upper() == "DEBUG":
        traceback.print_exc()
    print(f"kurun: {' '.join(text.split())}", file=sys.stderr, flush=True)
    return code
