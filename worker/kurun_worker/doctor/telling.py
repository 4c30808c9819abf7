"""The report, told line by line as it comes, or as one JSON object."""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Final

import click

from kurun_config import ConfigurationError, Loaded
from kurun_worker.doctor.checks import examine
from kurun_worker.doctor.examination import all_checks
from kurun_worker.doctor.quiet import quiet
from kurun_worker.doctor.report import (
    Finding,
    Outcome,
    Verdict,
    as_document,
    as_line,
    exit_code,
    misconfigured,
    summary,
)
from kurun_worker.doctor.settings import LOADED
from kurun_worker.redaction import Redactor

_CLEAR_LINE: Final = "\r\x1b[K"


def tell(load: Callable[[], Loaded], *, as_json: bool) -> int:
    """Read the settings, check everything, and write what came of it; returns the exit code.

    Args:
        load: Reads the settings.
        as_json: Write one JSON object at the end, instead of lines.
    """
    writer = _Writer(as_json=as_json)
    try:
        loaded = load()
    except ConfigurationError as error:
        writer.add(Finding(LOADED, misconfigured(str(error), "correct it; `kurun config` shows what is set and where")))
        writer.add(Finding("everything else", Verdict(Outcome.SKIPPED, f"because {LOADED} failed")))
    else:
        with quiet():
            asyncio.run(_examine(loaded, writer))
    return writer.finish()


async def _examine(loaded: Loaded, writer: "_Writer") -> None:
    redactor = Redactor.of(loaded.settings)
    writer.clean = redactor.text
    async with all_checks(loaded, learn=redactor.learn) as checks:
        async for finding in examine(checks, waiting=writer.wait):
            writer.add(finding)


class _Writer:
    def __init__(self, *, as_json: bool) -> None:
        terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self.clean: Callable[[str], str] = lambda text: text
        self._as_json = as_json
        self._colours = terminal and not os.environ.get("NO_COLOR")
        self._progress = terminal and not as_json
        self._findings: list[Finding] = []

    def wait(self, name: str) -> None:
        if self._progress:
            click.echo(f"{_CLEAR_LINE}{'…':<7}  {name}", nl=False)

    def add(self, finding: Finding) -> None:
        self._findings.append(finding)
        if not self._as_json:
            clear = _CLEAR_LINE if self._progress else ""
            click.echo(clear + as_line(finding, clean=self.clean, colours=self._colours), color=True)

    def finish(self) -> int:
        if self._as_json:
            click.echo(as_document(self._findings, clean=self.clean))
        else:
            click.echo(summary(self._findings))
        return exit_code(self._findings)
