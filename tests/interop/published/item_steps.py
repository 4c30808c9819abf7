"""Process items, as a workflow on the published SDK works with them."""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from kuflow_rest import models as rest
    from kuflow_temporal_activity_kuflow import models

from tests.interop.published.run import Run, patch


async def filling(run: Run) -> None:
    """A task is created, filled in and given to somebody."""
    item_id = run.made.item_id = await new_task(run)
    update = models.ProcessItemTaskDataUpdateRequest(
        process_item_id=item_id, data=rest.JsonValue(value={"amount": 2, "list": []})
    )
    await run.call("updateProcessItemTaskData", update, models.ProcessItemTaskDataUpdateResponse)
    change = models.ProcessItemTaskDataPatchRequest(process_item_id=item_id, json_patch=patch("/deep", {"a": [1.5]}))
    await run.call("patchProcessItemTaskData", change, models.ProcessItemTaskDataPatchResponse)
    context = models.ProcessItemTaskContextDataUpdateRequest(
        process_item_id=item_id, data=rest.JsonValue(value={"hint": "here"})
    )
    await run.call("updateProcessItemTaskContextData", context, models.ProcessItemTaskContextDataUpdateResponse)
    assign = models.ProcessItemTaskAssignRequest(process_item_id=item_id, owner_email="ada@example.com")
    await run.call("assignProcessItemTask", assign, models.ProcessItemTaskAssignResponse)


async def completing(run: Run) -> None:
    """A task is claimed and completed by the worker itself, and found."""
    item_id = await new_task(run)
    claim = models.ProcessItemTaskClaimRequest(process_item_id=item_id)
    await run.call("claimProcessItemTask", claim, models.ProcessItemTaskClaimResponse)
    complete = models.ProcessItemTaskCompleteRequest(process_item_id=item_id)
    await run.call("completeProcessItemTask", complete, models.ProcessItemTaskCompleteResponse)
    retrieve = models.ProcessItemRetrieveRequest(process_item_id=item_id)
    await run.call("retrieveProcessItem", retrieve, models.ProcessItemRetrieveResponse)
    find = models.ProcessItemFindRequest(
        process_ids=[run.process_id],
        types=[rest.ProcessItemType.TASK],
        task_states=[rest.ProcessItemTaskState.COMPLETED],
        sorts=["createdAt,asc"],
        deleted=rest.DeletedQueryParam.EXCLUDE,
        size=5,
    )
    await run.call("findProcessItems", find, models.ProcessItemFindResponse)


async def talking(run: Run) -> None:
    """A thread, and a message in it."""
    thread_id = str(workflow.uuid4())
    thread = models.ProcessItemCreateRequest(
        id=thread_id,
        type=rest.ProcessItemType.THREAD,
        process_id=run.process_id,
        process_item_definition_code="TALK",
    )
    await run.call("createProcessItem", thread, models.ProcessItemCreateResponse)
    message = models.ProcessItemCreateRequest(
        id=str(workflow.uuid4()),
        type=rest.ProcessItemType.MESSAGE,
        process_id=run.process_id,
        process_item_thread_id=thread_id,
        message=rest.ProcessItemMessageCreateParams(
            text="**Grüße**", data_structure_data_definition_code="ANY", data=rest.JsonValue(value={"a": 1})
        ),
    )
    await run.call("createProcessItem", message, models.ProcessItemCreateResponse)


async def assistance(run: Run) -> None:
    """The platform's AI is asked about a task."""
    generate = models.ProcessItemAiAssistanceGenerateRequest(
        process_item_id=run.made.item_id, request_id=str(workflow.uuid4())
    )
    name = "generateProcessItemAiAssistance"
    answer = await run.ask(name, generate, models.ProcessItemAiAssistanceGenerateResponse)
    # Its state is a matter of time.
    run.facts.append((name, answer.process_item_ai_assistance.request_id))


async def assisted(run: Run) -> None:
    """What it said in the end."""
    name, response = "retrieveProcessItemAiAssistance", models.ProcessItemAiAssistanceRetrieveResponse
    retrieve = models.ProcessItemAiAssistanceRetrieveRequest(process_item_id=run.made.item_id)
    while (await run.ask(name, retrieve, response)).process_item_ai_assistance.state == "PENDING":
        await asyncio.sleep(0.5)
    await run.call(name, retrieve, response)


async def failing(run: Run) -> None:
    """Failures carry KuFlow's own error."""
    unknown = models.ProcessItemRetrieveRequest(process_item_id=str(workflow.uuid4()))
    await run.failure("not found", "retrieveProcessItem", unknown, models.ProcessItemRetrieveResponse)
    others = models.ProcessItemTaskCompleteRequest(process_item_id=run.made.item_id)
    await run.failure("somebody else's", "completeProcessItemTask", others, models.ProcessItemTaskCompleteResponse)
    owner = models.ProcessItemTaskAssignRequest(process_item_id=run.made.item_id, owner_email="no@example.com")
    await run.failure("no such owner", "assignProcessItemTask", owner, models.ProcessItemTaskAssignResponse)


async def refusing(run: Run) -> None:
    """Wrong requests end the activity before anything is sent."""
    nothing = models.ProcessItemRetrieveRequest(process_item_id="")
    await run.failure("no id", "retrieveProcessItem", nothing, models.ProcessItemRetrieveResponse)
    nobody = models.ProcessItemTaskAssignRequest(process_item_id=run.made.item_id)
    await run.failure("no owner", "assignProcessItemTask", nobody, models.ProcessItemTaskAssignResponse)
    unchanged = models.ProcessItemTaskDataPatchRequest(process_item_id=run.made.item_id, json_patch=[])
    await run.failure("no patch", "patchProcessItemTaskData", unchanged, models.ProcessItemTaskDataPatchResponse)
    task = models.ProcessItemCreateRequest(
        id=str(workflow.uuid4()), type=rest.ProcessItemType.TASK, process_id=run.process_id
    )
    await run.failure("no definition", "createProcessItem", task, models.ProcessItemCreateResponse)
    message = models.ProcessItemCreateRequest(
        id=str(workflow.uuid4()), type=rest.ProcessItemType.MESSAGE, process_id=run.process_id
    )
    await run.failure("no message", "createProcessItem", message, models.ProcessItemCreateResponse)


async def logging(run: Run) -> None:
    """A line in a task's log, and no other."""
    log = models.ProcessItemTaskLogAppendRequest(
        process_item_id=run.made.item_id, message="Grüße", level=rest.ProcessItemTaskLogLevel.WARN
    )
    answer = await run.call("appendProcessItemTaskLog", log, models.ProcessItemTaskLogAppendResponse)
    run.facts.append(("log", [(each.message, each.level) for each in answer.process_item.task.logs[-1:]]))


async def cancelling(run: Run) -> None:
    """The open items of the process are cancelled."""
    cancel = models.ProcessItemsCancelRequest(process_id=run.process_id, process_item_ids=[run.made.item_id])
    await run.call("cancelProcessItems", cancel, models.ProcessItemsCancelResponse)


async def new_task(run: Run, code: str = "FORM") -> str:
    """Create a task; its id."""
    create = models.ProcessItemCreateRequest(
        id=str(workflow.uuid4()),
        type=rest.ProcessItemType.TASK,
        process_id=run.process_id,
        process_item_definition_code=code,
        task=rest.ProcessItemTaskCreateParams(data=rest.JsonValue(value={"amount": 1})),
    )
    await run.call("createProcessItem", create, models.ProcessItemCreateResponse)
    return str(create.id)
