"""Running checks side by side, and telling what came of them."""

import asyncio
import json

import pytest

from kurun_worker.doctor import Check, Finding, Verdict, as_document, as_line, examine, exit_code, summary
from kurun_worker.doctor.report import Outcome, failed, misconfigured, ok, warning


def said(finding: Finding) -> str:
    """One line, without anything to hide."""
    return as_line(finding, clean=str)


async def test_findings_come_in_the_order_of_the_list_while_checks_run_side_by_side() -> None:
    """The first waits here for the second, which is told after it."""
    second_runs = asyncio.Event()
    waited: list[str] = []

    async def first() -> Verdict:
        await second_runs.wait()
        return ok("slow")

    async def second() -> Verdict:
        second_runs.set()
        return ok("quick")

    found = [each async for each in examine([Check("a", first), Check("b", second)], waiting=waited.append)]

    assert [said(each) for each in found] == ["ok       a: slow", "ok       b: quick"]
    assert waited == ["a", "b"]


async def test_what_depends_on_a_failure_is_skipped_and_says_why() -> None:
    """The cause is the first failure, however long the chain; a warning stops nobody."""

    async def broken() -> Verdict:
        return failed("no", "mend it")

    async def doubtful() -> Verdict:
        return warning("hm", "look")

    async def never() -> Verdict:
        raise AssertionError

    async def fine() -> Verdict:
        return ok("yes")

    checks = [
        Check("a", broken),
        Check("b", never, needs=("a",)),
        Check("c", never, needs=("b",)),
        Check("d", doubtful),
        Check("e", fine, needs=("d", "not in the list")),
    ]
    found = [said(each) async for each in examine(checks)]

    assert found == [
        "failed   a: no; mend it",
        "skipped  b: because a failed",
        "skipped  c: because a failed",
        "warning  d: hm; look",
        "ok       e: yes",
    ]


async def test_checks_of_one_name_are_all_told() -> None:
    """And what needs the name needs all of them."""

    async def broken() -> Verdict:
        return failed("no", "mend it")

    async def fine() -> Verdict:
        return ok("yes")

    checks = [Check("a", broken), Check("a", fine), Check("b", fine, needs=("a",))]
    found = [said(each) async for each in examine(checks)]

    assert found == ["failed   a: no; mend it", "ok       a: yes", "skipped  b: because a failed"]


async def test_a_check_that_hangs_or_breaks_is_a_failure_of_its_own() -> None:
    """The others are told all the same."""

    async def hangs() -> Verdict:
        await asyncio.Event().wait()
        raise AssertionError

    async def breaks() -> Verdict:
        raise ValueError("odd")

    found = [said(each) async for each in examine([Check("a", hangs, seconds=0.01), Check("b", breaks)])]

    assert found[0].startswith("failed   a: no result within 0.01 s; ")
    assert found[1].startswith("failed   b: the check broke: ValueError: odd; ")


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([ok("")], 0),
        ([warning("", ""), Verdict(Outcome.SKIPPED, "")], 0),
        ([failed("", ""), ok("")], 1),
        ([failed("", ""), misconfigured("")], 2),
    ],
)
def test_the_exit_code_tells_who_has_to_act(verdicts: list[Verdict], code: int) -> None:
    """Waiting mends no setting, so settings go before what is outside."""
    assert exit_code([Finding("a", verdict) for verdict in verdicts]) == code


def test_json_is_one_object_with_a_list() -> None:
    """With the same as the lines; secrets are hidden in it as well."""
    findings = [Finding("a", ok("s3cr3t")), Finding("b", failed("no", "mend it"))]
    document = json.loads(as_document(findings, clean=lambda text: text.replace("s3cr3t", "***")))

    assert document == {
        "ok": False,
        "exit_code": 1,
        "checks": [
            {"name": "a", "outcome": "ok", "said": "***", "fix": None, "fault": None},
            {"name": "b", "outcome": "failed", "said": "no", "fix": "mend it", "fault": "outside"},
        ],
    }
    assert summary(findings) == "1 ok, 1 failed"


def test_a_line_is_one_line_and_commands_no_terminal() -> None:
    """Servers write some of the text."""
    finding = Finding("a", failed("\x1b[2Jgone\nwith\tit", ""))

    assert said(finding) == "failed   a: [2Jgone with it"
    assert as_line(finding, clean=str, colours=True).startswith("\x1b[31;1mfailed \x1b[0m  a: ")
