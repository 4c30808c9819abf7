"""Activities on actions, deletions and bulk cancellations of processes, on context data and on AI assistance."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from kurun_activities import ai_assistance, models, process_actions, process_items, processes
from kurun_activities.context import ActivityContext
from kurun_activities.failure_types import REST_FAILURE
from kurun_clients.kuflow.models import (
    JsonValue,
    ProcessActionCreateParamsStartRelatedProcess,
    ProcessActionStatus,
    ProcessItemCreateParams,
    ProcessItemTaskState,
    ProcessItemType,
)
from tests.activity_runs import fails, run
from tests.kuflow_api import KuFlowApi

DEFINITIONS = """
tenant: {name: Acme}
principals:
  applications: [{name: worker}]
  users: [{name: Ada Clerk, email: ada@example.com}]
processDefinitions:
  - code: LOAN
    workflowType: LoanWorkflow
    taskQueue: loans
    metadata: {type: object}
    processItemDefinitions:
      - {code: FORM, type: TASK, contextData: {type: object, properties: {limit: {type: number}}}}
    processActionDefinitions:
      - {code: ASK, type: CREATE_TASK, processItemDefinitionCode: FORM}
      - {code: AGAIN, type: START_RELATED_PROCESS, processDefinitionCode: LOAN}
      - {code: CHECK, type: START_WORKFLOW, workflowType: CheckWorkflow}
"""


async def task(api: KuFlowApi, process_id: UUID) -> UUID:
    """A new task."""
    params = ProcessItemCreateParams(
        id=uuid4(), type=ProcessItemType.TASK, process_id=process_id, process_item_definition_code="FORM"
    )
    return (await api.worker.process_items.create(params)).id


async def states(api: KuFlowApi, process_id: UUID) -> dict[UUID, ProcessItemTaskState | str]:
    """The tasks of a process and how they stand."""
    items = [item async for item in api.worker.process_items.iterate(process_id=process_id)]
    return {item.id: item.task.state for item in items if item.task}


async def invoke(context: ActivityContext, process_id: UUID, code: str, **given: Any) -> Any:
    """Invoke an action of a process."""
    info = {"workflow_id": given.pop("workflow_id", str(uuid4())), "attempt": given.pop("attempt", 1)}
    request = models.ProcessActionCreateRequest(process_id=process_id, processActionDefinitionCode=code, **given)
    response = await run(context, process_actions.create_process_action, request, **info)
    return response.process_action


async def test_actions_that_are_done_at_once(context: ActivityContext, api: KuFlowApi, process_id: UUID) -> None:
    """Actions create tasks and start processes."""
    asked = await invoke(context, process_id, "ASK")
    metadata = ProcessActionCreateParamsStartRelatedProcess(metadata={"amount": 1})
    again = await invoke(context, process_id, "AGAIN", start_related_process=metadata)

    assert [asked.status, again.status] == [ProcessActionStatus.COMPLETED] * 2
    assert list(await states(api, process_id)) == [asked.create_task.process_item_id]
    started = await api.worker.processes.retrieve(again.start_related_process.process_id)
    assert started.metadata is not None
    assert started.metadata.value == {"amount": 1}


async def test_an_action_is_invoked_once(context: ActivityContext, api: KuFlowApi, process_id: UUID) -> None:
    """Without an id the activity's own is taken: after a lost reply there is one task."""
    who = {"workflow_id": str(process_id)}
    api.misbehave(method="POST", path="/actions$", drop="after", times=10)
    failure = await fails(invoke(context, process_id, "ASK", **who))
    api.scenario.clear()

    action = await invoke(context, process_id, "ASK", attempt=2, **who)

    assert (failure.type, failure.non_retryable) == (REST_FAILURE, False)
    assert [action.create_task.process_item_id] == list(await states(api, process_id))


async def test_an_action_is_cancelled(context: ActivityContext, process_id: UUID) -> None:
    """An action that a workflow carries out is REQUESTED until it is cancelled; a second time changes nothing."""
    action = await invoke(context, process_id, "CHECK")
    named = {"process_id": process_id, "process_action_id": action.id}
    cancel = models.ProcessActionCancelRequest(**named)
    first = await run(context, process_actions.cancel_process_action, cancel)
    second = await run(context, process_actions.cancel_process_action, cancel)
    read = await run(context, process_actions.retrieve_process_action, models.ProcessActionRetrieveRequest(**named))

    assert action.status is ProcessActionStatus.REQUESTED
    assert {each.process_action.status for each in (first, second, read)} == {ProcessActionStatus.CANCELED}


async def test_an_unknown_action_ends_the_activity(context: ActivityContext, process_id: UUID) -> None:
    """What the definition does not offer cannot be invoked, now or later."""
    failure = await fails(invoke(context, process_id, "DANCE"))

    assert (failure.type, failure.non_retryable) == (REST_FAILURE, True)


async def test_named_items_are_cancelled_and_then_all(
    context: ActivityContext, api: KuFlowApi, process_id: UUID
) -> None:
    """The named tasks are cancelled first, once or twice; without names all that are left. The process goes on."""
    one, two = await task(api, process_id), await task(api, process_id)
    named = models.ProcessItemsCancelRequest(process_id=process_id, process_item_ids=[one])
    await run(context, processes.cancel_process_items, named)
    await run(context, processes.cancel_process_items, named, attempt=2)
    between = await states(api, process_id)
    response = await run(
        context, processes.cancel_process_items, models.ProcessItemsCancelRequest(process_id=process_id)
    )

    assert between == {one: ProcessItemTaskState.CANCELLED, two: ProcessItemTaskState.READY}
    assert set((await states(api, process_id)).values()) == {ProcessItemTaskState.CANCELLED}
    assert response.process.state == "RUNNING"


async def test_a_process_is_deleted_once(context: ActivityContext, api: KuFlowApi, process_id: UUID) -> None:
    """A deletion whose reply was lost is found done; searches find the process among the deleted ones."""
    await api.worker.processes.complete(process_id)
    request = models.ProcessDeleteRequest(process_id=process_id)
    api.misbehave(method="DELETE", drop="after", times=10)
    failure = await fails(run(context, processes.delete_process, request))
    api.scenario.clear()

    response = await run(context, processes.delete_process, request, attempt=2)

    assert not failure.non_retryable
    assert response.to_wire() == {}
    one_definition = {"tenant_ids": [api.tenant_id], "process_definition_codes": ["LOAN"]}
    search = models.ProcessFindRequest(size=1000, **one_definition)
    pages = {
        deleted: await run(context, processes.find_processes, search.model_copy(update={"deleted": deleted}))
        for deleted in (None, *models.DeletedQueryParam)
    }
    listed = {deleted: process_id in {each.id for each in page.processes.content} for deleted, page in pages.items()}
    assert listed == {
        None: False,
        models.DeletedQueryParam.EXCLUDE: False,
        models.DeletedQueryParam.INCLUDE: True,
        models.DeletedQueryParam.ONLY: True,
    }


async def test_deleting_what_never_was_fails(context: ActivityContext) -> None:
    """A wrong id is not taken for work that is done."""
    failure = await fails(run(context, processes.delete_process, models.ProcessDeleteRequest(process_id=uuid4())))

    assert (failure.type, failure.non_retryable) == (REST_FAILURE, True)


@pytest.mark.parametrize(("limit", "valid"), [(5, True), ("five", False)])
async def test_context_data_is_replaced(
    context: ActivityContext, api: KuFlowApi, process_id: UUID, limit: object, valid: bool
) -> None:
    """Context data is stored and judged apart from the task's data."""
    request = models.ProcessItemTaskContextDataUpdateRequest(
        process_item_id=await task(api, process_id), data=JsonValue.of({"limit": limit})
    )

    response = await run(context, process_items.update_process_item_task_context_data, request)

    assert response.process_item.task is not None
    assert response.process_item.task.data is None
    assert response.process_item.task.context_data is not None
    assert (response.process_item.task.context_data.value, response.valid) == ({"limit": limit}, valid)


async def test_ai_assistance_runs_once_under_its_id(context: ActivityContext, api: KuFlowApi, process_id: UUID) -> None:
    """A retry, even after a lost reply, answers with the run that it started; another id is refused meanwhile."""
    item_id = await task(api, process_id)
    named = {"process_item_id": item_id}
    request = models.ProcessItemAiAssistanceGenerateRequest(**named, request_id=uuid4())
    other = models.ProcessItemAiAssistanceGenerateRequest(**named, request_id=uuid4())
    read = models.ProcessItemAiAssistanceRetrieveRequest(**named)
    none_yet = await fails(run(context, ai_assistance.retrieve_process_item_ai_assistance, read))
    api.misbehave(method="POST", path="ai-assistance$", drop="after", times=10)
    await fails(run(context, ai_assistance.generate_process_item_ai_assistance, request))
    api.scenario.clear()

    again = await run(context, ai_assistance.generate_process_item_ai_assistance, request, attempt=2)
    refused = await fails(run(context, ai_assistance.generate_process_item_ai_assistance, other))
    latest = await run(context, ai_assistance.retrieve_process_item_ai_assistance, read)

    assert none_yet.details[0]["status"] == 404
    assert refused.details[0]["status"] == 409
    runs = [again.process_item_ai_assistance, latest.process_item_ai_assistance]
    assert [each.request_id for each in runs] == [request.request_id] * 2
    assert len({each.started_at for each in runs}) == 1
