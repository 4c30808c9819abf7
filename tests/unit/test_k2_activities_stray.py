"""Activities to which K2 says in the first attempt that a task or event is gone, which it is not."""

from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from kurun_activities.k2 import failure_types, names
from kurun_activities.k2.registry import SERVICES, WORKFLOW_API
from kurun_activities.reference import models_of
from tests.k2_api import Attempts
from tests.unit.k2_services_client import XML
from tests.unit.loopback import Script, answering, status
from tests.unit.test_k2_activities_answers import SERVICES_CHANGES, SN, WORKFLOW_CHANGES, before
from tests.unit.test_k2_services_answers import _failure

CHANGES = {
    name: (activities[name], sent)
    for activities, requests in ((WORKFLOW_API, WORKFLOW_CHANGES), (SERVICES, SERVICES_CHANGES))
    for name, sent in requests.items()
    if name
    in {names.ACT_ON_TASK, names.FINISH_SERVER_EVENT, names.SERVICES_EXECUTE_ITEM_ACTION, names.SERVICES_UPDATE_TASK}
}
"""What ends a task or an event, once."""


def gone(name: str) -> Script:
    """What K2 says of something that is gone."""
    if name in SERVICES_CHANGES:
        return status(404, _failure("26030 no free slot").encode(), content_type=XML)
    return status(404, b'{"Message":"26030 no free slot"}')


def shown(name: str, state: str) -> Script:
    """A task or event in this state."""
    if name in SERVICES_CHANGES:
        kind = "Task" if name == names.SERVICES_UPDATE_TASK else "WorklistItem"
        return status(200, f'<{kind} SerialNumber="{SN}" Status="{state}"/>'.encode(), content_type=XML)
    return status(200, f'{{"serialNumber":"{SN}","status":"{state}"}}'.encode())


def attempts_of(clients: Any, name: str) -> Attempts:
    """The attempts of an activity."""
    activity, sent = CHANGES[name]
    request, _ = models_of(activity)
    return Attempts(clients, activity, request.model_validate(sent))


async def failure(attempts: Attempts) -> ApplicationError:
    """How the next attempt fails."""
    with pytest.raises(ApplicationError) as caught:
        await attempts.next()
    return caught.value


@pytest.mark.parametrize("state", ["Available", "Open"])
@pytest.mark.parametrize("name", CHANGES)
async def test_a_stray_answer_does_not_end_the_activity(name: str, state: str) -> None:
    """K2 says that it is gone, and shows it as waiting: the next attempt acts, without looking first."""
    done = status(200, b"<success/>", content_type=XML) if name in SERVICES_CHANGES else status(200)
    async with before(answering(gone(name), shown(name, state), done)) as (clients, server):
        attempts = attempts_of(clients, name)
        stray = await failure(attempts)
        read = len(server.received)
        found = (await attempts.next()).found

    assert (failure_types.TEMPORARY, False, 2) == (stray.type, stray.non_retryable, read)
    assert "still shows it as waiting" in str(stray)
    assert (False, 3) == (found, len(server.received))


@pytest.mark.parametrize("name", CHANGES)
async def test_what_k2_goes_on_refusing_is_gone(name: str) -> None:
    """Only the first attempt looks: what can be read but never be acted on does not keep the activity for ever."""
    async with before(answering(gone(name), shown(name, "Available"), gone(name))) as (clients, server):
        attempts = attempts_of(clients, name)
        await failure(attempts)
        ended = await failure(attempts)

    assert (failure_types.GONE_OR_FORBIDDEN, True) == (ended.type, ended.non_retryable)
    assert 3 == len(server.received)


@pytest.mark.parametrize("seen", ["Allocated", "Sleep", "Completed", "gone", "down"])
async def test_what_cannot_be_acted_on_is_gone(seen: str) -> None:
    """Another's task, one that sleeps, one that is done or that cannot be read: K2's first word counts."""
    name = names.ACT_ON_TASK
    look = {"gone": gone(name), "down": status(503)}.get(seen) or shown(name, seen)
    async with before(answering(gone(name), look)) as (clients, server):
        ended = await failure(attempts_of(clients, name))

    assert (failure_types.GONE_OR_FORBIDDEN, True) == (ended.type, ended.non_retryable)
    assert 2 == len(server.received)
