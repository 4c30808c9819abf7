"""What is said of verdicts, and what of them makes a failure."""

import json

import pytest
from temporalio.client import WorkflowHistory

from kurun_worker.replaying import Recorded, Report, Verdict

BREAK = "Nondeterminism error"


def verdict(number: int, broken: str | None = BREAK, *, running: bool = False, kept: bool = False) -> Verdict:
    """Of a history that ended, unless it is told otherwise."""
    history = WorkflowHistory(str(number), [])
    return Verdict(Recorded(history, "Loan", f"loan/{number}", running=running, kept=kept), broken)


def said(capsys: pytest.CaptureFixture[str], report: Report, *verdicts: Verdict) -> list[str]:
    """The lines of a report."""
    for each in verdicts:
        report.add(each)
    report.close()
    return capsys.readouterr().out.splitlines()


def test_what_breaks_only_in_ended_ones_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    """They are told apart, the first of them one by one, and the sum adds up."""
    report = Report(as_json=False)
    lines = said(capsys, report, *(verdict(each, None) for each in range(3)), *(verdict(each) for each in range(11)))

    assert not report.broken
    assert lines == [
        *(f"ended   Loan  loan/{each}: Nondeterminism error" for each in range(3)),
        "Loan: 3 of 14 replayed, 0 broken, 11 ended ones could not be: nothing of them runs",
    ]


@pytest.mark.parametrize("broken", [verdict(1, running=True), verdict(1, kept=True)], ids=["running", "kept"])
def test_what_runs_or_is_kept_is_a_failure(capsys: pytest.CaptureFixture[str], broken: Verdict) -> None:
    """Beside one that ended."""
    report = Report(as_json=False)
    lines = said(capsys, report, broken, verdict(2))

    assert report.broken
    assert lines == [
        "broken  Loan  loan/1: Nondeterminism error",
        "ended   Loan  loan/2: Nondeterminism error",
        "Loan: 0 of 2 replayed, 1 broken, 1 ended ones could not be: nothing of them runs",
    ]


def test_json_tells_them_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """All of the ended ones, with what each history is."""
    report = Report(as_json=True)
    verdicts = [verdict(0, running=True), verdict(1, kept=True), *(verdict(each) for each in range(2, 7))]
    told = json.loads("".join(said(capsys, report, *verdicts)))

    assert told["types"] == {"Loan": {"replayed": 0, "broken": 2, "brokenEnded": 5, "changed": 0}}
    assert [each["state"] for each in told["breaks"]] == ["running", "file"]
    assert [each["source"] for each in told["breaksOfEnded"]] == [f"loan/{each}" for each in range(2, 7)]
    assert {each["state"] for each in told["breaksOfEnded"]} == {"ended"}


def test_a_secret_is_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    """An error's text may hold one."""
    report = Report(as_json=False, clean=lambda text: text.replace("s3cret", "***"))
    lines = said(capsys, report, verdict(1, "KeyError: s3cret", running=True))

    assert lines[0] == "broken  Loan  loan/1: KeyError: ***"
