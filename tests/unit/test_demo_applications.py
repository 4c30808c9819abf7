"""The demo's CSV: what is read, and what is said about a line that is wrong."""

import csv
import io
import re
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_config import ConfigurationError
from kurun_examples.demo.applications import (
    COLUMNS,
    OUTCOMES,
    Application,
    Mistake,
    parse_applications,
    read_applications,
)

HEADER = ",".join(COLUMNS)
GOOD = "Ada,ada@example.com,100.50,EUR,5 MB,amount=-7,GRANTED"

text = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=30)
rows = st.fixed_dictionaries(
    {
        "applicant": text,
        "email": st.from_regex(r"[a-z]{1,9}@[a-z]{1,9}\.example", fullmatch=True),
        "amount": st.decimals("0.01", "999999999", places=2),
        "currency": st.from_regex(r"[A-Z]{3}", fullmatch=True),
        "attachment": st.integers(0, 100_000_000),
        "mistake": st.none() | st.builds(Mistake, st.sampled_from(["applicant", "email", "currency"]), text),
        "outcome": st.sampled_from(OUTCOMES),
    }
)


def written(entries: list[dict[str, Any]], columns: list[str]) -> str:
    """The rows as a spreadsheet saves them."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    for entry in entries:
        mistake = entry["mistake"]
        writer.writerow({**entry, "mistake": f"{mistake.field}={mistake.value}" if mistake else ""})
    return out.getvalue()


@given(st.lists(rows, min_size=1, max_size=5), st.permutations(COLUMNS))
def test_what_is_written_is_read(entries: list[dict[str, Any]], columns: list[str]) -> None:
    """Any rows in any order of columns, quoted as CSV needs it, come back as they were."""
    read = parse_applications(written(entries, columns), "a.csv")

    assert read == [Application(line=number, **entry) for number, entry in enumerate(entries, 2)]


@given(st.text() | st.text().map(lambda tail: f"{HEADER}\n{tail}") | st.from_regex(r"[\w,\"\n\r=@. ]{0,200}"))
def test_any_text_is_read_or_refused_in_one_line(content: str) -> None:
    """Whatever the file holds, the only error is one line that names the file, the line and the column."""
    try:
        parse_applications(content, "a.csv")
    except ConfigurationError as error:
        assert re.fullmatch(r"a\.csv:\d+: .+: .+", str(error), re.DOTALL)  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Ada,ada@example.com,100,EUR,,", "a.csv:3: row: 6 cells where the header has 7"),
        ("Ada,ada@example.com,100,EUR,,,GRANTED,x", "a.csv:3: row: 8 cells where the header has 7"),
        (",ada@example.com,100,EUR,,,GRANTED", "a.csv:3: applicant: needs 1 to 200 printable characters"),
        ("Ada,ada,100,EUR,,,GRANTED", "a.csv:3: email: 'ada' is no e-mail address"),
        ("Ada,ada@example.com,lots,EUR,,,GRANTED", "a.csv:3: amount: 'lots' is no number"),
        (
            "Ada,ada@example.com,-1,EUR,,,GRANTED",
            "a.csv:3: amount: needs an amount from 0.01 to 1000000000000 with at most two decimals",
        ),
        ("Ada,ada@example.com,NaN,EUR,,,GRANTED", "a.csv:3: amount: needs an amount from 0.01"),
        ("Ada,ada@example.com,100,euro,,,GRANTED", "a.csv:3: currency: 'euro' is no currency code such as EUR"),
        ("Ada,ada@example.com,100,EUR,big,,GRANTED", "a.csv:3: attachment: 'big' is no size such as 120 kB or 5 MB"),
        ("Ada,ada@example.com,100,EUR,101 MB,,GRANTED", "a.csv:3: attachment: more than 100000000 bytes"),
        ("Ada,ada@example.com,100,EUR,,oops,GRANTED", "a.csv:3: mistake: needs field=value with a field of applicant"),
        ("Ada,ada@example.com,100,EUR,,,MAYBE", "a.csv:3: outcome: 'MAYBE' is neither of GRANTED, REJECTED"),
        ('"Ada', "a.csv:3: row: unexpected end of data"),
        ('"A"da,x', "a.csv:3: row: "),
    ],
)
def test_a_wrong_cell_is_named(line: str, message: str) -> None:
    """The message leads to the cell: file, line and column, and what is wrong there."""
    with pytest.raises(ConfigurationError) as caught:
        parse_applications(f"{HEADER}\n{GOOD}\n{line}\n", "a.csv")

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "a.csv:1: applicant: the header needs this column once"),
        (HEADER.replace("outcome", "result"), "a.csv:1: outcome: the header needs this column once"),
        (HEADER + ",email", "a.csv:1: email: the header needs this column once"),
        (HEADER + ",age", "a.csv:1: age: no such column"),
        (HEADER + "\n", "a.csv:1: row: there is no application below the header"),
        ("\n".join([HEADER, *[GOOD] * 1001]), "a.csv:1002: row: more than 1000 applications"),
    ],
)
def test_a_wrong_file_is_refused(content: str, message: str) -> None:
    """A header with other columns, no rows or too many rows is refused as a whole."""
    with pytest.raises(ConfigurationError) as caught:
        parse_applications(content, "a.csv")

    assert str(caught.value).startswith(message)


def test_the_line_counts_lines_and_not_rows() -> None:
    """A cell that spans lines and an empty line are counted as an editor counts them."""
    with pytest.raises(ConfigurationError) as caught:
        parse_applications(f'{HEADER}\n\n"Ada\nLovelace",x', "a.csv")

    assert str(caught.value).startswith("a.csv:3: row: 2 cells")


@pytest.mark.parametrize(
    ("cell", "size"), [("", 0), ("0", 0), ("17 B", 17), ("1.5kB", 1500), ("120 kB", 120_000), ("5 MB", 5_000_000)]
)
def test_sizes(cell: str, size: int) -> None:
    """Sizes are decimal: a kB is 1000 bytes."""
    row = GOOD.replace("5 MB", cell)

    assert parse_applications(f"{HEADER}\n{row}", "a.csv")[0].attachment == size


def test_a_mistake_in_the_amount_is_a_number_if_it_can_be() -> None:
    """``amount=-7`` is typed as a number, ``amount=much`` as a text."""
    much = GOOD.replace("-7", "much")
    first, second = parse_applications(f"{HEADER}\n{GOOD}\n{much}", "a.csv")

    assert first.mistake == Mistake("amount", -7.0)
    assert second.mistake == Mistake("amount", "much")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file, a folder, another encoding and a huge file each end with one line."""
    binary, huge = tmp_path / "binary.csv", tmp_path / "huge.csv"
    binary.write_bytes(HEADER.encode() + b"\n\xff\xfe")
    huge.write_bytes(b"x" * (1024**2 + 1))
    for file, message in (
        (tmp_path / "none.csv", "cannot be read: No such file or directory"),
        (tmp_path, "cannot be read: Is a directory"),
        (binary, "2: row: not UTF-8 text"),
        (huge, "larger than 1048576 bytes"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            read_applications(file)

        assert str(caught.value) == f"{file}:{'' if message[0].isdigit() else ' '}{message}"


def test_the_example_shows_every_kind_of_application() -> None:
    """At least twelve rows: a mistake, rejections, a 5 MB attachment, letters beyond ASCII."""
    read = read_applications(Path(str(files("kurun_examples.loan") / "applications.csv")))

    assert len(read) >= 12
    assert any(row.mistake for row in read)
    assert any(row.outcome == "REJECTED" for row in read)
    assert any(row.attachment == 5_000_000 for row in read)
    assert any(not row.applicant.isascii() for row in read)
    assert all(row.amount > Decimal(0) for row in read)
