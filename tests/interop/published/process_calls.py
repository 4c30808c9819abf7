"""The group Process."""

import datetime as dt

from kuflow_rest import models
from kuflow_rest.utils import encode_filter_expression, parse_kuflow_file

from tests.interop.published.calls import Session, call, document, new_id, refused, replace, same

CONTENT = bytes(range(256)) * 40


@call
def create_process(session: Session) -> None:
    """Created with an id of the client's own; a repeat finds it."""
    params = models.ProcessCreateParams(
        id=new_id(),
        process_definition_code="CALLS",
        tenant_id=session.tenant_id,
        initiator_email="ada@example.com",
        metadata=models.JsonValue(value={"reference": "a b&c=d%", "amount": 1.5}),
    )
    made = session.application.process.create_process(params)
    same(params.id, made.id)
    same(f"ku:process/{made.id}", made.uri)
    same(models.ProcessState.RUNNING, made.state)
    same("CALLS", made.process_definition_ref.code)
    same(session.ada_id, made.initiator_id)
    same(session.tenant_id, made.tenant_id)
    same((True, {"reference": "a b&c=d%", "amount": 1.5}), (made.metadata.valid, made.metadata.value))
    assert isinstance(made.created_at, dt.datetime)
    same(made, session.application.process.create_process(params))
    session.made.process = made


@call
def retrieve_process(session: Session) -> None:
    """The same again; one that does not exist is a 404 with a reason."""
    same(session.made.process, session.application.process.retrieve_process(session.made.process.id))
    error = refused(404, lambda: session.application.process.retrieve_process(new_id()))
    same(404, error.status)
    assert error.message
    assert error.timestamp.tzinfo


@call
def find_processes(session: Session) -> None:
    """Filters that the published client encodes in its own way."""
    process = session.made.process
    page = session.application.process.find_processes(
        size=10,
        sort=["createdAt,desc", "id"],
        process_definition_code="CALLS",
        state=models.ProcessState.RUNNING,
        initiator_id=[session.ada_id],
        metadata=[encode_filter_expression("reference", "eq", "a b&c=d%")],
        deleted=models.DeletedQueryParam.EXCLUDE,
    )
    same([process.id], [each.id for each in page.content])
    same((10, 0, 1, 1), _metadata(page.metadata))
    same("CALLS", page.content[0].process_definition_ref.code)
    error = refused(400, lambda: session.application.process.find_processes(size=1001))
    same("size", error.errors[0].location)


@call
def update_process_metadata(session: Session) -> None:
    """Invalid data is kept and flagged."""
    params = models.ProcessMetadataUpdateParams(metadata=models.JsonValue(value={"amount": "much"}))
    process = session.application.process.update_process_metadata(session.made.process.id, params)
    same((False, {"amount": "much"}), (process.metadata.valid, process.metadata.value))
    same("/amount", process.metadata.errors[0].property_path)
    assert process.metadata.errors[0].type


@call
def patch_process_metadata(session: Session) -> None:
    """RFC 6902."""
    process = session.application.process.patch_process_metadata(session.made.process.id, replace("/amount", 2))
    same((True, {"amount": 2}), (process.metadata.valid, process.metadata.value))
    refused(400, lambda: session.application.process.patch_process_metadata(process.id, replace("amount", 2)))


@call
def update_process_entity(session: Session) -> None:
    """The other JSON value."""
    params = models.ProcessEntityUpdateParams(entity=models.JsonValue(value={"name": "Acme"}))
    process = session.application.process.update_process_entity(session.made.process.id, params)
    same((True, {"name": "Acme"}), (process.entity.valid, process.entity.value))


@call
def patch_process_entity(session: Session) -> None:
    """Removing what is required flags it."""
    operation = models.JsonPatchOperation(op=models.JsonPatchOperationType.REMOVE, path="/name")
    process = session.application.process.patch_process_entity(session.made.process.id, [operation])
    same((False, {}), (process.entity.valid, process.entity.value))


@call
def change_process_initiator(session: Session) -> None:
    """By e-mail address."""
    params = models.ProcessChangeInitiatorParams(initiator_email="grace@example.com")
    process = session.application.process.change_process_initiator(session.made.process.id, params)
    same(session.info["users"][1]["principal_id"], process.initiator_id)


@call
def upload_process_document(session: Session) -> None:
    """Its reference can be parsed by the published client."""
    reference = session.application.process.upload_process_document(session.made.process.id, document(CONTENT))
    session.made.document_uri = reference.document_uri
    file = parse_kuflow_file(reference.document_uri)
    assert file, reference.document_uri
    same(f"ku:process/{session.made.process.id}/document", file.uri.rpartition("/")[0])
    same(("contract no 1; draft=2.pdf", "application/pdf", len(CONTENT)), (file.name, file.type, file.size))


@call
def download_process_document(session: Session) -> None:
    """Byte for byte."""
    chunks = session.application.process.download_process_document(
        session.made.process.id, document_uri=session.made.document_uri
    )
    same(CONTENT, b"".join(chunks))


@call
def create_process_action(session: Session) -> None:
    """Each type does its own thing; a repeat finds what was done."""
    ask = models.ProcessActionCreateParams(
        id=new_id(),
        process_action_definition_code="ASK",
        create_task=models.ProcessActionCreateParamsCreateTask(),
    )
    asked = _act(session, ask)
    same((ask.id, "CREATE_TASK", "COMPLETED"), (asked.id, asked.type, asked.status))
    same("ASK", asked.process_action_definition_ref.code)
    task = session.application.process_item.retrieve_process_item(asked.create_task.process_item_id)
    same(("FORM", "READY"), (task.process_item_definition_ref.code, task.task.state))
    same(asked, _act(session, ask))
    tell = models.ProcessActionCreateParams(
        process_action_definition_code="TELL",
        create_process_item_message=models.ProcessActionCreateParamsCreateProcessItemMessage(text="hello"),
    )
    message_id = _act(session, tell).create_process_item_message.process_item_id
    same("hello", session.application.process_item.retrieve_process_item(message_id).message.text)
    follow = models.ProcessActionCreateParams(
        process_action_definition_code="FOLLOW_UP",
        start_related_process=models.ProcessActionCreateParamsStartRelatedProcess(metadata={"amount": 3}),
    )
    related = session.application.process.retrieve_process(_act(session, follow).start_related_process.process_id)
    same([session.made.process.id], related.process_related.outcoming)
    nudge = models.ProcessActionCreateParams(
        process_action_definition_code="NUDGE",
        send_workflow_signal=models.ProcessActionCreateParamsSendWorkflowSignal(input={"how": "gently"}),
    )
    same({"how": "gently"}, _act(session, nudge).send_workflow_signal.input.value)
    refused(400, lambda: _act(session, models.ProcessActionCreateParams(process_action_definition_code="NOTHING")))


@call
def retrieve_process_action(session: Session) -> None:
    """One that waits for its workflow."""
    action = _act(session, models.ProcessActionCreateParams(process_action_definition_code="WORK"))
    same(("START_WORKFLOW", models.ProcessActionStatus.REQUESTED), (action.type, action.status))
    same(action, session.application.process.retrieve_process_action(session.made.process.id, action.id))
    refused(404, lambda: session.application.process.retrieve_process_action(session.made.process.id, new_id()))
    session.made.action = action


@call
def cancel_process_action(session: Session) -> None:
    """It is cancelled, and stays so."""
    for _ in range(2):
        action = session.application.process.cancel_process_action(session.made.process.id, session.made.action.id)
        same(models.ProcessActionStatus.CANCELED, action.status)


@call
def cancel_process_items(session: Session) -> None:
    """The named one, then all."""
    process = session.new_process()
    tasks = [session.new_task(process.id) for _ in range(3)]
    items = session.application.process_item

    def states() -> list[str]:
        return [items.retrieve_process_item(task.id).task.state for task in tasks]

    answer = session.application.process.cancel_process_items(process.id, process_item_id=[tasks[0].id])
    same((process.id, "RUNNING"), (answer.id, answer.state))
    same(["CANCELLED", "READY", "READY"], states())
    session.application.process.cancel_process_items(process.id)
    same(["CANCELLED"] * 3, states())


@call
def cancel_process(session: Session) -> None:
    """With its open items."""
    process = session.new_process()
    task = session.new_task(process.id)
    same(models.ProcessState.CANCELLED, session.application.process.cancel_process(process.id).state)
    same("CANCELLED", session.application.process_item.retrieve_process_item(task.id).task.state)
    error = refused(409, lambda: session.application.process.complete_process(process.id))
    same(409, error.status)


@call
def complete_process(session: Session) -> None:
    """It stays completed."""
    process = session.new_process()
    same(models.ProcessState.COMPLETED, session.application.process.complete_process(process.id).state)
    same(models.ProcessState.COMPLETED, session.application.process.complete_process(process.id).state)


@call
def delete_process(session: Session) -> None:
    """It is found among the deleted ones only, by who names the one definition and tenant."""
    process = session.new_process()
    session.application.process.cancel_process(process.id)
    same(None, session.application.process.delete_process(process.id))

    def found(deleted: models.DeletedQueryParam) -> bool:
        page = session.application.process.find_processes(
            process_definition_code="CALLS", tenant_id=session.tenant_id, size=1000, deleted=deleted
        )
        return process.id in [each.id for each in page.content]

    same([False, True, True], [found(each) for each in ("EXCLUDE", "INCLUDE", "ONLY")])


def _act(session: Session, params: models.ProcessActionCreateParams) -> models.ProcessAction:
    return session.application.process.create_process_action(session.made.process.id, params)


def _metadata(page: models.PageMetadata) -> tuple[int, int, int, int]:
    return page.size, page.page, page.total_elements, page.total_pages
