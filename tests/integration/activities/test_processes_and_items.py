"""Processes and their items by activities alone: their lives, and what is wrong with them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from kurun_activities import models, process_items, processes, task_logs
from kurun_activities.context import ActivityContext
from kurun_activities.failure_types import REST_FAILURE
from kurun_clients.kuflow.models import (
    JsonPatchOperation,
    JsonValue,
    ProcessItem,
    ProcessItemCreateParams,
    ProcessItemMessageCreateParams,
    ProcessItemTaskState,
    ProcessItemType,
    ProcessState,
)
from tests.activity_runs import fails, run
from tests.kuflow_api import KuFlowApi


@pytest.fixture
async def task(api: KuFlowApi, process_id: UUID) -> ProcessItem:
    """A task that the worker has claimed, with some data."""
    params = ProcessItemCreateParams(
        id=uuid4(), type=ProcessItemType.TASK, process_id=process_id, process_item_definition_code="FORM"
    )
    item = await api.worker.process_items.create(params)
    await api.worker.process_items.claim(item.id)
    return await api.worker.process_items.update_data(item.id, JsonValue.of({"amount": 1, "list": ["a"]}))


def patch(*operations: dict[str, Any]) -> list[JsonPatchOperation]:
    """A JSON patch."""
    return [JsonPatchOperation.model_validate(operation) for operation in operations]


async def test_the_life_of_a_task(context: ActivityContext, process_id: UUID) -> None:
    """A task is created, found, claimed, filled in, logged and completed by activities alone."""
    item_id = uuid4()
    create = models.ProcessItemCreateRequest(
        id=item_id, type=ProcessItemType.TASK, process_id=process_id, process_item_definition_code="FORM"
    )
    created = await run(context, process_items.create_process_item, create)
    named = {"process_item_id": item_id}
    await run(context, process_items.claim_process_item_task, models.ProcessItemTaskClaimRequest(**named))
    saved = await run(
        context,
        process_items.update_process_item_task_data,
        models.ProcessItemTaskDataUpdateRequest(**named, data=JsonValue.of({"amount": 3})),
    )
    changed = await run(
        context,
        process_items.patch_process_item_task_data,
        models.ProcessItemTaskDataPatchRequest(
            **named, json_patch=patch({"op": "replace", "path": "/amount", "value": 4})
        ),
    )
    logged = await run(
        context,
        task_logs.append_process_item_task_log,
        models.ProcessItemTaskLogAppendRequest(**named, message="filled in"),
    )
    await run(context, process_items.complete_process_item_task, models.ProcessItemTaskCompleteRequest(**named))
    found = await run(
        context,
        process_items.find_process_items,
        models.ProcessItemFindRequest(process_ids=[process_id], task_states=[ProcessItemTaskState.COMPLETED]),
    )
    read = await run(context, process_items.retrieve_process_item, models.ProcessItemRetrieveRequest(**named))

    assert created.process_item.id == item_id
    assert [data_of(saved.process_item), data_of(changed.process_item)] == [{"amount": 3}, {"amount": 4}]
    assert lines(logged.process_item) == ["filled in"]
    assert [item_id] == [item.id for item in found.process_items.content]
    assert data_of(read.process_item) == {"amount": 4}


async def test_the_life_of_a_process(context: ActivityContext, api: KuFlowApi) -> None:
    """A process is started, described, given to another initiator, found and completed by activities alone."""
    process_id = uuid4()
    await run(
        context,
        processes.create_process,
        models.ProcessCreateRequest(
            id=process_id,
            tenant_id=api.tenant_id,
            process_definition_code="LOAN",
            metadata=JsonValue.of({"amount": 1}),
        ),
    )
    named = {"process_id": process_id}
    amount = patch({"op": "replace", "path": "/amount", "value": 2})
    metadata = models.ProcessMetadataPatchRequest(**named, json_patch=amount)
    await run(context, processes.patch_process_metadata, metadata)
    entity = models.ProcessEntityUpdateRequest(**named, entity=JsonValue.of({"name": "Ada"}))
    await run(context, processes.update_process_entity, entity)
    surname = models.ProcessEntityPatchRequest(**named, json_patch=patch({"op": "add", "path": "/b", "value": None}))
    await run(context, processes.patch_process_entity, surname)
    initiator = models.ProcessInitiatorChangeRequest(**named, initiator_email="ada@example.com")
    await run(context, processes.change_process_initiator, initiator)
    read = await run(context, processes.retrieve_process, models.ProcessRetrieveRequest(**named))
    completed = await run(context, processes.complete_process, models.ProcessCompleteRequest(**named))
    search = models.ProcessFindRequest(states=[ProcessState.COMPLETED], initiator_emails=["ada@example.com"])
    found = await run(context, processes.find_processes, search)

    process = read.process
    assert process.metadata is not None
    assert process.entity is not None
    assert (process.metadata.value, process.entity.value) == ({"amount": 2}, {"name": "Ada", "b": None})
    assert process.initiator_id == UUID(api.platform.principals.users[0].id)
    assert completed.process.state is ProcessState.COMPLETED
    assert process_id in [each.id for each in found.processes.content]


async def test_a_message_is_created(context: ActivityContext, process_id: UUID) -> None:
    """A message needs no definition."""
    request = models.ProcessItemCreateRequest(
        type=ProcessItemType.MESSAGE, process_id=process_id, message=ProcessItemMessageCreateParams(text="**hello**")
    )

    response = await run(context, process_items.create_process_item, request)

    assert response.process_item.message is not None
    assert response.process_item.message.text == "**hello**"


async def test_invalid_data_is_reported_and_not_swallowed(context: ActivityContext, task: ProcessItem) -> None:
    """KuFlow stores data that breaks its schema; the response says so, with the places."""
    request = models.ProcessItemTaskDataUpdateRequest(process_item_id=task.id, data=JsonValue.of({"amount": "a lot"}))

    response = await run(context, process_items.update_process_item_task_data, request)

    assert not response.valid
    assert [error.property_path for error in response.errors] == ["/amount"]
    assert data_of(response.process_item) == {"amount": "a lot"}


async def test_data_that_was_read_can_be_saved(context: ActivityContext, task: ProcessItem) -> None:
    """Data comes with KuFlow's verdict; saving it again does not send the verdict back."""
    assert task.task is not None
    assert task.task.data is not None
    request = models.ProcessItemTaskDataUpdateRequest(process_item_id=task.id, data=task.task.data)

    response = await run(context, process_items.update_process_item_task_data, request)

    assert response.valid


@pytest.mark.parametrize("attempt", [1, 2])
async def test_what_does_not_exist_ends_the_activity(context: ActivityContext, attempt: int) -> None:
    """A 404 is final, and the workflow gets KuFlow's own words about it."""
    request = models.ProcessItemTaskCompleteRequest(process_item_id=uuid4())

    failure = await fails(run(context, process_items.complete_process_item_task, request, attempt=attempt))

    assert (failure.type, failure.non_retryable) == (REST_FAILURE, True)
    assert failure.details[0]["status"] == 404


def data_of(item: ProcessItem) -> dict[str, Any]:
    """A task's data."""
    assert item.task is not None
    assert item.task.data is not None
    return item.task.data.value


def lines(item: ProcessItem) -> list[str]:
    """A task's log."""
    assert item.task is not None
    return [line.message for line in item.task.logs or ()]
