"""The CSV with the loan applications that the demo plays."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, TypeVar

from kurun_config import ConfigurationError

COLUMNS: Final = ("applicant", "email", "amount", "currency", "attachment", "mistake", "outcome")
OUTCOMES: Final = ("GRANTED", "REJECTED")
MAX_FILE: Final = 1024**2
MAX_ROWS: Final = 1000
MAX_TEXT: Final = 200
MAX_ATTACHMENT: Final = 100 * 1000**2

_UNITS: Final = {"": 1, "B": 1, "kB": 1000, "MB": 1000**2}
_SIZE: Final = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) ?(B|kB|MB)?", re.ASCII)

Value = TypeVar("Value")


@dataclass(frozen=True)
class Mistake:
    """What the person types wrong first: a field of the form and the value that breaks its schema."""

    field: str
    value: str | float


@dataclass(frozen=True)
class Application:
    """One row.

    Attributes:
        line: Where it begins in the file.
        attachment: Size of the attachment in bytes; 0 for none.
        outcome: ``GRANTED`` or ``REJECTED``: how the process has to end.
    """

    line: int
    applicant: str
    email: str
    amount: Decimal
    currency: str
    attachment: int
    mistake: Mistake | None
    outcome: str


class _CellError(Exception):
    """A cell cannot be read; the message says why."""


def read_applications(path: Path) -> list[Application]:
    """Read the file.

    Raises:
        ConfigurationError: It cannot be read or a cell is wrong; the message is ``FILE:LINE: column: what``.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > MAX_FILE:
        raise ConfigurationError(f"{path}: larger than {MAX_FILE} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}:{content[: error.start].count(10) + 1}: row: not UTF-8 text") from None
    return parse_applications(text, str(path))


def parse_applications(text: str, name: str) -> list[Application]:
    """Read the file's text; ``name`` stands for the file in errors.

    Raises:
        ConfigurationError: As :func:`read_applications`.
    """
    rows = _rows(text, name)
    line, header = next(rows, (1, []))
    for column in COLUMNS:
        if header.count(column) != 1:
            raise ConfigurationError(f"{name}:{line}: {column}: the header needs this column once")
    if unknown := [column for column in header if column not in COLUMNS]:
        raise ConfigurationError(
            f"{name}:{line}: {unknown[0] or 'header'}: no such column; known: {', '.join(COLUMNS)}"
        )
    applications = [_application(name, line, header, row) for line, row in rows]
    if not applications:
        raise ConfigurationError(f"{name}:{line}: row: there is no application below the header")
    return applications


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the line it begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    count = 0
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ConfigurationError(f"{name}:{line}: row: {error}") from None
        if row:
            count += 1
            if count > MAX_ROWS + 1:
                raise ConfigurationError(f"{name}:{line}: row: more than {MAX_ROWS} applications")
            yield line, [cell.strip() for cell in row]


def _application(name: str, line: int, header: list[str], row: list[str]) -> Application:
    if len(row) != len(header):
        raise ConfigurationError(f"{name}:{line}: row: {len(row)} cells where the header has {len(header)}")
    cells = dict(zip(header, row, strict=True))

    def cell(column: str, read: Callable[[str], Value]) -> Value:
        try:
            return read(cells[column])
        except _CellError as error:
            raise ConfigurationError(f"{name}:{line}: {column}: {error}") from None

    return Application(
        line=line,
        applicant=cell("applicant", _text),
        email=cell("email", _email),
        amount=cell("amount", _amount),
        currency=cell("currency", _currency),
        attachment=cell("attachment", _size),
        mistake=cell("mistake", _mistake),
        outcome=cell("outcome", _outcome),
    )


def _text(cell: str) -> str:
    if not cell or len(cell) > MAX_TEXT or not cell.isprintable():
        raise _CellError(f"needs 1 to {MAX_TEXT} printable characters")
    return cell


def _email(cell: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", _text(cell)):
        raise _CellError(f"{cell!r} is no e-mail address")
    return cell


def _amount(cell: str) -> Decimal:
    try:
        amount = Decimal(cell)
    except InvalidOperation:
        raise _CellError(f"{cell[:40]!r} is no number") from None
    if not amount.is_finite() or not Decimal("0.01") <= amount <= Decimal(10) ** 12 or amount % Decimal("0.01"):
        raise _CellError("needs an amount from 0.01 to 1000000000000 with at most two decimals")
    return amount


def _currency(cell: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", cell):
        raise _CellError(f"{cell[:40]!r} is no currency code such as EUR")
    return cell


def _size(cell: str) -> int:
    if not cell:
        return 0
    match = _SIZE.fullmatch(cell)
    if match is None:
        raise _CellError(f"{cell[:40]!r} is no size such as 120 kB or 5 MB")
    size = int(Decimal(match[1]) * _UNITS[match[2] or ""])
    if size > MAX_ATTACHMENT:
        raise _CellError(f"more than {MAX_ATTACHMENT} bytes")
    return size


def _mistake(cell: str) -> Mistake | None:
    if not cell:
        return None
    field, equals, value = cell.partition("=")
    fields = COLUMNS[:4]
    if not equals or field not in fields or len(value) > MAX_TEXT:
        raise _CellError(f"needs field=value with a field of {', '.join(fields)}")
    try:
        return Mistake(field, float(value) if field == "amount" else value)
    except ValueError:
        return Mistake(field, value)


def _outcome(cell: str) -> str:
    if cell not in OUTCOMES:
        raise _CellError(f"{cell[:40]!r} is neither of {', '.join(OUTCOMES)}")
    return cell
