"""Starting K2 workflows: every lost reply is looked into, and no instance is started twice."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from kurun_activities.failure_types import VALIDATION_FAILURE
from kurun_activities.k2 import failure_types
from kurun_activities.k2.models import (
    K2OperationRunRequest,
    K2ProcessStart,
    K2ServicesInstancesStartRequest,
    K2ServicesInstanceStartByNameRequest,
    K2ServicesInstanceStartRequest,
    K2WorkflowFindRequest,
    K2WorkflowRetrieveRequest,
    K2WorkflowSchemaRetrieveRequest,
    K2WorkflowStartRequest,
)
from kurun_activities.k2.services.processes import start_instance, start_instance_by_name, start_instances
from kurun_activities.k2.starts import PAUSES
from kurun_activities.k2.workflows import (
    find_workflows,
    retrieve_workflow,
    retrieve_workflow_schema,
    run_operation,
    start_workflow,
)
from tests.k2_api import Attempts, K2Api, k2_api, run

NAME = r"Loans\Approval"
START = r"(?i)/workflows/\d+$|StartInstance"


@pytest.fixture
async def api(tmp_path: Any) -> AsyncIterator[K2Api]:
    """A new K2."""
    async with k2_api(tmp_path) as serving:
        yield serving


async def failure(attempt: Any) -> ApplicationError:
    """How an attempt fails."""
    with pytest.raises(ApplicationError) as caught:
        await attempt
    return caught.value


STARTS: dict[str, tuple[Any, Any]] = {
    "rest": (start_workflow, K2WorkflowStartRequest(workflow_id=7, folio="L 1", business_key="key-1")),
    "by name": (
        start_instance_by_name,
        K2ServicesInstanceStartByNameRequest(full_name=NAME, folio="L 1", business_key="key-1"),
    ),
    "document": (
        start_instance,
        K2ServicesInstanceStartRequest(
            instance=K2ProcessStart(full_name=NAME, folio="L 1", data_fields={"Amount": 5}), business_key="key-1"
        ),
    ),
}


@pytest.mark.parametrize(
    ("how", "apis"),
    [
        ("rest", {}),
        ("rest", {"services": False}),
        ("by name", {"workflow": False}),
        ("document", {}),
        ("document", {"workflow": False}),
    ],
)
async def test_a_start_whose_reply_is_lost_is_found(api: K2Api, how: str, apis: dict[str, bool]) -> None:
    """The next attempt finds the instance by its key, in whichever API lists tasks, and starts nothing."""
    function, request = STARTS[how]
    async with api.clients(**apis) as clients:
        attempts = Attempts(clients, function, request)
        api.misbehave(path=START, drop="after")
        lost = await failure(attempts.next())
        found = (await attempts.next()).to_wire()

    [started] = api.twin.history(what="started")
    assert (lost.type, lost.non_retryable) == (failure_types.INTERRUPTED, False)
    assert started["instance_id"] == found.get("instanceId", found.get("workflowInstanceId"))
    assert (found["found"], found["folio"]) == (True, "L 1 [kuflow:key-1]")


@pytest.mark.parametrize("how", STARTS)
async def test_a_first_attempt_starts_at_once(api: K2Api, how: str) -> None:
    """Without trouble there is one call and one instance; the key is in its folio."""
    function, request = STARTS[how]
    async with api.clients() as clients:
        answer = await run(clients, function, request)

    [started] = api.twin.history(what="started")
    assert started["detail"]["folio"] == answer.folio == "L 1 [kuflow:key-1]"
    assert (answer.found, answer.business_key) == (False, "key-1")


@pytest.mark.parametrize("how", STARTS)
async def test_a_start_that_k2_refused_is_made_by_the_next_attempt(api: K2Api, how: str) -> None:
    """After a 503 nothing has to be looked for."""
    function, request = STARTS[how]
    async with api.clients() as clients:
        attempts = Attempts(clients, function, request)
        api.misbehave(path=START, status=503, times=2)
        refused = [(await failure(attempts.next())).type for _ in range(2)]
        answer = await attempts.next()

    assert refused == [failure_types.TEMPORARY] * 2
    assert not answer.found
    assert len(api.twin.happened(what="started")) == 1


@pytest.mark.parametrize("drop", ["before", "after"])
async def test_what_cannot_be_found_is_looked_for_and_never_started_again(api: K2Api, drop: str) -> None:
    """An instance without a task for us looks like one that was never started: the workflow decides."""
    request = K2WorkflowStartRequest(workflow_id=11, folio="S", business_key="key-2")
    async with api.clients() as clients:
        attempts = Attempts(clients, start_workflow, request)
        api.misbehave(path=START, drop=drop, times=1)
        await failure(attempts.next())
        looks = [await failure(attempts.next()) for _ in range(len(PAUSES) + 1)]

    assert [each.type for each in looks] == [failure_types.INTERRUPTED] * 5 + [failure_types.UNKNOWN_OUTCOME]
    assert [each.next_retry_delay for each in looks[:-1]] == list(PAUSES)
    assert looks[-1].non_retryable
    assert looks[-1].details[0] == {
        "businessKeys": ["key-2"],
        "folios": ["S [kuflow:key-2]"],
        "found": {},
        "lookedIn": ["tasks", "worklist"],
        "attempts": 7,
    }
    assert len(api.twin.happened(what="started")) == (1 if drop == "after" else 0)


async def test_trouble_while_looking_is_no_look(api: K2Api) -> None:
    """A list that K2 does not give says nothing; the count of looks goes on afterwards."""
    request = K2WorkflowStartRequest(workflow_id=11, business_key="key-3")
    async with api.clients(services=False) as clients:
        attempts = Attempts(clients, start_workflow, request)
        api.misbehave(path=START, drop="before", times=1)
        await failure(attempts.next())
        first = await failure(attempts.next())
        api.misbehave(method="GET", path="/tasks", status=503, times=1)
        trouble = await failure(attempts.next())
        second = await failure(attempts.next())

    assert trouble.type == failure_types.TEMPORARY
    assert [first.next_retry_delay, second.next_retry_delay] == list(PAUSES[:2])


async def test_without_a_key_all_attempts_share_one(api: K2Api) -> None:
    """It is derived from the activity, and differs for another activity."""
    request = K2WorkflowStartRequest(workflow_id=7)
    async with api.clients() as clients:
        attempts = Attempts(clients, start_workflow, request)
        api.misbehave(path=START, drop="after", times=1)
        await failure(attempts.next())
        found = await attempts.next()
        other = await run(clients, start_workflow, request, activity_id="another")

    assert (found.found, other.found) == (True, False)
    assert found.workflow_instance_id != other.workflow_instance_id
    assert found.business_key != other.business_key


async def test_several_are_started_once_each(api: K2Api) -> None:
    """The ids come in the order of the request, in a first attempt and when an earlier one is found."""
    instances = tuple(K2ProcessStart(full_name=NAME, folio=f"L {number}") for number in range(3))
    request = K2ServicesInstancesStartRequest(instances=instances, business_key="batch")
    async with api.clients() as clients:
        attempts = Attempts(clients, start_instances, request)
        api.misbehave(path=START, drop="after", times=1)
        await failure(attempts.next())
        found = await attempts.next()
        again = await run(clients, start_instances, request.model_copy(update={"business_key": "more"}))

    folios = {each["instance_id"]: each["detail"]["folio"] for each in api.twin.history(what="started")}
    assert [f"L {number} [kuflow:batch:{number + 1}]" for number in range(3)] == [
        folios[each] for each in found.instance_ids
    ]
    assert [f"L {number} [kuflow:more:{number + 1}]" for number in range(3)] == [
        folios[each] for each in again.instance_ids
    ]
    assert (len(folios), found.found, again.found) == (6, True, False)


async def test_an_input_that_breaks_the_schema_ends_the_activity(api: K2Api) -> None:
    """It is the workflow's mistake; nothing is started."""
    request = K2WorkflowStartRequest(workflow_id=7, data_fields={"Amount": "much"})
    async with api.clients() as clients:
        refused = await failure(Attempts(clients, start_workflow, request).next())

    assert (refused.type, refused.non_retryable) == (VALIDATION_FAILURE, True)
    assert "Amount" in refused.message
    assert api.twin.happened() == []


async def test_workflows_are_read(api: K2Api) -> None:
    """List, details, schema, and the operation that K2 reserves for itself."""
    async with api.clients() as clients:
        listed = await run(clients, find_workflows, K2WorkflowFindRequest(type="Startable"))
        details = await run(clients, retrieve_workflow, K2WorkflowRetrieveRequest(workflow_id=7))
        schema = await run(clients, retrieve_workflow_schema, K2WorkflowSchemaRetrieveRequest(workflow_id=7))
        answer = await run(clients, run_operation, K2OperationRunRequest())

    assert {each.id for each in listed.workflows} == {7, 9, 11}
    assert details.workflow_info is not None
    assert details.workflow_info.name == "Approval"
    assert "dataFields" in str(schema.workflow_schema)
    assert isinstance(answer.answer, str)
