"""Writing the summary."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from pathlib import Path

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font

from statement_summary.statement import Month

EURO = '#,##0.00 "€"'
BOLD = Font(bold=True)


@dataclass(frozen=True)
class Summary:
    """What a statement says about a loan.

    Attributes:
        applicant: Who asks.
        asked: For how much, in the currency of the form.
        currency: That currency.
        months: The statement's months.
    """

    applicant: str
    asked: Decimal
    currency: str
    months: Mapping[str, Month]

    @property
    def left(self) -> Decimal:
        """Left on average in a month."""
        total = sum((month.left for month in self.months.values()), Decimal(0))
        return (total / len(self.months)).quantize(Decimal("0.01"))

    @property
    def months_to_pay(self) -> int | None:
        """Months in which what is left pays the loan back; ``None``: never, or the currency is another."""
        if self.left <= 0 or self.currency != "EUR":
            return None
        return int((self.asked / self.left).quantize(Decimal(1), rounding=ROUND_UP))

    def save(self, file: Path) -> None:
        """Write it as a spreadsheet with the sheets ``Loan`` and ``Months``."""
        book = Workbook()
        self._write_loan(book)
        self._write_months(book)
        book.save(file)

    def _write_loan(self, book: Workbook) -> None:
        sheet = book.active
        sheet.title = "Loan"
        for row in (
            ("Applicant", self.applicant),
            ("Asked for", self.asked),
            ("Currency", self.currency),
            ("Left a month", self.left),
            ("Months to pay back", "never" if self.months_to_pay is None else self.months_to_pay),
        ):
            sheet.append(row)
        for cell in sheet["A"]:
            cell.font = BOLD
        sheet["B4"].number_format = EURO
        sheet.column_dimensions["A"].width = sheet.column_dimensions["B"].width = 24

    def _write_months(self, book: Workbook) -> None:
        sheet = book.create_sheet("Months")
        sheet.append(("Month", "Income", "Spending", "Left"))
        for name, month in self.months.items():
            sheet.append((name, month.income, month.spending, month.left))
        for cell in sheet[1]:
            cell.font = BOLD
        for row in sheet.iter_rows(min_row=2, min_col=2):
            for cell in row:
                cell.number_format = EURO
        chart = BarChart()
        chart.title = "Income and spending"
        chart.add_data(Reference(sheet, min_col=2, max_col=3, min_row=1, max_row=sheet.max_row), titles_from_data=True)
        chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=sheet.max_row))
        sheet.add_chart(chart, "F2")
