"""What is repeated at once, how often, and what never is."""

from datetime import timedelta

import pytest

from kurun_clients.http import (
    ApiError,
    BaseClient,
    ConnectError,
    ConnectionLost,
    InvalidRequest,
    InvalidResponse,
    RequestTimeout,
    RetryPolicy,
    StatusError,
)
from kurun_clients.http.errors import Phase
from tests.unit.loopback import Script, answering, break_off, hang_up, reset, serving, status

QUICK = RetryPolicy(repeats=2, first_pause=0.001)
WHERE = ("POST", "http://x/things", "/things")


def refused(code: int, *, wait: float | None = None) -> StatusError:
    """A refusal, with the seconds it asks to wait."""
    return StatusError.kind(code)(*WHERE, code, retry_after=None if wait is None else timedelta(seconds=wait))


def timed_out(phase: Phase) -> RequestTimeout:
    """A timeout in a phase."""
    return RequestTimeout(*WHERE, "too slow", phase=phase)


LOST = ConnectionLost(*WHERE, "gone")


@pytest.mark.parametrize(
    ("error", "any_call", "idempotent_call"),
    [
        (ConnectError(*WHERE, "refused"), True, True),
        (timed_out("connect"), True, True),
        (timed_out("pool"), False, False),
        (timed_out("write"), False, True),
        (timed_out("read"), False, True),
        (LOST, False, True),
        (refused(429, wait=1), True, True),
        (refused(503, wait=0), True, True),
        (refused(429, wait=60), False, False),
        (refused(503, wait=60), False, False),
        (refused(429), False, False),
        (refused(502), False, True),
        (refused(503), False, True),
        (refused(504), False, True),
        (refused(500), False, False),
        (refused(502, wait=1), False, False),
        (refused(400), False, False),
        (refused(409), False, False),
        (InvalidResponse(*WHERE, "garbage"), False, False),
        (InvalidRequest("wrong"), False, False),
    ],
    ids=str,
)
def test_the_policy(error: ApiError, *, any_call: bool, idempotent_call: bool) -> None:
    """Repeated for any call: what was never sent or not acted on. For idempotent ones also what may have been sent."""
    policy = RetryPolicy()

    repeated = [
        policy.pause(error, repeated=0, elapsed=0, idempotent=idempotent) is not None for idempotent in (False, True)
    ]

    assert repeated == [any_call, idempotent_call]


def test_pauses_grow_to_a_limit() -> None:
    """Each pause is at most twice the one before and never beyond the longest, with jitter below."""
    policy = RetryPolicy(repeats=20, first_pause=0.1, longest_pause=1.0)

    pauses = [policy.pause(LOST, repeated=n, elapsed=0, idempotent=True) for n in range(20)]

    assert all(pause is not None and pause <= min(1.0, 0.1 * 2**n) for n, pause in enumerate(pauses))
    assert all(pause is not None and pause >= min(1.0, 0.1 * 2**n) / 2 for n, pause in enumerate(pauses))


def test_the_servers_wait_is_kept() -> None:
    """A short Retry-After is waited out, not cut."""
    pause = RetryPolicy().pause(refused(429, wait=1.5), repeated=0, elapsed=0, idempotent=False)

    assert pause is not None
    assert 1.5 <= pause <= 1.6


def test_repeats_end_by_number_and_by_time() -> None:
    """Neither more repeats than allowed, nor one that would begin beyond the budget."""
    policy = RetryPolicy(repeats=2, budget=10)

    allowed = [
        policy.pause(LOST, repeated=repeated, elapsed=elapsed, idempotent=True) is not None
        for repeated, elapsed in [(0, 0.0), (1, 5.0), (2, 0.0), (0, 9.99), (0, 11.0)]
    ]

    assert allowed == [True, True, False, False, False]


async def calls(script: Script, method: str, *, idempotent: bool | None = None) -> tuple[str, int]:
    """How a call against this script ends, and how many requests that took."""
    async with serving(script) as server, BaseClient(server.url, retry=QUICK) as api:
        try:
            await api.send(method, "/things", body=b"{}" if method == "POST" else None, idempotent=idempotent)
        except ApiError as error:
            return type(error).__name__, len(server.received)
        return "answered", len(server.received)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (answering(hang_up), ("ConnectionLost", 3)),
        (answering(hang_up, reset, status(200)), ("answered", 3)),
        (answering(break_off, status(200)), ("answered", 2)),
        (answering(status(503), status(502), status(200)), ("answered", 3)),
        (answering(status(504)), ("ServerError", 3)),
        (answering(status(500)), ("ServerError", 1)),
        (answering(status(429, retry_after="0"), status(200)), ("answered", 2)),
        (answering(status(503, retry_after="60")), ("ServerError", 1)),
    ],
)
async def test_reading_is_repeated(script: Script, expected: tuple[str, int]) -> None:
    """A GET survives what passes, and ends after two repeats."""
    assert await calls(script, "GET") == expected


@pytest.mark.parametrize("end", [hang_up, reset, break_off, status(502), status(503), status(504)])
async def test_acting_is_not_repeated(end: Script) -> None:
    """A POST that the server may have acted on is sent once."""
    _, requests = await calls(answering(end, status(200)), "POST")

    assert requests == 1


@pytest.mark.parametrize("code", [429, 503])
async def test_acting_is_repeated_when_the_server_says_it_did_not_act(code: int) -> None:
    """429 and 503 with a short Retry-After mean: not now, again at once."""
    assert await calls(answering(status(code, retry_after="0"), status(200)), "POST") == ("answered", 2)


@pytest.mark.parametrize("end", [hang_up, reset, break_off, status(502), status(503)])
async def test_acting_is_repeated_when_the_caller_says_it_may_be(end: Script) -> None:
    """A POST with an id of the caller's own may reach the server twice."""
    assert await calls(answering(end, status(200)), "POST", idempotent=True) == ("answered", 2)


async def test_one_call_keeps_its_request_id() -> None:
    """The repeats of a call are recognisable on the server."""
    async with serving(answering(hang_up, status(200))) as server, BaseClient(server.url, retry=QUICK) as api:
        await api.send("GET", "/things")
        await api.send("GET", "/things")

    first, repeat, other = (request.headers["x-request-id"] for request in server.received)
    assert first == repeat
    assert first != other


async def test_no_repeats_when_told_so() -> None:
    """Zero repeats is one attempt."""
    async with serving(answering(hang_up)) as server, BaseClient(server.url, retry=RetryPolicy(repeats=0)) as api:
        with pytest.raises(ConnectionLost):
            await api.send("GET", "/things")

    assert len(server.received) == 1
