"""What a workflow sees of a K2 error."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from kurun_activities.failure_types import FAILURE, VALIDATION_FAILURE
from kurun_activities.failures import MAX_RETRY_AFTER
from kurun_activities.k2 import failure_types
from kurun_activities.k2.failures import BY_OUTCOME, changed_nothing, k2_failure
from kurun_activities.k2.interceptor import translated
from kurun_clients.http import ApiError, ConnectError, ConnectionLost, InvalidRequest, StatusError
from kurun_clients.k2.errors import (
    AuthenticationRefused,
    GoneOrForbidden,
    K2Error,
    LoginRequired,
    NotExecuted,
    Refused,
    Temporary,
    UnknownOutcome,
    classified,
)
from kurun_clients.k2.places import Place

PLACE = Place("http://localhost", "k2.endpoint", lambda: "bob")
CALL = ("POST", "http://localhost/tasks", "/tasks")


def answered(status: int, **details: Any) -> ApiError:
    """The outcome of a change that K2 answers with this status."""
    return classified(StatusError.kind(status)(*CALL, status, **details), place=PLACE, changes_state=True)


def failure_of(error: ApiError, *, looks_first: bool = True) -> ApplicationError:
    """What becomes of an outcome."""
    assert isinstance(error, K2Error)
    return k2_failure(error, looks_first=looks_first)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (GoneOrForbidden("x"), failure_types.GONE_OR_FORBIDDEN),
        (Refused("x"), failure_types.REFUSED),
        (NotExecuted("x"), failure_types.NOT_EXECUTED),
    ],
)
def test_what_waiting_cannot_mend_ends_the_activity(error: K2Error, kind: str) -> None:
    """Gone, wrong and not executed stay so."""
    failure = failure_of(error)

    assert (failure.type, failure.non_retryable, failure.next_retry_delay) == (kind, True, None)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AuthenticationRefused("x"), failure_types.AUTHENTICATION_REFUSED),
        (LoginRequired("x"), failure_types.LOGIN_REQUIRED),
    ],
)
def test_work_waits_for_good_credentials(error: K2Error, kind: str) -> None:
    """Credentials say nothing about the process: it goes on waiting, at a pace that locks no account."""
    failure = failure_of(error)

    assert (failure.type, failure.non_retryable) == (kind, False)
    assert failure.next_retry_delay == timedelta(seconds=30)


def test_a_missing_login_says_what_a_person_has_to_do() -> None:
    """The message names the command."""
    assert "kurun k2 login" in failure_of(LoginRequired("the refresh token is gone")).message


@pytest.mark.parametrize("error", [answered(503), answered(429), Temporary("x"), K2Error("a kind that comes later")])
def test_what_k2_did_not_do_is_left_to_temporal(error: ApiError) -> None:
    """It is tried again at the pace of the retry policy."""
    failure = failure_of(error)

    assert (failure.type, failure.non_retryable, failure.next_retry_delay) == (failure_types.TEMPORARY, False, None)


def test_a_busy_k2_is_no_alarm() -> None:
    """A 429 is normal under load; a 503 is not."""
    assert failure_of(answered(429)).category is ApplicationErrorCategory.BENIGN
    assert failure_of(answered(503)).category is ApplicationErrorCategory.UNSPECIFIED


@pytest.mark.parametrize(
    ("asked", "granted"), [(timedelta(seconds=7), timedelta(seconds=7)), (timedelta(days=3), MAX_RETRY_AFTER)]
)
def test_retry_after_becomes_the_next_delay(asked: timedelta, granted: timedelta) -> None:
    """Temporal waits as long as K2 asks, up to a limit."""
    assert granted == failure_of(answered(503, retry_after=asked)).next_retry_delay


def test_an_unknown_outcome_is_looked_into_by_those_who_look() -> None:
    """Our activities try again, because they look first; one that may not look ends."""
    ours, custom = failure_of(answered(500)), failure_of(answered(500), looks_first=False)

    assert (ours.type, ours.non_retryable) == (failure_types.INTERRUPTED, False)
    assert (custom.type, custom.non_retryable) == (failure_types.UNKNOWN_OUTCOME, True)


def test_the_engines_code_is_the_detail() -> None:
    """A workflow can tell 24411 from 26030 without reading texts."""
    failure = failure_of(answered(500, excerpt="26030 K2:ACME\\Bob is not allowed to open the item"))

    assert ([{"code": "26030"}], failure_types.GONE_OR_FORBIDDEN) == (list(failure.details), failure.type)


def test_long_messages_are_cut() -> None:
    """A page of HTML in place of an answer does not fill the history."""
    assert len(failure_of(Temporary("x" * 100_000)).message) < 700


def test_every_outcome_has_its_line() -> None:
    """A subclass stands before its base, so that it is not taken for it."""
    outcomes = list(BY_OUTCOME)

    assert {*K2Error.__subclasses__(), LoginRequired} == set(outcomes)
    assert all(not issubclass(later, earlier) for i, earlier in enumerate(outcomes) for later in outcomes[i + 1 :])


@pytest.mark.parametrize(
    ("error", "certain"),
    [
        (answered(503), True),
        (answered(400), True),
        (answered(401), True),
        (answered(408), False),
        (answered(500), False),
        (classified(ConnectError(*CALL, "refused"), place=PLACE, changes_state=True), True),
        (classified(ConnectionLost(*CALL, "reset"), place=PLACE, changes_state=True), False),
        (NotExecuted("202"), True),
        (InvalidRequest("no serial number"), True),
    ],
)
def test_what_proves_that_nothing_was_done(error: ApiError, certain: bool) -> None:
    """Only then may a later attempt act without looking."""
    assert certain == changed_nothing(error)


@pytest.mark.parametrize(
    ("error", "ours", "kind"),
    [
        (UnknownOutcome("x"), True, failure_types.INTERRUPTED),
        (UnknownOutcome("x"), False, failure_types.UNKNOWN_OUTCOME),
        (InvalidRequest("x"), False, VALIDATION_FAILURE),
        (KeyError("x"), True, FAILURE),
    ],
)
def test_the_edge_translates_once(error: Exception, ours: bool, kind: str) -> None:
    """What leaves an activity is a failure that a workflow understands."""
    with pytest.raises(ApplicationError) as caught, translated(ours=ours):
        raise error

    assert kind == caught.value.type


@pytest.mark.parametrize(
    ("error", "ours"),
    [(KeyError("x"), False), (ConnectionLost(*CALL, "reset"), True), (ApplicationError("mine"), True)],
)
def test_what_is_not_k2s_passes(error: Exception, ours: bool) -> None:
    """A custom activity's exceptions are Temporal's business, KuFlow's errors the other interceptor's."""
    with pytest.raises(type(error)) as caught, translated(ours=ours):
        raise error

    assert caught.value is error
