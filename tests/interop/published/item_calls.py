"""The group Process item."""

from kuflow_rest import models

from tests.interop.published.calls import Session, call, new_id, refused, replace, same


@call
def create_process_item(session: Session) -> None:
    """A task, a thread and a message in it."""
    process = session.made.item_process = session.new_process()
    items = session.application.process_item
    params = models.ProcessItemCreateParams(
        id=new_id(),
        type=models.ProcessItemType.TASK,
        process_id=process.id,
        process_item_definition_code="FORM",
        task=models.ProcessItemTaskCreateParams(data=models.JsonValue(value={"amount": 1})),
    )
    task = items.create_process_item(params)
    same((params.id, f"ku:process-item/{params.id}"), (task.id, task.uri))
    same((models.ProcessItemType.TASK, "FORM"), (task.type, task.process_item_definition_ref.code))
    same((models.ProcessItemTaskState.READY, {"amount": 1}), (task.task.state, task.task.data.value))
    same(task, items.create_process_item(params))
    thread = items.create_process_item(
        models.ProcessItemCreateParams(
            type=models.ProcessItemType.THREAD, process_id=process.id, process_item_definition_code="TALK"
        )
    )
    message = items.create_process_item(
        models.ProcessItemCreateParams(
            type=models.ProcessItemType.MESSAGE,
            process_id=process.id,
            process_item_thread_id=thread.id,
            message=models.ProcessItemMessageCreateParams(text="**Grüße**"),
        )
    )
    same((thread.id, "**Grüße**"), (message.process_item_thread_id, message.message.text))
    session.made.task = task


@call
def retrieve_process_item(session: Session) -> None:
    """The same again."""
    same(session.made.task, session.application.process_item.retrieve_process_item(session.made.task.id))
    same(404, refused(404, lambda: session.application.process_item.retrieve_process_item(new_id())).status)


@call
def find_process_items(session: Session) -> None:
    """By process, type, state and definition."""
    task = session.made.task
    page = session.application.process_item.find_process_items(
        process_id=[task.process_id],
        type=[models.ProcessItemType.TASK],
        task_state=[models.ProcessItemTaskState.READY],
        process_item_definition_code="FORM",
        process_definition_code="CALLS",
        deleted=models.DeletedQueryParam.EXCLUDE,
    )
    same([(task.id, "READY")], [(each.id, each.task.state) for each in page.content])
    everything = session.application.process_item.find_process_items(process_id=task.process_id)
    same(["MESSAGE", "TASK", "THREAD"], sorted(each.type for each in everything.content))


@call
def claim_process_item_task(session: Session) -> None:
    """As a person; nobody else can then."""
    claimed = session.ada.process_item.claim_process_item_task(session.made.task.id)
    same((models.ProcessItemTaskState.CLAIMED, session.ada_id), (claimed.task.state, claimed.owner_id))
    refused(409, lambda: session.application.process_item.claim_process_item_task(claimed.id))


@call
def assign_process_item_task(session: Session) -> None:
    """To somebody else, and back."""
    items, task = session.application.process_item, session.made.task
    grace = items.assign_process_item_task(task.id, models.ProcessItemTaskAssignParams(owner_email="grace@example.com"))
    same(session.info["users"][1]["principal_id"], grace.owner_id)
    refused(403, lambda: session.ada.process_item.complete_process_item_task(task.id))
    ada = items.assign_process_item_task(task.id, models.ProcessItemTaskAssignParams(owner_id=session.ada_id))
    same(session.ada_id, ada.owner_id)


@call
def append_process_item_task_log(session: Session) -> None:
    """A line with its level."""
    params = models.ProcessItemTaskAppendLogParams(message="on its way", level=models.ProcessItemTaskLogLevel.WARN)
    (line,) = session.application.process_item.append_process_item_task_log(session.made.task.id, params).task.logs
    same(("on its way", "WARN"), (line.message, line.level))
    assert line.id
    assert line.timestamp.tzinfo


@call
def update_process_item_task_data(session: Session) -> None:
    """Invalid data is kept and flagged."""
    params = models.ProcessItemTaskDataUpdateParams(data=models.JsonValue(value={"amount": "much"}))
    data = session.application.process_item.update_process_item_task_data(session.made.task.id, params).task.data
    same((False, {"amount": "much"}, "/amount"), (data.valid, data.value, data.errors[0].property_path))


@call
def patch_process_item_task_data(session: Session) -> None:
    """RFC 6902; the published client cannot send a null, it leaves such a value out."""
    operations = [*replace("/amount", 2), *replace("/list", [{"a": None}])]
    data = session.application.process_item.patch_process_item_task_data(session.made.task.id, operations).task.data
    same((True, {"amount": 2, "list": [{"a": None}]}), (data.valid, data.value))


@call
def update_process_item_task_context_data(session: Session) -> None:
    """Beside the data."""
    params = models.ProcessItemTaskContextDataUpdateParams(data=models.JsonValue(value={"hint": "here"}))
    item = session.application.process_item.update_process_item_task_context_data(session.made.task.id, params)
    same((True, {"hint": "here"}), (item.task.context_data.valid, item.task.context_data.value))


@call
def generate_process_item_ai_assistance(session: Session) -> None:
    """Asked for under an id of the client's own."""
    session.made.request_id = new_id()
    params = models.ProcessItemAiAssistanceGenerateParams(request_id=session.made.request_id)
    answer = session.application.process_item.generate_process_item_ai_assistance(session.made.task.id, params)
    same(session.made.request_id, answer.request_id)
    assert answer.state in list(models.ProcessItemAiAssistanceState), answer.state
    assert answer.started_at.tzinfo


@call
def retrieve_process_item_ai_assistance(session: Session) -> None:
    """What has become of it."""
    answer = session.application.process_item.retrieve_process_item_ai_assistance(session.made.task.id)
    same(session.made.request_id, answer.request_id)
    assert answer.state in list(models.ProcessItemAiAssistanceState), answer.state


@call
def download_process_item_task_data_webforms_as_document(session: Session) -> None:
    """Only for tenants that asked for it: refused, with a reason."""
    items = session.application.process_item
    error = refused(
        403,
        lambda: b"".join(
            items.download_process_item_task_data_webforms_as_document(session.made.task.id, property_path="/form")
        ),
    )
    same(403, error.status)


@call
def complete_process_item_task(session: Session) -> None:
    """By the one who claimed it."""
    item = session.ada.process_item.complete_process_item_task(session.made.task.id)
    same(models.ProcessItemTaskState.COMPLETED, item.task.state)
    params = models.ProcessItemTaskDataUpdateParams(data=models.JsonValue(value={}))
    refused(409, lambda: session.application.process_item.update_process_item_task_data(item.id, params))
