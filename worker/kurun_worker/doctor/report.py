"""What a check found, and how it is told."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

EXIT_OUTSIDE: Final = 1
"""Something outside fails; it may work later."""

EXIT_CONFIGURATION: Final = 2
"""Somebody has to change a setting, or the code that it names."""


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Fault(StrEnum):
    """Where a failure has to be mended."""

    CONFIGURATION = "configuration"
    OUTSIDE = "outside"


@dataclass(frozen=True)
class Verdict:
    """What a check says.

    Attributes:
        outcome: How it ended.
        said: What was seen, with numbers and addresses.
        fix: What to do about it; empty where there is nothing to do.
        fault: Where a failure has to be mended.
    """

    outcome: Outcome
    said: str
    fix: str = ""
    fault: Fault | None = None


def ok(said: str) -> Verdict:
    """As it should be."""
    return Verdict(Outcome.OK, said)


def warning(said: str, fix: str) -> Verdict:
    """A worker would run, but somebody should know."""
    return Verdict(Outcome.WARNING, said, fix)


def failed(said: str, fix: str) -> Verdict:
    """Something outside does not do what it should."""
    return Verdict(Outcome.FAILED, said, fix, Fault.OUTSIDE)


def misconfigured(said: str, fix: str = "") -> Verdict:
    """A setting, or the code that it names, is wrong."""
    return Verdict(Outcome.FAILED, said, fix, Fault.CONFIGURATION)


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        name: What was checked.
        verdict: What came of it.
    """

    name: str
    verdict: Verdict


def exit_code(findings: Sequence[Finding]) -> int:
    """0 if nothing failed; 2 if settings are at fault, as waiting does not mend those; else 1."""
    faults = {finding.verdict.fault for finding in findings if finding.verdict.outcome is Outcome.FAILED}
    if not faults:
        return 0
    return EXIT_CONFIGURATION if Fault.CONFIGURATION in faults else EXIT_OUTSIDE


_COLOURS: Final = {Outcome.OK: "32", Outcome.WARNING: "33", Outcome.FAILED: "31;1", Outcome.SKIPPED: "2"}
_WIDTH: Final = max(len(outcome) for outcome in Outcome)


def as_line(finding: Finding, *, clean: Callable[[str], str], colours: bool = False) -> str:
    """One line: how it ended, what was checked, what was seen, and how to mend it.

    Args:
        finding: What to tell.
        clean: Hides secrets.
        colours: Paint the outcome for a terminal.
    """
    verdict = finding.verdict
    outcome = f"{verdict.outcome.value:<{_WIDTH}}"
    if colours:
        outcome = f"\x1b[{_COLOURS[verdict.outcome]}m{outcome}\x1b[0m"
    fix = f"; {verdict.fix}" if verdict.fix else ""
    return f"{outcome}  {_plain(clean(f'{finding.name}: {verdict.said}{fix}'))}"


def as_document(findings: Sequence[Finding], *, clean: Callable[[str], str]) -> str:
    """One JSON object: ``ok``, ``exit_code`` and the list ``checks``."""
    code = exit_code(findings)
    checks = [
        {
            "name": finding.name,
            "outcome": finding.verdict.outcome.value,
            "said": clean(finding.verdict.said),
            "fix": clean(finding.verdict.fix) or None,
            "fault": finding.verdict.fault.value if finding.verdict.fault else None,
        }
        for finding in findings
    ]
    return json.dumps({"ok": code == 0, "exit_code": code, "checks": checks}, indent=2, ensure_ascii=False)


def summary(findings: Sequence[Finding]) -> str:
    """How many checks ended in which way."""
    counted = Counter(finding.verdict.outcome for finding in findings)
    return ", ".join(f"{counted[outcome]} {outcome.value}" for outcome in Outcome if counted[outcome])


def _plain(text: str) -> str:
    # Servers and modules write some of it: a terminal must not take any of that as a command.
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
