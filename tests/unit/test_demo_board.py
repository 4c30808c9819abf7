"""The demo's table."""

import io
from decimal import Decimal

from rich.console import Console

from kurun_examples.demo.applications import Application
from kurun_examples.demo.board import TableBoard
from kurun_examples.demo.cases import Case


def case(line: int) -> Case:
    """A case with long names and a large amount."""
    name = "Wilhelmina Featherstonehaugh the Elder"
    application = Application(line, name, "w@example.com", Decimal("1250000.50"), "EUR", 0, None, "REJECTED")
    return Case(application, step="approver completes LOAN_APPROVAL, and more was said than there is room for")


def test_the_figures_are_whole_on_a_narrow_terminal() -> None:
    """At 80 columns only names and steps are cut; every row is one line, and the line below is whole."""
    said = "starting the twin of KuFlow (data and logs in /a/folder/that/is/deep/enough/to/reach/over/the/end)"
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=80, height=24, color_system=None, soft_wrap=True)
    with TableBoard(console) as board:
        board.watch([case(line) for line in range(8, 14)])
        board.say(said)
    drawn = output.getvalue().rpartition("┏")[2].replace("\r", "")
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in drawn.splitlines() if line.startswith("│")]

    assert ["8", "9", "10", "11", "12", "13"] == [row[0] for row in rows]
    assert {("1,250,000.50 EUR", "REJECTED")} == {(row[2], row[3]) for row in rows}
    assert all(row[4].startswith("approver") and row[4].endswith("…") for row in rows)
    assert said in drawn.replace("\n", "")
    assert all(len(line) <= 80 for line in drawn.splitlines())
