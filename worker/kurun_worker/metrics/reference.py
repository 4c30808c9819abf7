"""The table of our metrics for the documentation: ``python -m kurun_worker.metrics.reference``."""

import sys

from kurun_worker.metrics.families import catalogue

HEADING = "| metric | type | labels | meaning |\n|---|---|---|---|\n"


def table() -> str:
    """Every metric of ours, in Markdown."""
    return HEADING + "".join(
        f"| `{each.name}` | {each.kind} | {', '.join(f'`{label}`' for label in each.labels)} | {each.help} |\n"
        for each in catalogue()
    )


if __name__ == "__main__":
    sys.stdout.write(table())
