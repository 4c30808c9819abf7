"""``python -m tests.contract.run``: schemathesis drives the twin at length, and this prints what came of it."""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.contract.chains import LINKS
from tests.contract.document import DocumentMissing, read_document
from tests.contract.drive import REFUSED_BY_DESIGN, Outcome, Size, drive
from tests.contract.stage import open_stage

LARGE = Size(examples=30, scenarios=60, steps=40)
ENOUGH = 5000
"""Cases without which a run shows too little."""


def main() -> int:
    """Drive a twin in a temporary folder.

    Returns:
        0, or 1 if a promise of the document was broken or an operation never succeeded, or 2 without the document.
    """
    try:
        document = read_document()
    except DocumentMissing as missing:
        print(missing, file=sys.stderr)
        return 2
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, open_stage(Path(folder)) as twin:
        outcome = drive(document, twin, LARGE)
    problems = [*outcome.failures]
    if useless := outcome.never_succeeded() - REFUSED_BY_DESIGN:
        problems.append(f"never successful: {', '.join(sorted(useless))}")
    if outcome.cases.total() < ENOUGH:
        problems.append(f"fewer cases than {ENOUGH}")
    for problem in problems:
        print(problem, end="\n\n")
    print(*report(outcome), sep="\n")
    print(f"failures: {len(problems)}")
    print(f"time: {time.monotonic() - begin:.0f} s")
    return 1 if problems else 0


def report(outcome: Outcome) -> list[str]:
    """The figures, a line each."""
    phases = ", ".join(f"{phase} {count}" for phase, count in outcome.cases.items())
    kinds: Counter[str] = Counter()
    for (_, kind), count in outcome.answers.items():
        kinds[kind] += count
    return [
        f"cases: {outcome.cases.total()} ({phases}) of {len({name for name, _ in outcome.answers})} operations",
        f"answers: {', '.join(f'{kind} {count}' for kind, count in sorted(kinds.items()))}",
        f"links followed: {outcome.links.total()} times, {outcome.successes.total()} of them with success",
        f"different links: {len(outcome.links)} of {len(LINKS)}",
    ]


if __name__ == "__main__":
    sys.exit(main())
