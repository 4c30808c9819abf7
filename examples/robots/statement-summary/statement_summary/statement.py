"""Reading a bank statement."""

import io
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from statement_summary.problems import RobotProblem

COLUMNS = ("Date", "Text", "Amount")

log = logging.getLogger(__name__)


@dataclass
class Month:
    """Sums of a month."""

    income: Decimal = Decimal(0)
    spending: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        """What is not spent."""
        return self.income - self.spending


def months_of(content: bytes) -> Mapping[str, Month]:
    """The months of a statement, such as ``2025-09``, from the first to the last.

    Raises:
        RobotProblem: It is no spreadsheet, or no statement.
    """
    rows = _rows(content)
    columns = _columns(next(rows, ()))
    months: dict[str, Month] = defaultdict(Month)
    for number, row in enumerate(rows, start=2):
        day, amount = row[columns["Date"]], row[columns["Amount"]]
        if not any(cell is not None for cell in row):
            continue
        if not isinstance(day, date) or not isinstance(amount, int | float):
            log.warning("row %d has no date or no amount: left out", number)
            continue
        month = months[day.strftime("%Y-%m")]
        if amount > 0:
            month.income += Decimal(str(amount))
        else:
            month.spending -= Decimal(str(amount))
    if not months:
        raise RobotProblem("the statement has no rows that can be read")
    return dict(sorted(months.items()))


def _rows(content: bytes) -> Any:
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except Exception as error:  # openpyxl does not say what it raises for a file that is none
        raise RobotProblem("the attachment is no spreadsheet (.xlsx)") from error
    return book.worksheets[0].iter_rows(values_only=True)


def _columns(header: Iterable[str | datetime | float | None]) -> dict[str, int]:
    places = {str(name).strip(): place for place, name in enumerate(header)}
    if missing := [name for name in COLUMNS if name not in places]:
        raise RobotProblem(f"the statement has no column {' and no column '.join(missing)}")
    return {name: places[name] for name in COLUMNS}
