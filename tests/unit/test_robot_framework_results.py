"""What became of a run of Robot Framework, from its results and its return code."""

import os
from pathlib import Path

import pytest
import robot

from kurun_robots.errors import EnvironmentUnavailable, PackageInvalid, RobotError, RunFailed
from kurun_robots.framework import results
from kurun_robots.framework.results import Counts, ResultTooLarge, read_counts
from kurun_robots.framework.verdict import failure_of

TOTALS = '<robot><statistics><total><stat pass="2" fail="1" skip="3">All</stat></total></statistics></robot>'
SUITE = """
*** Test Cases ***
Passes
    Log    <statistics><total><stat pass="9" fail="9" skip="9">All</stat></total></statistics>

Fails
    Fail    no

Skipped
    Skip    later
"""


def written(folder: Path, text: str) -> Path:
    """A file with results."""
    file = folder / "output.xml"
    file.write_text(text)
    return file


def test_the_results_of_robot_framework_are_understood(tmp_path: Path) -> None:
    """What a test writes into its log is not taken for the totals."""
    (tmp_path / "a.robot").write_text(SUITE)
    robot.run(tmp_path / "a.robot", outputdir=tmp_path, log=None, report=None, console="none")

    assert Counts(1, 1, 1) == read_counts(tmp_path / "output.xml")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no xml",
        TOTALS.removesuffix("</robot>"),
        "<robot/>",
        TOTALS.replace('"2"', '"two"'),
        TOTALS.replace("skip", "other"),
        "<!DOCTYPE robot [<!ENTITY a 'b'>]>" + TOTALS,
        "<a>" * 20_000 + "</a>" * 20_000,
    ],
)
def test_what_is_no_whole_result_has_no_totals(tmp_path: Path, text: str) -> None:
    """Cut, foreign, malicious: no totals, and no error either."""
    assert read_counts(written(tmp_path, text)) is None


def test_only_a_plain_file_in_a_plain_folder_is_read(tmp_path: Path) -> None:
    """A link, a pipe or a folder in its place has no totals; nothing waits for a writer."""
    (tmp_path / "real").mkdir()
    real = written(tmp_path / "real", TOTALS)
    (tmp_path / "link.xml").symlink_to(real)
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe.xml")
    places = ("link.xml", "folder/output.xml", "pipe.xml", "real", "missing.xml", "missing/output.xml")

    assert Counts(2, 1, 3) == read_counts(real)
    assert [None] * len(places) == [read_counts(tmp_path / place) for place in places]


def test_results_that_are_too_large_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told apart from results that are not whole."""
    monkeypatch.setattr(results, "MAX_BYTES", 50)

    with pytest.raises(ResultTooLarge):
        read_counts(written(tmp_path, TOTALS))


@pytest.mark.parametrize(
    ("code", "counts", "expected", "said"),
    [
        (1, Counts(2, 1, 0), RunFailed, "tests failed: 1 of 3"),
        (250, Counts(0, 300, 1), RunFailed, "tests failed: 300 of 301"),
        (127, Counts(0, 127, 0), RunFailed, "tests failed: 127 of 127"),
        (3, None, RunFailed, "ended with exit code 3 before its results were written"),
        (0, None, RunFailed, "ended with exit code 0 before its results were written"),
        (-9, None, RunFailed, "was ended by signal 9"),
        (252, None, PackageInvalid, "finds no tests to run, or an option wrong"),
        (253, Counts(1, 1, 0), RunFailed, "was stopped by somebody"),
        (255, None, RunFailed, "failed by an error of its own"),
        (254, None, EnvironmentUnavailable, "/p has no Robot Framework: set robots.framework_python"),
        (126, None, EnvironmentUnavailable, "/p cannot be started by bob, whom robots run as"),
        (127, None, EnvironmentUnavailable, "/p cannot be started by bob, whom robots run as"),
    ],
)
def test_return_codes_tell_wrong_data_from_a_wrong_machine(
    code: int, counts: Counts | None, expected: type[RobotError], said: str
) -> None:
    """The codes are those that Robot Framework documents, and the shell's."""
    failure = failure_of(code, counts, whole=counts is not None, python="/p", user="bob")

    assert expected is type(failure)
    assert said in str(failure)


@pytest.mark.parametrize(("code", "said"), [(7, "tests failed: 7"), (250, "tests failed: 250 or more"), (0, "None")])
def test_without_totals_the_code_alone_decides(code: int, said: str) -> None:
    """Results that are too large to be read do not make a run fail."""
    assert said == str(failure_of(code, None, whole=True, python="/p", user="bob"))


def test_success_is_no_failure() -> None:
    """Failed tests do not count where the request says so: Robot Framework's code is 0 then."""
    assert failure_of(0, Counts(1, 1, 0), whole=True, python="/p", user="bob") is None
