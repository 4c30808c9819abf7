"""What a second attempt of an activity does after the first one's reply was lost, or its worker died."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from kurun_activities import models, process_items, processes, task_logs
from kurun_activities.context import ActivityContext
from kurun_activities.failure_types import REST_FAILURE, UNKNOWN_OUTCOME
from kurun_activities.task_logs import CLOCK_ALLOWANCE
from kurun_clients.kuflow.models import (
    JsonPatchOperation,
    JsonValue,
    ProcessItem,
    ProcessItemCreateParams,
    ProcessItemTaskAppendLogParams,
    ProcessItemTaskState,
    ProcessItemType,
    ProcessState,
)
from tests.activity_runs import fails, run
from tests.kuflow_api import KuFlowApi

UNTOUCHED = [{"untouchedByAttempt": 1}]


def patch(*operations: dict[str, Any]) -> list[JsonPatchOperation]:
    """A JSON patch."""
    return [JsonPatchOperation.model_validate(operation) for operation in operations]


@pytest.fixture
async def task(api: KuFlowApi, process_id: UUID) -> ProcessItem:
    """A task that the worker has claimed, with some data."""
    params = ProcessItemCreateParams(
        id=uuid4(), type=ProcessItemType.TASK, process_id=process_id, process_item_definition_code="FORM"
    )
    item = await api.worker.process_items.create(params)
    await api.worker.process_items.claim(item.id)
    return await api.worker.process_items.update_data(item.id, JsonValue.of({"amount": 1, "list": ["a"]}))


def now() -> dict[str, Any]:
    """Scheduling times of an activity that was scheduled just now."""
    moment = datetime.now(UTC)
    return {"scheduled_time": moment, "current_attempt_scheduled_time": moment}


@pytest.mark.parametrize("given", [True, False])
async def test_an_item_is_created_once(context: ActivityContext, api: KuFlowApi, process_id: UUID, given: bool) -> None:
    """When the reply to a creation is lost, the retry gets the same item, with or without an id in the request."""
    request = models.ProcessItemCreateRequest(
        id=uuid4() if given else None,
        type=ProcessItemType.TASK,
        process_id=process_id,
        process_item_definition_code="FORM",
    )
    who: dict[str, Any] = {"workflow_id": str(process_id)}
    api.misbehave(method="POST", path="/process-items$", drop="after", times=10)
    failure = await fails(run(context, process_items.create_process_item, request, **who))
    api.scenario.clear()

    created = await run(context, process_items.create_process_item, request, attempt=2, **who)

    assert (failure.type, failure.non_retryable) == (REST_FAILURE, False)
    assert [created.process_item.id] == [item.id for item in await items_of(api, process_id)]


async def test_a_process_is_created_once(context: ActivityContext, api: KuFlowApi) -> None:
    """A process without an id gets one from the activity: the retry answers with the first attempt's process."""
    request = models.ProcessCreateRequest(tenant_id=api.tenant_id, process_definition_code="LOAN")
    who: dict[str, Any] = {"workflow_id": str(uuid4())}
    api.misbehave(method="POST", path="/processes$", drop="after", times=10)
    await fails(run(context, processes.create_process, request, **who))
    api.scenario.clear()
    before = api.platform.figures.snapshot()

    second = await run(context, processes.create_process, request, attempt=2, **who)
    third = await run(context, processes.create_process, request, attempt=3, **who)

    assert second.process.id == third.process.id
    by_status = before["requests"]["by_operation"]["createProcess"]["by_status"]
    after = api.platform.figures.snapshot()["requests"]["by_operation"]["createProcess"]["by_status"]
    assert by_status.get("201") == after.get("201")


async def test_a_lost_reply_is_not_repeated_blindly(
    context: ActivityContext, api: KuFlowApi, task: ProcessItem
) -> None:
    """Within one attempt a line is sent once; what became of it is the next attempt's question."""
    api.misbehave(method="POST", path="append-log", drop="after")
    request = models.ProcessItemTaskLogAppendRequest(process_item_id=task.id, message="hello")

    failure = await fails(run(context, task_logs.append_process_item_task_log, request, **now()))
    api.scenario.clear()

    assert (failure.type, failure.non_retryable) == (REST_FAILURE, False)
    assert await log_of(api, task) == ["hello"]


async def test_a_line_whose_reply_was_lost_is_not_doubled(
    context: ActivityContext, api: KuFlowApi, task: ProcessItem
) -> None:
    """The retry finds the line that the first attempt wrote, and answers with the task as it is."""
    api.misbehave(method="POST", path="append-log", drop="after", times=1)
    request = models.ProcessItemTaskLogAppendRequest(process_item_id=task.id, message="hello")
    scheduled = now()
    await fails(run(context, task_logs.append_process_item_task_log, request, **scheduled))

    response = await run(context, task_logs.append_process_item_task_log, request, attempt=2, **scheduled)

    assert ["hello"] == lines(response.process_item) == await log_of(api, task)


async def test_a_line_that_never_arrived_is_written_by_the_retry(
    context: ActivityContext, api: KuFlowApi, task: ProcessItem
) -> None:
    """A connection that broke before the line was taken looks the same to the client; the retry can tell."""
    api.misbehave(method="POST", path="append-log", drop="before", times=1)
    request = models.ProcessItemTaskLogAppendRequest(process_item_id=task.id, message="hello")
    scheduled = now()
    await fails(run(context, task_logs.append_process_item_task_log, request, **scheduled))

    await run(context, task_logs.append_process_item_task_log, request, attempt=2, **scheduled)

    assert await log_of(api, task) == ["hello"]


async def test_the_first_attempt_reads_nothing(context: ActivityContext, api: KuFlowApi, task: ProcessItem) -> None:
    """Appending costs one request as long as all goes well, and so does the retry of a refused attempt."""
    request = models.ProcessItemTaskLogAppendRequest(process_item_id=task.id, message="hello")
    before = api.requests("retrieveProcessItem")

    await run(context, task_logs.append_process_item_task_log, request, **now())
    await run(context, task_logs.append_process_item_task_log, request, attempt=2, heartbeat_details=UNTOUCHED, **now())

    assert before == api.requests("retrieveProcessItem")
    assert await log_of(api, task) == ["hello", "hello"]


async def test_an_older_line_of_the_same_text_is_another_one(
    context: ActivityContext, api: KuFlowApi, task: ProcessItem
) -> None:
    """A line from before the activity was scheduled, or of another level, is not taken for its own."""
    await api.worker.process_items.append_log(task.id, ProcessItemTaskAppendLogParams(message="hello"))
    request = models.ProcessItemTaskLogAppendRequest(process_item_id=task.id, message="hello")
    later = datetime.now(UTC) + CLOCK_ALLOWANCE + timedelta(seconds=1)
    scheduled: dict[str, Any] = {"scheduled_time": later, "current_attempt_scheduled_time": later}
    await run(context, task_logs.append_process_item_task_log, request, attempt=2, **scheduled)

    error = models.ProcessItemTaskLogAppendRequest.model_validate(
        {"process_item_id": task.id, "message": "hello", "level": "ERROR"}
    )
    await run(context, task_logs.append_process_item_task_log, error, attempt=2, **now())

    assert await log_of(api, task) == ["hello"] * 3


async def test_a_refused_attempt_leaves_a_note(context: ActivityContext, api: KuFlowApi, task: ProcessItem) -> None:
    """After a 429 the next attempt knows that nothing was written, and Temporal waits as long as KuFlow asks."""
    api.misbehave(method="POST", path="append-log", status=429, retry_after=7)
    environment, beats = ActivityEnvironment(), list[Any]()
    environment.on_heartbeat = beats.append
    request = models.ProcessItemTaskLogAppendRequest(process_item_id=task.id, message="hello")

    failure = await fails(
        run(context, task_logs.append_process_item_task_log, request, environment=environment, **now())
    )

    assert (False, timedelta(seconds=7)) == (failure.non_retryable, failure.next_retry_delay)
    assert beats == UNTOUCHED


async def test_a_task_is_completed_once(context: ActivityContext, api: KuFlowApi, task: ProcessItem) -> None:
    """When the reply to a completion is lost, the retry is content with the completed task."""
    api.misbehave(method="POST", path="complete", drop="after", times=1)
    request = models.ProcessItemTaskCompleteRequest(process_item_id=task.id)
    await fails(run(context, process_items.complete_process_item_task, request))

    response = await run(context, process_items.complete_process_item_task, request, attempt=2)

    assert response.process_item.task is not None
    assert response.process_item.task.state is ProcessItemTaskState.COMPLETED


async def test_a_task_that_someone_completed_before_is_an_error(
    context: ActivityContext, api: KuFlowApi, task: ProcessItem
) -> None:
    """A first attempt that finds the task completed did not complete it, and says so."""
    await api.worker.process_items.complete(task.id)
    request = models.ProcessItemTaskCompleteRequest(process_item_id=task.id)

    failure = await fails(run(context, process_items.complete_process_item_task, request))

    assert (failure.type, failure.non_retryable, failure.details[0]["status"]) == (REST_FAILURE, True, 409)


async def test_a_retry_that_is_refused_for_another_reason_is_an_error(
    context: ActivityContext, task: ProcessItem
) -> None:
    """A refusal counts as success only if the task really is completed."""
    ada = models.ProcessItemTaskAssignRequest(process_item_id=task.id, owner_email="ada@example.com")
    await run(context, process_items.assign_process_item_task, ada)
    request = models.ProcessItemTaskCompleteRequest(process_item_id=task.id)

    failure = await fails(run(context, process_items.complete_process_item_task, request, attempt=2))

    assert (failure.type, failure.non_retryable, failure.details[0]["status"]) == (REST_FAILURE, True, 403)


async def test_claiming_again_is_no_error(context: ActivityContext, api: KuFlowApi, task: ProcessItem) -> None:
    """A retry of a claim whose reply was lost gets the task; someone else's claim is refused."""
    request = models.ProcessItemTaskClaimRequest(process_item_id=task.id)

    response = await run(context, process_items.claim_process_item_task, request, attempt=2)
    failure = await fails(
        run(ActivityContext(kuflow=api.ada), process_items.claim_process_item_task, request, attempt=2)
    )

    assert response.process_item.id == task.id
    assert failure.details[0]["status"] == 409


@pytest.mark.parametrize("state", [ProcessState.COMPLETED, ProcessState.CANCELLED])
async def test_a_process_is_ended_once(
    context: ActivityContext, api: KuFlowApi, process_id: UUID, state: ProcessState
) -> None:
    """Ending a process that has ended that way already is no error, in whatever attempt."""

    async def end() -> models.ProcessResponse:
        if state is ProcessState.COMPLETED:
            return await run(context, processes.complete_process, models.ProcessCompleteRequest(process_id=process_id))
        return await run(context, processes.cancel_process, models.ProcessCancelRequest(process_id=process_id))

    api.misbehave(method="POST", path="complete|cancel", drop="after", times=1)

    assert [state, state] == [(await end()).process.state, (await end()).process.state]


async def test_a_process_that_ended_otherwise_is_an_error(context: ActivityContext, process_id: UUID) -> None:
    """A cancelled process cannot be completed, and is not said to be."""
    await run(context, processes.cancel_process, models.ProcessCancelRequest(process_id=process_id))

    failure = await fails(
        run(context, processes.complete_process, models.ProcessCompleteRequest(process_id=process_id), attempt=2)
    )

    assert (failure.type, failure.non_retryable) == (REST_FAILURE, True)


def append(task: ProcessItem) -> models.ProcessItemTaskDataPatchRequest:
    """A patch that must not be applied twice."""
    return models.ProcessItemTaskDataPatchRequest(
        process_item_id=task.id, json_patch=patch({"op": "add", "path": "/list/-", "value": "b"})
    )


async def test_a_patch_that_may_not_be_applied_twice_is_not_guessed_about(
    context: ActivityContext, api: KuFlowApi, task: ProcessItem
) -> None:
    """After a lost reply nobody knows whether an entry was appended: the activity says so and ends."""
    api.misbehave(method="PATCH", drop="after", times=1)
    await fails(run(context, process_items.patch_process_item_task_data, append(task)))

    failure = await fails(run(context, process_items.patch_process_item_task_data, append(task), attempt=2))

    assert (failure.type, failure.non_retryable) == (UNKNOWN_OUTCOME, True)
    assert "add /list/-" in failure.message
    assert data_of(await api.worker.process_items.retrieve(task.id))["list"] == ["a", "b"]


async def test_a_patch_that_was_refused_is_sent_again(context: ActivityContext, task: ProcessItem) -> None:
    """When the attempt before noted that KuFlow refused it, even such a patch is safe."""
    response = await run(
        context, process_items.patch_process_item_task_data, append(task), attempt=2, heartbeat_details=UNTOUCHED
    )

    assert data_of(response.process_item)["list"] == ["a", "b"]


@pytest.mark.parametrize("drop", ["before", "after"])
async def test_a_repeatable_patch_survives_a_lost_reply(
    context: ActivityContext, api: KuFlowApi, task: ProcessItem, drop: str
) -> None:
    """Setting and removing properties ends the same whether the first attempt arrived or not."""
    request = models.ProcessItemTaskDataPatchRequest(
        process_item_id=task.id,
        json_patch=patch(
            {"op": "test", "path": "/amount", "value": 1},
            {"op": "replace", "path": "/amount", "value": 2},
            {"op": "remove", "path": "/list"},
        ),
    )
    api.misbehave(method="PATCH", drop=drop, times=1)
    await fails(run(context, process_items.patch_process_item_task_data, request))

    response = await run(context, process_items.patch_process_item_task_data, request, attempt=2)

    assert data_of(response.process_item) == {"amount": 2}


def data_of(item: ProcessItem) -> dict[str, Any]:
    """A task's data."""
    assert item.task is not None
    assert item.task.data is not None
    return item.task.data.value


def lines(item: ProcessItem) -> list[str]:
    """A task's log."""
    assert item.task is not None
    return [line.message for line in item.task.logs or ()]


async def log_of(api: KuFlowApi, task: ProcessItem) -> list[str]:
    """A task's log as it is now."""
    return lines(await api.worker.process_items.retrieve(task.id))


async def items_of(api: KuFlowApi, process_id: UUID) -> list[Any]:
    """The items of a process."""
    return [item async for item in api.worker.process_items.iterate(process_id=process_id)]
