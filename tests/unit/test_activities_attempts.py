"""Who an activity is, and what it may conclude about its earlier attempts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from kurun_activities import attempts
from kurun_clients.http import ApiError, ConnectError, ConnectionLost, NotFound, RequestTimeout, StatusError
from kurun_clients.kuflow.models import Deletable

CALL = ("POST", "http://localhost/x", "/x")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def ask(question: Any, environment: ActivityEnvironment | None = None, **info: Any) -> Any:
    """Ask something inside an activity."""
    environment = environment or ActivityEnvironment()
    environment.info = replace(environment.info, **info)

    async def activity() -> Any:
        return question()

    return await environment.run(activity)


async def test_every_attempt_derives_the_same_id() -> None:
    """A retry names the resource that the first attempt may have created."""
    first = await ask(attempts.derived_id, attempt=1)

    assert first == await ask(attempts.derived_id, attempt=2)


@pytest.mark.parametrize(
    "other", [{"activity_id": "2"}, {"workflow_run_id": "r"}, {"workflow_id": "w"}, {"namespace": "n"}]
)
async def test_other_activities_derive_other_ids(other: dict[str, Any]) -> None:
    """No two activities, runs, workflows or namespaces share an id."""
    assert await ask(attempts.derived_id) != await ask(attempts.derived_id, **other)


async def test_an_activity_without_a_workflow_derives_an_id_too() -> None:
    """An activity that a client started is told apart by its own run."""
    alone: dict[str, Any] = {"workflow_id": None, "workflow_run_id": None}
    first = await ask(attempts.derived_id, **alone, activity_run_id="a")

    assert first != await ask(attempts.derived_id, **alone, activity_run_id="b")


@pytest.mark.parametrize(
    ("info", "maybe"),
    [
        ({"attempt": 1}, False),
        ({"attempt": 2}, True),
        ({"attempt": 2, "heartbeat_details": [{"untouchedByAttempt": 1}]}, False),
        ({"attempt": 3, "heartbeat_details": [{"untouchedByAttempt": 1}]}, True),
        ({"attempt": 2, "heartbeat_details": [{"bytes": 1}]}, True),
        ({"attempt": 2, "heartbeat_details": ["untouchedByAttempt"]}, True),
        ({"attempt": 1, "is_local": True}, True),
        ({"attempt": 1, "scheduled_time": NOON, "current_attempt_scheduled_time": NOON + timedelta(hours=1)}, True),
    ],
)
async def test_what_is_known_of_earlier_attempts(info: dict[str, Any], maybe: bool) -> None:
    """Only a first attempt, or a note of the attempt just before, proves that nothing was done yet.

    A reset activity counts from 1 again, later than it was scheduled; a local one does so on another worker.
    """
    assert maybe == await ask(attempts.may_have_acted, **info)


@pytest.mark.parametrize(
    ("error", "noted"),
    [
        (StatusError.kind(429)(*CALL, 429), True),
        (StatusError.kind(404)(*CALL, 404), True),
        (ConnectError(*CALL, "refused"), True),
        (RequestTimeout(*CALL, "none free", phase="pool"), True),
        (StatusError.kind(408)(*CALL, 408), False),
        (StatusError.kind(503)(*CALL, 503), False),
        (ConnectionLost(*CALL, "reset"), False),
        (RequestTimeout(*CALL, "nothing came", phase="read"), False),
        (ApiError("?"), False),
    ],
)
@pytest.mark.parametrize("attempt", [1, 2])
async def test_only_proof_is_noted(error: ApiError, noted: bool, attempt: int) -> None:
    """An attempt leaves a note when it certainly changed nothing, and no attempt before it may have."""
    environment, beats = ActivityEnvironment(), list[Any]()
    environment.on_heartbeat = beats.append

    def act() -> None:
        with attempts.noted():
            raise error

    with pytest.raises(ApiError):
        await ask(act, environment, attempt=attempt)

    assert beats == ([{"untouchedByAttempt": 1}] if noted and attempt == 1 else [])


THERE, MARKED = Deletable(), Deletable(deleted_at=NOON)


async def delete(found: Deletable | None, answer: int, **info: Any) -> bool:
    """Delete something inside an activity.

    Args:
        found: What is read; nothing (404) if ``None``.
        answer: Status of the answer to the deletion.
        info: What the activity knows of itself.

    Returns:
        Whether the deletion was sent.
    """
    sent = []

    async def read() -> Deletable:
        if found is None:
            raise NotFound(*CALL, 404)
        return found

    async def send() -> None:
        sent.append(answer)
        if answer >= 300:
            raise StatusError.kind(answer)(*CALL, answer)

    environment = ActivityEnvironment()
    environment.info = replace(environment.info, **info)
    await environment.run(attempts.until_gone, read, send)
    return bool(sent)


@pytest.mark.parametrize(
    ("found", "answer", "attempt", "sent"),
    [
        (THERE, 204, 1, True),
        (THERE, 204, 2, True),
        (THERE, 404, 1, True),
        (MARKED, 204, 1, False),
        (MARKED, 204, 2, False),
        (None, 204, 2, False),
    ],
)
async def test_what_is_gone_counts_as_deleted(found: Deletable | None, answer: int, attempt: int, sent: bool) -> None:
    """Nothing is sent for what is marked deleted, or what an earlier attempt may have removed.

    A resource that was there a moment ago and is not when it is to be deleted is gone, too.
    """
    assert sent == await delete(found, answer, attempt=attempt)


@pytest.mark.parametrize(
    ("found", "answer", "info"),
    [
        (None, 404, {"attempt": 1}),
        (None, 404, {"attempt": 2, "heartbeat_details": [{"untouchedByAttempt": 1}]}),
        (THERE, 403, {"attempt": 1}),
        (THERE, 409, {"attempt": 2}),
        (THERE, 429, {"attempt": 1}),
        (THERE, 503, {"attempt": 2}),
    ],
)
async def test_a_deletion_that_failed_is_not_hidden(found: Deletable | None, answer: int, info: dict[str, Any]) -> None:
    """What is still there, or was never there, keeps the refusal."""
    with pytest.raises(StatusError) as caught:
        await delete(found, answer, **info)

    assert answer == caught.value.status
