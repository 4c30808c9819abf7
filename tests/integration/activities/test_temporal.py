"""Activities on a real Temporal server: decoded, named, retried and reported as a workflow sees them."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from kurun_activities import names
from kurun_activities.context import ActivityContext
from kurun_activities.failure_types import REST_FAILURE, VALIDATION_FAILURE
from kurun_activities.interceptor import KuFlowActivityInterceptor
from kurun_activities.registry import kuflow_activities
from kurun_clients.kuflow.models import ProcessCreateParams, ProcessItemCreateParams, ProcessItemType, ProcessState
from kurun_worker.converter import kuflow_data_converter
from kurun_workflows import KuFlowProcess, WorkflowRequest
from tests.kuflow_api import KuFlowApi, kuflow_api

RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=20), maximum_attempts=5)


@workflow.defn
class Calling:
    """Calls one activity by name with plain JSON, as a workflow of another SDK does."""

    @workflow.run
    async def run(self, activity: str, request: Any) -> Any:
        """The activity's result, as plain JSON."""
        timeout = timedelta(seconds=20)
        return await workflow.execute_activity(activity, request, start_to_close_timeout=timeout, retry_policy=RETRIES)


@workflow.defn
class Supervising:
    """Uses what the process helper offers for whole processes and for context data."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> list[str]:
        """Ids of the processes that it started: the first is completed, the second cancelled."""
        process = KuFlowProcess(request)
        task = await process.create_task("FORM")
        await process.save_context_data(task, {"limit": 5})
        first = await process.create_process("LOAN", metadata={"amount": 1})
        second = await process.create_process("LOAN", related=False)
        await process.complete_process(first.id)
        await process.cancel_process(second.id)
        return [str(first.id), str(second.id)]


@pytest.fixture(scope="module")
async def temporal() -> AsyncIterator[Client]:
    """A Temporal server of its own."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(Path(sys.executable).parent / "temporal"), dev_server_log_level="error"
    )
    async with environment:
        yield await Client.connect(
            environment.client.service_client.config.target_host, data_converter=kuflow_data_converter
        )


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KuFlowApi]:
    """KuFlow's API."""
    async with kuflow_api(tmp_path_factory.mktemp("kuflow")) as serving:
        yield serving


@pytest.fixture
async def task_queue(temporal: Client, api: KuFlowApi) -> AsyncIterator[str]:
    """A queue served by a worker with all activities."""
    api.scenario.clear()
    queue = f"activities-{uuid4()}"
    worker = Worker(
        temporal,
        task_queue=queue,
        workflows=[Calling, Supervising],
        activities=kuflow_activities(),
        interceptors=[KuFlowActivityInterceptor(ActivityContext(kuflow=api.worker))],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        yield queue


@pytest.fixture
async def task_id(api: KuFlowApi) -> UUID:
    """A task."""
    process = await api.worker.processes.create(
        ProcessCreateParams(id=uuid4(), tenant_id=api.tenant_id, process_definition_code="LOAN")
    )
    params = ProcessItemCreateParams(
        id=uuid4(), type=ProcessItemType.TASK, process_id=process.id, process_item_definition_code="FORM"
    )
    return (await api.worker.process_items.create(params)).id


async def call(temporal: Client, task_queue: str, activity: str, request: Any) -> Any:
    """What an activity answers a workflow."""
    return await temporal.execute_workflow(
        Calling.run, args=[activity, request], id=f"calling-{uuid4()}", task_queue=task_queue
    )


async def fails(calling: Any) -> ApplicationError:
    """The failure that a workflow sees."""
    with pytest.raises(WorkflowFailureError) as caught:
        await calling
    assert isinstance(caught.value.cause, ActivityError)
    assert isinstance(caught.value.cause.cause, ApplicationError)
    return caught.value.cause.cause


@pytest.mark.parametrize("activity", names.SPELLINGS[names.RETRIEVE_PROCESS_ITEM])
async def test_plain_json_in_and_out(
    temporal: Client, task_queue: str, api: KuFlowApi, task_id: UUID, activity: str
) -> None:
    """Under each spelling an activity takes KuFlow's JSON and answers with it, without null values."""
    answer = await call(temporal, task_queue, activity, {"processItemId": str(task_id), "newInNextYear": None})

    item = await api.worker.process_items.retrieve(task_id)
    assert answer == {"processItem": json.loads(item.to_wire_json())}
    assert "null" not in json.dumps(answer)


@pytest.mark.parametrize("request_", [{}, {"processItemId": "42"}, "text", None, [1]])
async def test_a_request_that_cannot_be_read_fails_at_once(temporal: Client, task_queue: str, request_: Any) -> None:
    """A wrong request is a validation failure with a reason, not an endless retry."""
    failure = await fails(call(temporal, task_queue, names.RETRIEVE_PROCESS_ITEM, request_))

    assert (failure.type, failure.non_retryable) == (VALIDATION_FAILURE, True)
    assert "ProcessItemRetrieveRequest" in failure.message or "takes one request" in failure.message


async def test_a_refusal_reaches_the_workflow_with_its_detail(temporal: Client, task_queue: str) -> None:
    """KuFlow's own error is the failure's detail, readable in every SDK; nothing of our credentials is in it."""
    failure = await fails(call(temporal, task_queue, names.RETRIEVE_PROCESS_ITEM, {"processItemId": str(uuid4())}))

    assert (failure.type, failure.non_retryable) == (REST_FAILURE, True)
    [detail] = failure.details
    assert (detail["status"], type(detail["message"])) == (404, str)


@pytest.mark.parametrize("trouble", [{"drop": "after"}, {"drop": "before"}, {"status": 429}, {"status": 503}])
async def test_a_line_is_appended_once_through_real_retries(
    temporal: Client, task_queue: str, api: KuFlowApi, task_id: UUID, trouble: dict[str, Any]
) -> None:
    """Whatever happens to two attempts, Temporal retries, and the line stands in the log exactly once."""
    api.misbehave(method="POST", path="append-log", times=2, **trouble)
    request = {"processItemId": str(task_id), "message": "hello", "level": "WARN"}

    await call(temporal, task_queue, names.APPEND_PROCESS_ITEM_TASK_LOG, request)

    item = await api.worker.process_items.retrieve(task_id)
    assert item.task is not None
    assert [(line.message, line.level) for line in item.task.logs or ()] == [("hello", "WARN")]


async def test_a_refused_patch_is_repeated_and_an_unknown_one_is_not(
    temporal: Client, task_queue: str, api: KuFlowApi, task_id: UUID
) -> None:
    """After a 429 the note of the refused attempt reaches the next, which appends; a lost reply ends the activity."""
    operations = [{"op": "add", "path": "/l", "value": []}]
    setting = {"processItemId": str(task_id), "jsonPatch": operations}
    await call(temporal, task_queue, names.PATCH_PROCESS_ITEM_TASK_DATA, setting)
    appending = {"processItemId": str(task_id), "jsonPatch": [{"op": "add", "path": "/l/-", "value": "x"}]}

    api.misbehave(method="PATCH", status=429, times=1)
    answer = await call(temporal, task_queue, names.PATCH_PROCESS_ITEM_TASK_DATA, appending)
    api.misbehave(method="PATCH", drop="after", times=1)
    failure = await fails(call(temporal, task_queue, names.PATCH_PROCESS_ITEM_TASK_DATA, appending))

    assert answer["processItem"]["task"]["data"]["value"] == {"l": ["x"]}
    assert failure.type == "KuFlowActivities.UnknownOutcome"


async def test_items_without_ids_are_created_once_each(
    temporal: Client, task_queue: str, api: KuFlowApi, task_id: UUID
) -> None:
    """Derived ids differ between activities and stay the same between attempts."""
    process_id = (await api.worker.process_items.retrieve(task_id)).process_id
    api.misbehave(method="POST", path="/process-items$", drop="after", times=6)
    request = {"type": "TASK", "processId": str(process_id), "processItemDefinitionCode": "FORM"}

    answers = await asyncio.gather(*(call(temporal, task_queue, names.CREATE_PROCESS_ITEM, request) for _ in range(3)))

    created = {answer["processItem"]["id"] for answer in answers}
    found = {str(item.id) async for item in api.worker.process_items.iterate(process_id=process_id)}
    assert len(created) == 3
    assert created == found - {str(task_id)}


async def test_a_workflow_directs_other_processes(
    temporal: Client, task_queue: str, api: KuFlowApi, task_id: UUID
) -> None:
    """The helper starts processes in its own tenant, completes and cancels them, and sets context data."""
    process_id = (await api.worker.process_items.retrieve(task_id)).process_id
    request = WorkflowRequest(process_id=process_id)

    ids = await temporal.execute_workflow(Supervising.run, request, id=f"calling-{uuid4()}", task_queue=task_queue)

    first, second = [await api.worker.processes.retrieve(each) for each in ids]
    assert [first.state, second.state] == [ProcessState.COMPLETED, ProcessState.CANCELLED]
    assert first.metadata is not None
    assert first.metadata.value == {"amount": 1}
    page = await api.worker.process_items.find(process_id=process_id, sort="createdAt,desc", size=1)
    item = await api.worker.process_items.retrieve(page.content[0].id)
    assert item.task is not None
    assert item.task.context_data is not None
    assert item.task.context_data.value == {"limit": 5}
