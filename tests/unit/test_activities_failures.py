"""What a workflow sees of an error: one table, and the edge of an activity that applies it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
import temporalio.activity
from pydantic import BaseModel
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory, CancelledError
from temporalio.testing import ActivityEnvironment

from kurun_activities import context, models, names
from kurun_activities.context import ActivityContext
from kurun_activities.failure_types import FAILURE, REST_FAILURE, VALIDATION_FAILURE
from kurun_activities.failures import MAX_RETRY_AFTER, rest_failure
from kurun_activities.process_items import retrieve_process_item
from kurun_activities.registry import kuflow_activities
from kurun_clients.http import (
    ApiError,
    ConnectError,
    ConnectionLost,
    InvalidRequest,
    InvalidResponse,
    RequestTimeout,
    StatusError,
)
from kurun_clients.kuflow import BearerAuth, KuFlowClient
from kurun_clients.kuflow.models import DefaultError
from tests.activity_runs import run

ID = UUID("00000000-0000-4000-8000-000000000001")
REQUEST = models.ProcessItemRetrieveRequest(process_item_id=ID)
CALL = ("GET", "http://localhost/process-items", "/process-items")


def status(number: int, **details: object) -> StatusError:
    """An answer with this status, as the client raises it."""
    return StatusError.kind(number)(*CALL, number, **details)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [400, 402, 403, 404, 405, 409, 413, 415, 422, 451])
def test_a_refusal_that_cannot_heal_ends_the_activity(number: int) -> None:
    """What is wrong with the request or the state stays wrong: no retry."""
    failure = rest_failure(status(number))

    assert (failure.type, failure.non_retryable, failure.next_retry_delay) == (REST_FAILURE, True, None)


@pytest.mark.parametrize("number", [302, 408, 425, 429, 500, 502, 503, 504])
def test_a_refusal_of_the_moment_is_left_to_temporal(number: int) -> None:
    """What waiting can mend is retried, for as long as the workflow's policy allows."""
    failure = rest_failure(status(number))

    assert (failure.type, failure.non_retryable, failure.next_retry_delay) == (REST_FAILURE, False, None)


def test_refused_credentials_are_retried_at_a_calm_pace() -> None:
    """A worker with wrong credentials fails no process; its work waits, at a pace that locks no account."""
    failure = rest_failure(status(401))

    assert (False, timedelta(seconds=30)) == (failure.non_retryable, failure.next_retry_delay)


@pytest.mark.parametrize(
    "error",
    [
        ConnectError(*CALL, "refused"),
        ConnectionLost(*CALL, "reset"),
        RequestTimeout(*CALL, "nothing came", phase="read"),
        RequestTimeout(*CALL, "no connection", phase="connect"),
        InvalidResponse(*CALL, "no JSON"),
        ApiError("a kind that comes later"),
    ],
)
def test_an_unwell_network_is_left_to_temporal(error: ApiError) -> None:
    """No answer, and an answer that is not KuFlow's, say nothing against the request."""
    failure = rest_failure(error)

    assert (failure.type, failure.non_retryable, failure.details) == (REST_FAILURE, False, ())


def test_what_the_client_refuses_to_send_is_a_validation_failure() -> None:
    """A request that breaks a rule known here is the workflow's mistake."""
    failure = rest_failure(InvalidRequest("size: 5000 is more than 1000"))

    assert (failure.type, failure.non_retryable) == (VALIDATION_FAILURE, True)
    assert failure.message == "size: 5000 is more than 1000"


def test_the_detail_is_kuflows_own_error() -> None:
    """Workflows of every SDK find the ``DefaultError`` as JSON in the failure's details, unknown fields included."""
    body = {"timestamp": "2026-01-02T03:04:05Z", "status": 404, "message": "No such item", "trace": "abc"}

    failure = rest_failure(status(404, error=DefaultError.model_validate(body)))

    assert [body] == list(failure.details)
    assert failure.message == (
        "Rest Invocation error: GET /process-items: 404 Not Found: No such item (what the request names does not exist)"
    )


@pytest.mark.parametrize(
    ("asked", "granted"), [(timedelta(seconds=7), timedelta(seconds=7)), (timedelta(days=3), MAX_RETRY_AFTER)]
)
def test_retry_after_becomes_the_next_delay(asked: timedelta, granted: timedelta) -> None:
    """Temporal waits as long as the server asks, up to a limit beyond which the wait is a mistake."""
    failure = rest_failure(status(429, retry_after=asked))

    assert granted == failure.next_retry_delay


def test_slowing_down_is_no_alarm() -> None:
    """A 429 is normal under load: it is neither logged as a warning nor counted as a failure; a 500 is."""
    assert rest_failure(status(429)).category is ApplicationErrorCategory.BENIGN
    assert rest_failure(status(500)).category is ApplicationErrorCategory.UNSPECIFIED


def test_long_messages_are_cut() -> None:
    """A page of HTML in place of an answer does not fill the history."""
    assert len(rest_failure(ApiError("x" * 100_000)).message) < 600


def context_raising(error: BaseException) -> ActivityContext:
    """A context whose client fails with ``error`` at every call, where it asks for its token."""

    def token() -> str:
        raise error

    return ActivityContext(kuflow=KuFlowClient("http://127.0.0.1:9", auth=BearerAuth(token)))


async def left_by(activity: Callable[..., Awaitable[object]], error: BaseException) -> BaseException:
    """What leaves the interceptor when an activity meets ``error``."""
    try:
        await run(context_raising(error), activity, REQUEST)
    except BaseException as left:
        return left
    raise AssertionError("nothing was raised")


async def custom(request: models.ProcessItemRetrieveRequest) -> None:
    """An activity as a user writes it."""
    await context.current().kuflow.process_items.retrieve(request.process_item_id)


def name_of(activity: Callable[..., Awaitable[object]]) -> str | None:
    """The name under which an activity is registered."""
    return temporalio.activity._Definition.must_from_callable(activity).name


[REGISTERED] = [each for each in kuflow_activities() if name_of(each) == names.RETRIEVE_PROCESS_ITEM]
EVERY_KIND = pytest.mark.parametrize("activity", [retrieve_process_item, REGISTERED, custom])
OURS = pytest.mark.parametrize("activity", [retrieve_process_item, REGISTERED])


@EVERY_KIND
async def test_api_errors_are_translated_for_every_activity(activity: Callable[..., Awaitable[object]]) -> None:
    """A custom activity that lets an API error pass fails like KuFlow's own."""
    error = status(404)

    left = await left_by(activity, error)

    assert isinstance(left, ApplicationError)
    assert (REST_FAILURE, error) == (left.type, left.__cause__)


@EVERY_KIND
@pytest.mark.parametrize("error", [ApplicationError("mine", type="Mine"), CancelledError("stopped")])
async def test_failures_made_on_purpose_pass_unchanged(
    error: BaseException, activity: Callable[..., Awaitable[object]]
) -> None:
    """What is a failure already, a cancellation among them, is the one that Temporal sees."""
    assert error is await left_by(activity, error)


@OURS
async def test_the_unexpected_is_a_retryable_failure(activity: Callable[..., Awaitable[object]]) -> None:
    """A bug in an activity of ours does not end the process: the next release may mend it."""
    left = await left_by(activity, KeyError("amount"))

    assert isinstance(left, ApplicationError)
    assert (left.type, left.non_retryable) == (FAILURE, False)
    assert left.message == "Invocation error: KeyError: 'amount'"


async def test_values_of_a_validation_error_stay_out_of_the_history() -> None:
    """A model that does not match is named; what was in it is not, neither in the message nor as a cause."""

    class Amount(BaseModel):
        amount: int

    def mismatch() -> ValueError:
        try:
            Amount.model_validate({"amount": "hunter2"})
        except ValueError as error:
            return error
        raise AssertionError

    left = await left_by(REGISTERED, mismatch())

    assert isinstance(left, ApplicationError)
    assert (left.__cause__, left.__suppress_context__) == (None, True)
    assert left.message == "Invocation error: ValidationError: Amount does not match"


async def test_errors_of_custom_activities_are_temporals_business() -> None:
    """A user's own exception reaches Temporal as it is, with its type for the user's retry policy."""
    error = KeyError("mine")

    assert error is await left_by(custom, error)


async def test_a_cancelled_activity_stays_cancelled() -> None:
    """Cancelling a running activity ends it with a cancellation, not with a failure."""
    environment = ActivityEnvironment()
    started = asyncio.Event()

    async def token() -> str:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError("nothing wakes it")

    here = ActivityContext(kuflow=KuFlowClient("http://127.0.0.1:9", auth=BearerAuth(token)))
    running = asyncio.create_task(run(here, REGISTERED, REQUEST, environment=environment))
    await started.wait()
    environment.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running


@EVERY_KIND
async def test_a_request_that_cannot_be_read_ends_the_activity(activity: Callable[..., Awaitable[object]]) -> None:
    """What the payload converter could not decode becomes a validation failure, not an endless retry."""
    invalid = models.InvalidActivityRequest(request="ProcessItemRetrieveRequest", reasons=["processItemId: missing"])

    with pytest.raises(ApplicationError, match="processItemId: missing") as caught:
        await run(context_raising(AssertionError("it must not run")), activity, invalid)

    assert (caught.value.type, caught.value.non_retryable) == (VALIDATION_FAILURE, True)


@OURS
@pytest.mark.parametrize("arguments", [(), (REQUEST, REQUEST), ({"processItemId": str(ID)},), (None,)])
async def test_anything_but_one_request_ends_the_activity(
    activity: Callable[..., Awaitable[object]], arguments: tuple[object, ...]
) -> None:
    """A workflow that calls with no, several or undecoded arguments is told so at once."""
    with pytest.raises(ApplicationError, match="takes one request") as caught:
        await run(context_raising(AssertionError("it must not run")), activity, *arguments)

    assert (caught.value.type, caught.value.non_retryable) == (VALIDATION_FAILURE, True)


async def test_custom_activities_take_any_arguments() -> None:
    """The rule of one request binds KuFlow's activities only, even if a custom one has taken the name of one."""
    here = context_raising(AssertionError("it is not asked"))

    @temporalio.activity.defn(name=names.RETRIEVE_PROCESS_ITEM)
    async def own(left: int, right: int) -> tuple[int, ActivityContext]:
        return left + right, context.current()

    assert await run(here, own, 1, 2) == (3, here)  # type: ignore[arg-type]
