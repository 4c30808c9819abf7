"""What is said of the verdicts."""

import json
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import click

from kurun_worker.replaying.verdicts import Recorded, Verdict

MOST_ALIKE = 3
"""Histories of a workflow type whose changed inputs are told, and of those that ended whose breaks are."""
MOST_INPUTS = 20
"""Changed inputs of a history that JSON tells."""


class Report:
    """What is said of the verdicts: each break as it is found, the sums at the end.

    Args:
        as_json: One object at the end instead of lines.
        clean: Hides secrets in a text.
    """

    def __init__(self, *, as_json: bool, clean: Callable[[str], str] = str) -> None:
        self._as_json = as_json
        self._clean = clean
        self._progress = sys.stderr.isatty() and not as_json
        self._good: Counter[str] = Counter()
        self._bad: Counter[str] = Counter()
        self._ended: Counter[str] = Counter()
        self._unserved: Counter[str] = Counter()
        self._breaks: list[dict[str, Any]] = []
        self._ended_breaks: list[dict[str, Any]] = []
        self._changed: Counter[str] = Counter()
        self._changes: list[dict[str, Any]] = []

    @property
    def broken(self) -> bool:
        """Whether something would break that runs, or that somebody keeps as a file."""
        return bool(self._breaks)

    def add(self, verdict: Verdict) -> None:
        """Count a verdict, and say at once what is broken."""
        recorded = verdict.recorded
        kind = recorded.workflow_type
        if verdict.broken is None:
            self._good[kind] += 1
            self._add_changes(verdict)
        elif not verdict.served and not recorded.running:
            self._unserved[kind] += 1
        else:
            self._add_break(recorded, self._clean(verdict.broken))
        if self._progress:
            click.echo(f"\r{self._count} read", nl=False, err=True)

    def _add_break(self, recorded: Recorded, reason: str) -> None:
        kind, ended = recorded.workflow_type, recorded.ended
        counted, told = (self._ended, self._ended_breaks) if ended else (self._bad, self._breaks)
        counted[kind] += 1
        told.append({**_which(recorded), "reason": reason})
        # Those that ended need nobody: the first of them say what they all say.
        if not ended or counted[kind] <= MOST_ALIKE:
            self._line(f"{'ended ' if ended else 'broken'}  {kind}  {recorded.source}: {reason}")

    def _add_changes(self, verdict: Verdict) -> None:
        kind, source = verdict.recorded.workflow_type, verdict.recorded.source
        if not verdict.changed:
            return
        self._changed[kind] += 1
        # A changed text changes every history: the first of them say it.
        if self._changed[kind] <= MOST_ALIKE:
            inputs = [self._clean(each) for each in verdict.changed[:MOST_INPUTS]]
            more = len(verdict.changed) - 1
            self._changes.append({**_which(verdict.recorded), "inputs": inputs})
            self._line(f"changed  {kind}  {source}: {inputs[0]}" + (f", and {more} more" if more else ""))

    def close(self) -> None:
        """Write the sums."""
        if self._progress:
            click.echo("\r\033[K", nl=False, err=True)
        kinds = sorted(self._good.keys() | self._bad.keys() | self._ended.keys())
        if self._as_json:
            click.echo(json.dumps(self._sums(kinds), indent=2))
            return
        for kind in kinds:
            click.echo(self._sum(kind))
        for kind, number in sorted(self._unserved.items()):
            click.echo(f"{kind}: {number} left out, these modules have no such workflow")
        if not self._count:
            click.echo("no histories were found")

    def _sums(self, kinds: list[str]) -> dict[str, Any]:
        counted = {"replayed": self._good, "broken": self._bad, "brokenEnded": self._ended, "changed": self._changed}
        return {
            "types": {kind: {name: numbers[kind] for name, numbers in counted.items()} for kind in kinds},
            "breaks": self._breaks,
            "breaksOfEnded": self._ended_breaks,
            "changes": self._changes,
            "unserved": self._unserved,
        }

    def _sum(self, kind: str) -> str:
        good, bad, ended, changed = (each[kind] for each in (self._good, self._bad, self._ended, self._changed))
        said = f"{kind}: {good} of {good + bad + ended} replayed"
        said += f" ({changed} with changed input)" if changed else ""
        said += f", {bad} broken"
        return f"{said}, {ended} ended ones could not be: nothing of them runs" if ended else said

    @property
    def _count(self) -> int:
        return sum(each.total() for each in (self._good, self._bad, self._ended, self._unserved))

    def _line(self, text: str) -> None:
        if not self._as_json:
            click.echo(f"\r\033[K{text}" if self._progress else text)


def _which(recorded: Recorded) -> dict[str, str]:
    state = "file" if recorded.kept else "running" if recorded.running else "ended"
    return {"workflowType": recorded.workflow_type, "source": recorded.source, "state": state}
