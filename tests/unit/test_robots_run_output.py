"""Lines of a robot's output: where they end, what is masked and what is cut."""

import asyncio
import json
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_activities.robot_runs.run_log import RunLog
from kurun_robots.run.masking import MASK, Masker, printable
from kurun_robots.run.output import CUT, LONGEST, Allowance, Lines, read_lines
from kurun_robots.run.request import OutputLine
from kurun_worker.cli.robot.by_hand import _Screen


def cut_into_lines(*chunks: bytes, secrets: tuple[str, ...] = ()) -> list[str]:
    """All lines of a stream read in these chunks."""
    lines = Lines(Masker(secrets))
    return [line for chunk in chunks for line in lines.feed(chunk)] + lines.end()


@given(text=st.text(alphabet="ab\nü€😀", max_size=40), size=st.integers(1, 5))
def test_chunks_do_not_matter(text: str, size: int) -> None:
    """However a stream is read, its lines are the same."""
    raw = text.encode()
    chunks = [raw[start : start + size] for start in range(0, len(raw), size)]

    expected = text.split("\n")
    assert expected[: len(expected) - (not expected[-1])] == cut_into_lines(*chunks)


@given(
    before=st.text(alphabet="xyz", max_size=20),
    secrets=st.lists(st.text(alphabet="ab", min_size=4, max_size=12), min_size=1, max_size=4),
    size=st.integers(1, 7),
)
def test_no_secret_is_seen(before: str, secrets: list[str], size: int) -> None:
    """Whatever stands around secrets, none of them comes out, nor a part of one that overlaps another."""
    raw = (before + "".join(secrets) + before).encode()
    chunks = [raw[start : start + size] for start in range(0, len(raw), size)]

    (line,) = cut_into_lines(*chunks, secrets=tuple(secrets))
    assert f"{before}{MASK}" == line[: len(before) + len(MASK)]
    assert not set(line) & {"a", "b"}


@pytest.mark.parametrize("secret", ["hunter22", "pässwörd" * 20, "x" * 3 * LONGEST])
@pytest.mark.parametrize("lead", [0, LONGEST - 3, LONGEST - 200, LONGEST])
@pytest.mark.parametrize("tail", [0, 10 * LONGEST])
def test_secret_where_a_line_is_cut(secret: str, lead: int, tail: int) -> None:
    """A secret that reaches over the place where a line is cut is masked whole."""
    (line,) = cut_into_lines(("-" * lead + secret + "-" * tail).encode(), secrets=(secret,))

    assert "" == line.removesuffix(CUT).replace(MASK, "").strip("-")
    assert len(line) <= LONGEST + len(MASK) + len(CUT)


@pytest.mark.parametrize("form", [lambda text: quote(text, safe=""), lambda text: json.dumps(text)[1:-1]])
def test_other_forms(form: Callable[[str], str]) -> None:
    """A secret is also found as URLs and JSON write it."""
    secret = 'p"ss/wörd +1'
    (line,) = cut_into_lines(f"see {form(secret)}!".encode(), secrets=(secret,))

    assert f"see {MASK}!" == line


def test_secret_of_several_lines() -> None:
    """A secret of several lines is masked line by line; lines so short that they could be anything are left."""
    secret = "-----BEGIN-----\nabcdefghijkl\n}\n"

    assert [MASK, f" {MASK}", "}"] == cut_into_lines(b"-----BEGIN-----\n abcdefghijkl\n}\n", secrets=(secret,))


def test_short_secrets() -> None:
    """A secret of less than four characters is not masked: half of the output would be."""
    assert ["abc"] == cut_into_lines(b"abc\n", secrets=("abc", ""))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("10 %\r20 %\r100 %\r", "100 %"),
        ("tab\tand\x00nul\x08", "tab\tandnul"),
        ("\x9b31mC1", "31mC1"),
    ],
)
def test_printable(written: str, shown: str) -> None:
    """Commands for terminals and what a progress bar wrote over are left out."""
    assert shown == printable(written)


def test_colours_do_not_hide_a_secret() -> None:
    """A secret with colours in it is masked."""
    assert [MASK] == cut_into_lines(b"hun\x1b[31mter22\n", secrets=("hunter22",))


def test_long_line() -> None:
    """Of a long line the beginning is shown; the next one is whole again."""
    assert ["é" * LONGEST + CUT, "next"] == cut_into_lines("é".encode() * LONGEST * 3 + b"\nnext\n")
    assert ["x" * LONGEST] == cut_into_lines(b"x" * LONGEST + b"\n")
    assert ["x" * LONGEST + CUT] == cut_into_lines(b"x" * LONGEST + b"y\n")


def test_a_token_that_came_up_later_is_hidden_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """From when it is learnt on, in what the robot writes and in what is told about its environment."""
    screen = _Screen(RunLog(None))
    screen.learn("renewed-1")
    screen.learn("renewed-2")
    screen.said(OutputLine("stdout", "with renewed-1"))
    screen.report("and renewed-2")
    shown = capsys.readouterr()

    assert (f"with {MASK}\n", f"and {MASK}\n") == (shown.out, shown.err)


async def test_allowance() -> None:
    """Two streams share what is allowed; what comes after that is read and forgotten."""
    allowance = Allowance(25)
    lines: list[OutputLine] = []
    excess = 0

    def count() -> None:
        nonlocal excess
        excess += 1

    for name in ("stdout", "stderr"):
        reader = asyncio.StreamReader()
        reader.feed_data(b"123456789\n" * 2)
        reader.feed_eof()
        await read_lines(reader, name, Masker(()), allowance, on_line=lines.append, on_excess=count)

    expected = [("stdout", "123456789"), ("stdout", "123456789"), ("stderr", "12345")]
    assert expected == [(line.stream, line.text) for line in lines]
    assert 1 == excess


async def test_event_loop_goes_on() -> None:
    """Output as fast as it can come lets others run in between."""
    reader = asyncio.StreamReader(limit=2**24)
    reader.feed_data(b"\n" * 2**18)
    reader.feed_eof()
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    watching = asyncio.ensure_future(watch())
    await read_lines(
        reader, "stdout", Masker(("secret",)), Allowance(2**24), on_line=lambda _: None, on_excess=lambda: None
    )
    watching.cancel()

    assert longest < 0.2
