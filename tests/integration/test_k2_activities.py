"""K2 activities that end tasks, finish events and change tasks: what a second attempt does after a lost reply."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from kurun_activities.k2 import failure_types
from kurun_activities.k2.models import (
    K2ServerEventFinishRequest,
    K2ServerEventRetrieveRequest,
    K2TaskActionsRetrieveRequest,
    K2TaskActRequest,
    K2TaskAssignRequest,
    K2TaskFindRequest,
    K2TaskRedirectRequest,
    K2TaskReleaseRequest,
    K2TaskRetrieveRequest,
    K2TaskSleepRequest,
    K2TaskWakeRequest,
)
from kurun_activities.k2.server_events import finish_server_event, retrieve_server_event
from kurun_activities.k2.tasks import (
    act_on_task,
    assign_task,
    find_tasks,
    redirect_task,
    release_task,
    retrieve_task,
    retrieve_task_actions,
    sleep_task,
    wake_task,
)
from kurun_clients.k2.workflow_api.models import TaskState
from kurun_twin.k2.platform import Changes
from tests.k2_api import ACTING, Attempts, K2Api, k2_api, run

NOON = datetime(2036, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[K2Api]:
    """K2."""
    async with k2_api(tmp_path_factory.mktemp("k2")) as api:
        yield api


@pytest.fixture
def api(served: K2Api) -> K2Api:
    """The same, behaving well."""
    served.behave()
    return served


def new_task(api: K2Api) -> tuple[int, str]:
    """A new instance, and its task for our account."""
    instance = api.twin.start(7)
    return instance, api.twin.serial("svc")


def bob_acts(api: K2Api, serial_number: str, **fields: Any) -> None:
    """Somebody else completes the task of the same step."""
    twin, bob = api.twin, api.twin.user("Bob")
    instance = int(serial_number.split("_", maxsplit=1)[0])
    tasks = twin.k2.database.call(twin.k2.tasks.list, bob)
    [own] = [task.serial for task in tasks if task.instance.id == instance]
    twin.k2.database.call(twin.k2.tasks.act, bob, own, "Decline", Changes(data_fields=fields))


async def failure(attempt: Any) -> ApplicationError:
    """How an attempt fails."""
    with pytest.raises(ApplicationError) as caught:
        await attempt
    return caught.value


async def patiently(attempts: Attempts) -> Any:
    """What an activity answers, in its first attempt or its second."""
    try:
        return await attempts.next()
    except ApplicationError:
        return await attempts.next()


@pytest.mark.parametrize("services", [True, False])
async def test_an_action_whose_reply_is_lost_is_found_by_its_mark(api: K2Api, services: bool) -> None:
    """The mark is read from the instance, or from its next task where there are no K2 Services."""
    instance, serial_number = new_task(api)
    request = K2TaskActRequest(serial_number=serial_number, action="Approve", marker_field="Marker")
    async with api.clients(services=services) as clients:
        attempts = Attempts(clients, act_on_task, request)
        api.misbehave(method="POST", path=ACTING, drop="after")

        lost = await failure(attempts.next())
        found = await attempts.next()

    assert (lost.type, lost.non_retryable) == (failure_types.INTERRUPTED, False)
    assert found.found
    assert len(api.twin.happened(instance_id=instance, what="acted")) == 1


async def test_without_a_mark_a_gone_task_stays_unknown(api: K2Api) -> None:
    """The workflow decides; the detail says what was seen. Nothing is done twice."""
    instance, serial_number = new_task(api)
    async with api.clients() as clients:
        attempts = Attempts(clients, act_on_task, K2TaskActRequest(serial_number=serial_number, action="Approve"))
        api.misbehave(method="POST", path=ACTING, drop="after")
        await failure(attempts.next())

        ended = await failure(attempts.next())

    assert (ended.type, ended.non_retryable) == (failure_types.UNKNOWN_OUTCOME, True)
    assert [{"serialNumber": serial_number, "action": "Approve", "seen": "gone", "attempts": 2}] == list(ended.details)
    assert len(api.twin.happened(instance_id=instance, what="acted")) == 1


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [({"drop": "before"}, failure_types.INTERRUPTED), ({"status": 503}, failure_types.TEMPORARY)],
)
async def test_what_was_not_done_is_done_by_the_next_attempt(api: K2Api, trouble: dict[str, Any], kind: str) -> None:
    """A task that is still there was not acted on."""
    instance, serial_number = new_task(api)
    request = K2TaskActRequest(
        serial_number=f"SN={serial_number}", action="Approve", data_fields={"Amount": 7}, marker_field="Marker"
    )
    async with api.clients() as clients:
        attempts = Attempts(clients, act_on_task, request)
        api.misbehave(method="POST", path=ACTING, times=1, **trouble)

        lost = await failure(attempts.next())
        done = await attempts.next()

    assert lost.type == kind
    assert not done.found
    assert len(api.twin.happened(instance_id=instance, what="acted")) == 1


@pytest.mark.parametrize(
    ("marker", "kind"), [("Marker", failure_types.GONE_OR_FORBIDDEN), (None, failure_types.UNKNOWN_OUTCOME)]
)
async def test_an_action_of_somebody_else_is_not_taken_for_ours(api: K2Api, marker: str | None, kind: str) -> None:
    """With a mark it is known that the task was done by others in between; without one it is not."""
    _, serial_number = new_task(api)
    request = K2TaskActRequest(serial_number=serial_number, action="Approve", marker_field=marker)
    async with api.clients() as clients:
        attempts = Attempts(clients, act_on_task, request)
        api.misbehave(method="POST", path=ACTING, drop="before", times=1)
        await failure(attempts.next())
        bob_acts(api, serial_number)

        ended = await failure(attempts.next())

    assert (ended.type, ended.non_retryable) == (kind, True)


@pytest.mark.parametrize(
    ("mark", "kind"),
    [
        ("{serial}/another-activity", failure_types.GONE_OR_FORBIDDEN),
        ("99_1/a-later-task", failure_types.UNKNOWN_OUTCOME),
        ("a person wrote this", failure_types.UNKNOWN_OUTCOME),
    ],
)
async def test_marks_of_others_are_told_apart(api: K2Api, mark: str, kind: str) -> None:
    """A mark for the same task proves that another did it; one for another task may have replaced ours."""
    _, serial_number = new_task(api)
    request = K2TaskActRequest(serial_number=serial_number, action="Approve", marker_field="Marker")
    async with api.clients() as clients:
        attempts = Attempts(clients, act_on_task, request)
        api.misbehave(method="POST", path=ACTING, drop="before", times=1)
        await failure(attempts.next())
        bob_acts(api, serial_number, Marker=mark.format(serial=serial_number))

        ended = await failure(attempts.next())

    assert kind == ended.type


async def test_a_marker_field_that_the_workflow_lacks_proves_nothing(api: K2Api) -> None:
    """K2 says that the field is not there, before anything is done."""
    _, serial_number = new_task(api)
    request = K2TaskActRequest(serial_number=serial_number, action="Approve", marker_field="No such field")
    async with api.clients() as clients:
        refused = await failure(Attempts(clients, act_on_task, request).next())

    assert refused.type == failure_types.REFUSED
    assert api.twin.happened(serial=serial_number) == []


async def test_a_task_that_is_gone_at_once_was_done_by_others(api: K2Api) -> None:
    """A first attempt cannot have done it."""
    _, serial_number = new_task(api)
    bob_acts(api, serial_number)
    request = K2TaskActRequest(serial_number=serial_number, action="Approve", marker_field="Marker")
    async with api.clients() as clients:
        ended = await failure(Attempts(clients, act_on_task, request).next())

    assert (ended.type, ended.non_retryable) == (failure_types.GONE_OR_FORBIDDEN, True)


@pytest.mark.parametrize("marker", ["Marker", None])
async def test_a_server_event_is_finished_once(api: K2Api, marker: str | None) -> None:
    """A lost reply is found by the mark; without one the outcome is unknown, and not tried again."""
    instance = api.twin.start(9)
    serial_number = api.twin.event_serial()
    async with api.clients() as clients:
        request = K2ServerEventFinishRequest(serial_number=serial_number, marker_field=marker)
        attempts = Attempts(clients, finish_server_event, request)
        api.misbehave(method="POST", path="/finish", drop="before", times=1)
        await failure(attempts.next())
        api.misbehave(method="POST", path="/finish", drop="after", times=1)
        await failure(attempts.next())

        third = attempts.next()
        outcome = (await third).found if marker else (await failure(third)).type

    assert outcome == (True if marker else failure_types.UNKNOWN_OUTCOME)
    assert len(api.twin.happened(instance_id=instance, what="finished")) == 1


async def test_a_server_event_is_read_or_not_there(api: K2Api) -> None:
    """One that is finished is no failure, but nothing."""
    api.twin.start(9)
    serial_number = api.twin.event_serial()
    request = K2ServerEventRetrieveRequest(serial_number=serial_number)
    async with api.clients() as clients:
        waiting = await run(clients, retrieve_server_event, request)
        await run(clients, finish_server_event, K2ServerEventFinishRequest(serial_number=serial_number))
        finished = await run(clients, retrieve_server_event, request)

    assert waiting.server_event is not None
    assert (waiting.server_event.event_name, finished.server_event) == ("Wait", None)


async def test_a_task_is_read_or_not_there(api: K2Api) -> None:
    """A task with its fields and actions; one that is gone is no failure, but nothing."""
    instance, serial_number = new_task(api)
    request = K2TaskRetrieveRequest(serial_number=serial_number)
    async with api.clients() as clients:
        task = (await run(clients, retrieve_task, request)).task
        actions = await run(clients, retrieve_task_actions, K2TaskActionsRetrieveRequest(serial_number=serial_number))
        listed = await run(clients, find_tasks, K2TaskFindRequest(workflow_instance_id=instance))
        nobodys = await run(clients, find_tasks, K2TaskFindRequest(business_key="nobody"))
        bob_acts(api, serial_number)
        gone = (await run(clients, retrieve_task, request)).task

    assert task is not None
    assert (task.serial_number, task.workflow_instance_id, gone) == (serial_number, instance, None)
    assert set(actions.actions.batchable_actions) == {"Approve", "Decline"}
    assert [each.serial_number for each in listed.tasks] == [serial_number]
    assert (nobodys.tasks, nobodys.item_count >= 1) == ((), True)


@pytest.mark.parametrize("trouble", [{"drop": "after"}, {"drop": "before"}, {"status": 500}])
async def test_changes_of_state_end_in_the_wanted_state(api: K2Api, trouble: dict[str, Any]) -> None:
    """Assign, release, sleep and wake are repeated until the task is as it should be."""
    _, serial_number = new_task(api)
    sleep = K2TaskSleepRequest(serial_number=serial_number, seconds=3600)
    steps: list[tuple[Any, Any, TaskState]] = [
        (assign_task, K2TaskAssignRequest(serial_number=serial_number), TaskState.OPEN),
        (release_task, K2TaskReleaseRequest(serial_number=serial_number), TaskState.AVAILABLE),
        (sleep_task, sleep, TaskState.SLEEP),
        (wake_task, K2TaskWakeRequest(serial_number=serial_number), TaskState.AVAILABLE),
    ]
    async with api.clients() as clients:
        for function, request, state in steps:
            attempts = Attempts(clients, function, request, scheduled_time=NOON)
            api.misbehave(method="POST", path="/actions/", times=1, **trouble)
            await patiently(attempts)
            task = (await run(clients, retrieve_task, K2TaskRetrieveRequest(serial_number=serial_number))).task

            assert task is not None
            assert (function.__name__, state) == (function.__name__, task.status)


async def test_every_attempt_sleeps_until_the_same_moment(api: K2Api) -> None:
    """Seconds count from when the activity was scheduled."""
    _, serial_number = new_task(api)
    request = K2TaskSleepRequest(serial_number=serial_number, seconds=60)
    async with api.clients() as clients:
        attempts = Attempts(clients, sleep_task, request, scheduled_time=NOON)
        ends = {(await attempts.next()).until for _ in range(2)}
        task = (await run(clients, retrieve_task, K2TaskRetrieveRequest(serial_number=serial_number))).task

    assert task is not None
    assert {NOON + timedelta(seconds=60)} == ends == {task.sleep_until}


@pytest.mark.parametrize(("until", "content"), [(datetime(2020, 1, 1, tzinfo=UTC), True), (NOON, False)])
async def test_a_task_that_has_slept_already(api: K2Api, until: datetime, content: bool) -> None:
    """A later attempt after the end finds the task awake, and is content; before the end it has to sleep."""
    _, serial_number = new_task(api)
    async with api.clients() as clients:
        attempts = Attempts(clients, sleep_task, K2TaskSleepRequest(serial_number=serial_number, until=until))
        api.misbehave(method="POST", path="/sleep", status=400)
        first = await failure(attempts.next())
        second = (await attempts.next()).found if content else (await failure(attempts.next())).type

    assert first.type == failure_types.REFUSED
    assert second == (True if content else failure_types.REFUSED)


async def test_a_redirected_task_is_not_redirected_again(api: K2Api) -> None:
    """After a lost reply the task is gone: by this redirect or by somebody else, which nobody can tell."""
    instance, serial_number = new_task(api)
    request = K2TaskRedirectRequest(serial_number=serial_number, redirect_to=r"K2:ACME\Bob")
    async with api.clients() as clients:
        attempts = Attempts(clients, redirect_task, request)
        api.misbehave(method="POST", path="/redirect", drop="before", times=1)
        await failure(attempts.next())
        api.misbehave(method="POST", path="/redirect", drop="after", times=1)
        await failure(attempts.next())
        ended = await failure(attempts.next())

    assert ended.type == failure_types.UNKNOWN_OUTCOME
    assert ended.details[0]["seen"] == "gone"
    assert len(api.twin.happened(instance_id=instance, what="redirected")) == 1


async def test_wrong_credentials_wait_and_change_nothing(api: K2Api) -> None:
    """The activity is retried at a calm pace, and acts without looking once K2 knows the account again."""
    instance, serial_number = new_task(api)
    request = K2TaskActRequest(serial_number=serial_number, action="Approve")
    async with api.clients() as clients:
        attempts = Attempts(clients, act_on_task, request)
        api.misbehave(status=401)
        refused = await failure(attempts.next())
        api.behave()
        done = await attempts.next()

    assert (refused.type, refused.non_retryable) == (failure_types.AUTHENTICATION_REFUSED, False)
    assert refused.next_retry_delay == timedelta(seconds=30)
    assert not done.found
    assert len(api.twin.happened(instance_id=instance, what="acted")) == 1
