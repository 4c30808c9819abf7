"""Activities that K2 answers with something hostile, broken or misleading: nothing is done twice or taken for done."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import AnyHttpUrl, SecretStr
from temporalio.exceptions import ApplicationError

from kurun_activities.k2 import failure_types, names
from kurun_activities.k2.context import K2Clients
from kurun_activities.k2.registry import SERVICES, WORKFLOW_API, Activity
from kurun_activities.reference import models_of
from kurun_config import K2Settings
from tests.k2_api import Attempts
from tests.unit.k2_services_client import XML
from tests.unit.loopback import Loopback, Script, answering, break_off, hang_up, reset, serving, status
from tests.unit.test_k2_services_answers import UNKNOWN_PROCESS, UNREADABLE, _failure

SN, LOAN = "19_10", "Loans\\Approval"

SERVICES_CHANGES: dict[str, dict[str, Any]] = {
    names.SERVICES_EXECUTE_ACTION: {"serialNumber": SN, "action": "Approve"},
    names.SERVICES_EXECUTE_ITEM_ACTION: {"serialNumber": SN, "action": "Approve", "markerField": "Mark"},
    names.SERVICES_UPDATE_TASK: {"serialNumber": SN, "action": "Approve"},
    names.SERVICES_UPDATE_TASKS: {"updates": [{"serialNumber": SN, "action": "Approve"}]},
    names.SERVICES_START_INSTANCE_BY_NAME: {"fullName": LOAN},
    names.SERVICES_START_INSTANCE: {"instance": {"fullName": LOAN}},
    names.SERVICES_START_INSTANCES: {"instances": [{"fullName": LOAN}, {"fullName": LOAN}]},
}
"""What must not reach K2 twice."""

SERVICES_READS: dict[str, dict[str, Any]] = {
    names.SERVICES_OPEN_WORKLIST: {},
    names.SERVICES_LIST_TASKS: {},
    names.SERVICES_RETRIEVE_INSTANCE: {"instanceId": 19},
    names.SERVICES_WHO_AM_I: {},
}

WORKFLOW_CHANGES: dict[str, dict[str, Any]] = {
    names.ACT_ON_TASK: {"serialNumber": SN, "action": "Approve"},
    names.FINISH_SERVER_EVENT: {"serialNumber": SN},
    names.REDIRECT_TASK: {"serialNumber": SN, "redirectTo": "K2:ACME\\Bob"},
    names.START_WORKFLOW: {"workflowId": 7},
}

CHANGING = re.compile(r"Execute|StartInstance|UpdateTask|/actions/|/finish$|/workflows/\d+$")

CUT: dict[str, Script] = {"hang up": hang_up, "reset": reset, "break off": break_off}
BROKEN: dict[str, Script] = CUT | {
    what: status(200, body, content_type=content_type) for what, (body, content_type) in UNREADABLE.items()
}
BROKEN["packed in another way"] = status(200, b"<long>19</long>", content_type=XML, content_encoding="br")


@asynccontextmanager
async def before(script: Script) -> AsyncIterator[tuple[K2Clients, Loopback]]:
    """K2's clients of a server that runs this script for each connection."""
    async with serving(script) as server:
        address = AnyHttpUrl(server.url)
        settings = K2Settings(
            endpoint=address,
            services_endpoint=address,
            user="bob",
            password=SecretStr("secret"),
            retries=0,
            max_list_bytes=4 * 1024**2,
        )
        clients = K2Clients.from_settings(settings)
        try:
            yield clients, server
        finally:
            await clients.aclose()


async def attempts_at(clients: K2Clients, function: Activity, sent: dict[str, Any]) -> list[ApplicationError]:
    """How three attempts of an activity fail; fewer, if it ends sooner."""
    request, _ = models_of(function)
    attempts = Attempts(clients, function, request.model_validate(sent))
    failures: list[ApplicationError] = []
    while len(failures) < 3 and not (failures and failures[-1].non_retryable):
        with pytest.raises(ApplicationError) as caught:
            await attempts.next()
        failures.append(caught.value)
    return failures


def changes_in(server: Loopback) -> int:
    """How often something was to be changed."""
    return sum(CHANGING.search(each.target) is not None for each in server.received)


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("name", SERVICES_CHANGES)
async def test_a_change_whose_answer_cannot_be_read_is_made_once(name: str, what: str) -> None:
    """A bomb, an entity, another charset, half a body: it may have been done, so later attempts only look."""
    async with before(answering(BROKEN[what])) as (clients, server):
        failures = await attempts_at(clients, SERVICES[name], SERVICES_CHANGES[name])

    assert failure_types.INTERRUPTED == failures[0].type
    assert {failure_types.TEMPORARY} == {each.type for each in failures[1:]}
    assert (3, 1) == (len(failures), changes_in(server))


@pytest.mark.parametrize("name", SERVICES_CHANGES)
@pytest.mark.parametrize("code", [200, 202])
async def test_what_k2_did_not_do_ends_the_activity(name: str, code: int) -> None:
    """A Failure inside a 200, and a 202, are no success; it is not asked again."""
    body = _failure(UNKNOWN_PROCESS).encode() if code == 200 else b""
    async with before(answering(status(code, body, content_type=XML))) as (clients, server):
        [failure] = await attempts_at(clients, SERVICES[name], SERVICES_CHANGES[name])

    assert (failure_types.NOT_EXECUTED, True) == (failure.type, failure.non_retryable)
    assert 1 == len(server.received)


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("name", SERVICES_READS)
async def test_a_read_whose_answer_cannot_be_read_is_tried_again(name: str, what: str) -> None:
    """Nothing follows from it, least of all that there is nothing."""
    async with before(answering(BROKEN[what])) as (clients, _):
        failures = await attempts_at(clients, SERVICES[name], SERVICES_READS[name])

    assert [failure_types.TEMPORARY] * 3 == [each.type for each in failures]


@pytest.mark.parametrize("what", CUT)
@pytest.mark.parametrize("name", WORKFLOW_CHANGES)
async def test_the_workflow_api_is_asked_once_too(name: str, what: str) -> None:
    """Half an answer to a change: later attempts look, and what is looked at cannot be read either."""
    schema = [status(200, b'{"type":"object"}')] if name == names.START_WORKFLOW else []
    async with before(answering(*schema, CUT[what])) as (clients, server):
        failures = await attempts_at(clients, WORKFLOW_API[name], WORKFLOW_CHANGES[name])

    assert [failure_types.INTERRUPTED, *[failure_types.TEMPORARY] * 2] == [each.type for each in failures]
    assert 1 == changes_in(server)


@pytest.mark.parametrize("answer", [b"", b"{}", b"<html>Log in", "{ü}".encode("utf-16"), b'{"id":'])
async def test_a_start_without_an_id_is_made_once(answer: bytes) -> None:
    """An instance may run whose id nobody knows: later attempts look for its business key."""
    schema = status(200, b'{"type":"object"}')
    async with before(answering(schema, status(200, answer))) as (clients, server):
        failures = await attempts_at(clients, WORKFLOW_API[names.START_WORKFLOW], {"workflowId": 7})

    assert [failure_types.INTERRUPTED, *[failure_types.TEMPORARY] * 2] == [each.type for each in failures]
    assert 1 == changes_in(server)


@pytest.mark.parametrize("what", BROKEN)
async def test_without_a_schema_that_can_be_read_nothing_is_started(what: str) -> None:
    """The input cannot be checked, so nothing is sent."""
    async with before(answering(BROKEN[what])) as (clients, server):
        failures = await attempts_at(clients, WORKFLOW_API[names.START_WORKFLOW], {"workflowId": 7})

    assert [failure_types.TEMPORARY] * 3 == [each.type for each in failures]
    assert 0 == changes_in(server)
