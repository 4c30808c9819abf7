"""K2 activities on a real Temporal server: plain JSON in and out, and real retries that act once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from kurun_activities.context import ActivityContext
from kurun_activities.failure_types import VALIDATION_FAILURE
from kurun_activities.interceptor import KuFlowActivityInterceptor
from kurun_activities.k2 import failure_types, names
from kurun_clients.kuflow import BasicAuth, KuFlowClient
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_twin.scenario import Rule
from kurun_worker.converter import kuflow_data_converter
from kurun_worker.k2 import K2Part
from tests.k2_api import ACTING, K2Api, k2_api

RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=20), backoff_coefficient=1)
MANY = 40


@workflow.defn
class CallingK2:
    """Calls one activity by name with plain JSON, as a workflow of another SDK does."""

    @workflow.run
    async def run(self, activity: str, request: Any) -> Any:
        """The activity's result, as plain JSON."""
        timeout = timedelta(seconds=60)
        return await workflow.execute_activity(
            activity, request, schedule_to_close_timeout=timeout, retry_policy=RETRIES
        )


@pytest.fixture(scope="module")
async def client(temporal_server: TemporalServer) -> Client:
    """A client of the engine."""
    return await Client.connect(temporal_server.address, data_converter=kuflow_data_converter)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[K2Api]:
    """A new K2."""
    async with k2_api(tmp_path) as serving:
        yield serving


@pytest.fixture
async def task_queue(client: Client, api: K2Api) -> AsyncIterator[str]:
    """A queue served by a worker with K2."""
    part = K2Part.of(api.settings())
    assert part is not None
    queue = f"k2-{uuid4()}"
    async with KuFlowClient("http://127.0.0.1:9", auth=BasicAuth("nobody", "nothing")) as kuflow:
        worker = Worker(
            client,
            task_queue=queue,
            workflows=[CallingK2],
            activities=part.with_activities([]),
            interceptors=[KuFlowActivityInterceptor(ActivityContext(kuflow=kuflow)), part.interceptor],
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        async with worker:
            yield queue
    await part.aclose()


async def call(client: Client, task_queue: str, activity: str, request: Any) -> Any:
    """What an activity answers a workflow."""
    return await client.execute_workflow(
        CallingK2.run, args=[activity, request], id=f"calling-{uuid4()}", task_queue=task_queue
    )


async def fails(calling: Any) -> ApplicationError:
    """The failure that a workflow sees."""
    with pytest.raises(WorkflowFailureError) as caught:
        await calling
    assert isinstance(caught.value.cause, ActivityError)
    assert isinstance(caught.value.cause.cause, ApplicationError)
    return caught.value.cause.cause


async def test_plain_json_in_and_out(client: Client, task_queue: str, api: K2Api) -> None:
    """A task has K2's own names in the history, without null values; a gone one is an empty object."""
    api.twin.start(7, folio="L 1")
    serial_number = api.twin.serial("svc")
    request = {"serialNumber": f"SN={serial_number}"}

    answer = await call(client, task_queue, names.RETRIEVE_TASK, request)
    gone = await call(client, task_queue, names.RETRIEVE_TASK, {"serialNumber": "999_1"})

    assert answer["task"]["serialNumber"] == serial_number
    assert answer["task"]["workflowInstanceFolio"] == "L 1"
    assert gone == {}


@pytest.mark.parametrize("request_", [{}, {"serialNumber": "42"}, "text", None])
async def test_a_request_that_cannot_be_read_fails_at_once(client: Client, task_queue: str, request_: Any) -> None:
    """A wrong request is a validation failure with a reason, not an endless retry."""
    ended = await fails(call(client, task_queue, names.RETRIEVE_TASK, request_))

    assert (ended.type, ended.non_retryable) == (VALIDATION_FAILURE, True)


@pytest.mark.parametrize("trouble", [{"drop": "after"}, {"status": 503}, {"status": 429}])
async def test_an_instance_is_started_once_through_real_retries(
    client: Client, task_queue: str, api: K2Api, trouble: dict[str, Any]
) -> None:
    """The note of a refused attempt reaches the next, which starts; a lost reply is looked into."""
    api.misbehave(
        method="POST", path=r"/workflows/7$", times=1 if "drop" in trouble else 2, retry_after=0.01, **trouble
    )
    request = {"workflowId": 7, "folio": "L 1", "dataFields": {"Amount": 5}, "businessKey": "once"}

    answer = await call(client, task_queue, names.START_WORKFLOW, request)

    [started] = api.twin.history(what="started")
    assert started["instance_id"] == answer["workflowInstanceId"]
    assert answer["found"] == ("drop" in trouble)


async def test_many_actions_happen_once_each(client: Client, task_queue: str, api: K2Api) -> None:
    """Replies are lost after acting, calls are lost before it, K2 is busy: every task is acted on exactly once."""
    serials = []
    for _ in range(MANY):
        api.twin.start(7)
        serials.append(api.twin.serial("svc"))
    api.twin.scenario.replace(
        [
            Rule(method="POST", path=ACTING, drop="after", probability=0.3),
            Rule(method="POST", path=ACTING, drop="before", probability=0.2),
            Rule(method="POST", path=ACTING, status=503, probability=0.2),
            Rule(method="GET", status=503, probability=0.1),
        ],
        seed=7,
    )

    answers = await asyncio.gather(
        *(
            call(
                client,
                task_queue,
                names.ACT_ON_TASK,
                {"serialNumber": serial, "action": "Approve", "markerField": "Marker"},
            )
            for serial in serials
        )
    )

    acted = [each["serial"] for each in api.twin.history(what="acted")]
    assert sorted(serials) == sorted(acted)
    assert any(each["found"] for each in answers)


async def test_an_unknown_outcome_reaches_the_workflow_with_what_was_seen(
    client: Client, task_queue: str, api: K2Api
) -> None:
    """The failure ends the activity; its detail is readable in every SDK."""
    api.twin.start(7)
    serial_number = api.twin.serial("svc")
    api.misbehave(method="POST", path=ACTING, drop="after", times=1)

    ended = await fails(
        call(client, task_queue, names.ACT_ON_TASK, {"serialNumber": serial_number, "action": "Approve"})
    )

    assert (ended.type, ended.non_retryable) == (failure_types.UNKNOWN_OUTCOME, True)
    assert [{"serialNumber": serial_number, "action": "Approve", "seen": "gone", "attempts": 2}] == list(ended.details)
