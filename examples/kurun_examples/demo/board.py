"""What the demo shows: a live table on a terminal, lines elsewhere."""

import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from kurun_examples.demo.cases import Case

MAX_ROWS = 40
MAX_NAME = 20


class Board(Protocol):
    """Shows what happens while the block lasts."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def say(self, text: str) -> None:
        """Show a line about the whole demo."""

    def show(self, case: Case) -> None:
        """Show that a case has gone a step further."""

    def watch(self, cases: list[Case]) -> None:
        """Begin to show these cases."""

    def sum_up(self, lines: list[str]) -> None:
        """Show lines that stay."""


class LineBoard:
    """One line for each step."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._start = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing to put away."""

    def say(self, text: str) -> None:
        """See :class:`Board`."""
        self._console.out(f"{time.monotonic() - self._start:5.1f} s  {text}", highlight=False)

    def show(self, case: Case) -> None:
        """See :class:`Board`."""
        self.say(f"{case.row}: {case.step}")

    def watch(self, cases: list[Case]) -> None:
        """See :class:`Board`."""
        self.say(f"{len(cases)} applications")

    def sum_up(self, lines: list[str]) -> None:
        """See :class:`Board`."""
        for line in lines:
            self._console.out(line, highlight=False)


class TableBoard:
    """A table with a row for each case, drawn anew while it changes."""

    def __init__(self, console: Console) -> None:
        self._start = time.monotonic()
        self._said = ""
        self._cases: list[Case] = []
        self._live = Live(console=console, get_renderable=self._draw, refresh_per_second=8)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, traceback)

    def say(self, text: str) -> None:
        """See :class:`Board`."""
        self._said = text

    def show(self, case: Case) -> None:
        """Nothing to do: the table is drawn from the cases."""

    def watch(self, cases: list[Case]) -> None:
        """See :class:`Board`."""
        self._cases = cases

    def sum_up(self, lines: list[str]) -> None:
        """Printed below the table, which is not drawn any more from then on."""
        self._live.stop()
        for line in lines:
            self._live.console.print(Text(line))

    def _draw(self) -> Group:
        table = Table(expand=True)
        table.add_column("line", justify="right", no_wrap=True)
        table.add_column("applicant", max_width=MAX_NAME)
        table.add_column("asks for", justify="right", no_wrap=True)
        table.add_column("expected", no_wrap=True)
        table.add_column("now", ratio=1)  # takes what the others leave
        for case in self._cases[:MAX_ROWS]:
            asked = f"{case.application.amount:,} {case.application.currency}"
            table.add_row(
                str(case.application.line),
                _cut(case.application.applicant),
                asked,
                case.application.outcome,
                _now(case),
            )
        if len(self._cases) > MAX_ROWS:
            table.add_row("", f"and {len(self._cases) - MAX_ROWS} more", "", "", "")
        over = sum(case.ended is not None for case in self._cases)
        state = f"{time.monotonic() - self._start:.0f} s, {over} of {len(self._cases)} over. {self._said}"
        return Group(*([table] if self._cases else []), Text(state, no_wrap=False, overflow="fold"))


def _now(case: Case) -> Text:
    style = "red" if case.problems else "green" if case.ended else "yellow" if case.started else "dim"
    return _cut(case.problems[0] if case.problems else case.step, style)


def _cut(text: str, style: str = "") -> Text:
    """Text on one line, however narrow its column is."""
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def board_for(console: Console) -> Board:
    """A table on a terminal, lines elsewhere."""
    return TableBoard(console) if console.is_terminal else LineBoard(console)
