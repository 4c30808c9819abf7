"""Workers of the published SDK and of ours on one engine, calling each other's activities across queues."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.conftest import FIGURES, TOKEN_LIFE
from tests.interop.parts import CODES, RENEWED, Answers
from tests.processes import Dev, Kurun

# The first run on a machine installs the published packages.
pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("python")]


async def test_the_published_worker_serves_a_process_by_itself(answers: Answers) -> None:
    """Through the gateway, with certificate and token: request, activities and signal are read by its models."""
    answer = await answers["PUBLISHED_ALONE"]

    assert answer["failed"] == {}
    assert answer["request"]["zone"] == "UTC"
    assert answer["signal"] == {"type": "TASK", "code": "REVIEW"}


async def test_its_tokens_were_renewed(answers: Answers, published_worker: Kurun, dev: Dev) -> None:
    """A process outlives the token that it began with."""
    await answers["PUBLISHED_ALONE"]
    engine = (await dev.figures())["engine"]
    renewals = published_worker.lines().count(RENEWED)

    FIGURES.append(f"renewals of {TOKEN_LIFE}-second tokens by the published worker: {renewals}")
    FIGURES.append(f"engine calls: {engine['calls_total']}, refused: {engine['refusals_total']}")
    assert renewals >= 2  # the first is at the worker's start
    assert engine["refusals_total"] == 0


async def test_a_published_workflow_reads_what_our_activities_answer(answers: Answers) -> None:
    """Every activity, called by its KuFlow name: our answers and failures are the published ones, field by field."""
    published, ours = await answers["PUBLISHED_ALONE"], await answers["PUBLISHED_ON_OURS"]

    FIGURES.append(f"calls of our activities by a published workflow: {len(ours['facts'])}")
    assert ours["failed"] == {}
    assert list(masked(ours["facts"])) == list(masked(published["facts"]))
    assert dict(ours["facts"])["log"] == [["Grüße", "WARN"]]


async def test_our_workflow_reads_what_the_published_activities_answer(answers: Answers) -> None:
    """The process helper works with either worker's activities."""
    ours, published = await answers["OURS_ALONE"], await answers["OURS_ON_PUBLISHED"]

    FIGURES.append(f"calls of published activities by a workflow of ours: {len(published['facts'])}")
    assert list(masked(published["facts"])) == list(masked(ours["facts"]))


async def test_every_published_activity_was_called(answers: Answers, calls: dict[str, Any]) -> None:
    """The steps leave none out, and the published worker has no other."""
    called = {step for step, _ in (await answers["PUBLISHED_ON_OURS"])["facts"]}

    FIGURES.append(f"published activities that ours stand in for: {len(called & {*calls['activities']})}")
    assert called >= {*calls["activities"]}
    assert len(calls["activities"]) == 37


async def test_our_activities_answer_to_the_spellings_of_other_sdks(answers: Answers) -> None:
    """Java's capital letter, and each name of the one activity that has three."""
    answer = await answers["PUBLISHED_ON_OURS"]

    assert {name: list(read) for name, read in answer["spellings"].items()} == {
        "RetrieveProcess": ["process"],
        "prepareBusinessArtifactCreateArtifact": ["businessArtifactCreateArtifactPrepare"],
        "PrepareBusinessArtifactCreateArtifact": ["businessArtifactCreateArtifactPrepare"],
    }


@pytest.mark.parametrize("code", ["PUBLISHED_ON_OURS", "OURS_ON_PUBLISHED"])
async def test_failures_cross_the_queues(answers: Answers, code: str) -> None:
    """Type and ``DefaultError`` are read by the other side."""
    failure = dict((await answers[code])["facts"])["not found"]
    (error,) = failure["details"]

    assert failure["type"] == "KuFlowActivities.RestFailure"
    assert error["status"] == 404
    assert error["message"].startswith("there is no process item")


# The twin answers in both shapes of the API; the published models know the current one only.
SEED_SHAPE = {"initiator", "owner", "processDefinition", "taskDefinition"}
MASKS = re.compile(
    r"(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r"|(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|\+00:00))"
    rf"|(?P<code>\b({'|'.join(CODES)})\b)"
)


def masked(facts: list[list[Any]]) -> Iterator[tuple[str, Any]]:
    """The steps with ids numbered in the order in which they come, without times and the process's code.

    What is only in the seed shape is left out.
    """
    numbers: dict[str, int] = {}

    def mask(match: re.Match[str]) -> str:
        if match["id"]:
            return f"id-{numbers.setdefault(match['id'], len(numbers))}"
        return "time" if match["time"] else "code"

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: walk(each) for key, each in sorted(value.items()) if key not in SEED_SHAPE}
        if isinstance(value, list):
            return [walk(each) for each in value]
        return MASKS.sub(mask, value) if isinstance(value, str) else value

    for step, value in facts:
        yield step, walk(value)
