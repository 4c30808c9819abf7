"""The group Business artifact."""

from kuflow_rest import models
from kuflow_rest.utils import encode_filter_expression, parse_kuflow_file

from tests.interop.published.calls import Session, call, document, new_id, refused, replace, same

CONTENT = b"a logo"


@call
def create_business_artifact(session: Session) -> None:
    """Created with an id of the client's own; a repeat finds it."""
    params = models.BusinessArtifactCreateParams(
        id=new_id(),
        business_artifact_definition_code="CUSTOMER",
        tenant_id=session.tenant_id,
        data=models.JsonValue(value={"name": "Acme & Co", "rating": 1}),
    )
    made = session.application.business_artifact.create_business_artifact(params)
    same((params.id, f"ku:business-artifact/{params.id}"), (made.id, made.uri))
    same(("CUSTOMER", session.tenant_id), (made.business_artifact_definition_ref.code, made.tenant_id))
    same((True, {"name": "Acme & Co", "rating": 1}), (made.data.valid, made.data.value))
    same(made, session.application.business_artifact.create_business_artifact(params))
    session.made.artifact = made


@call
def retrieve_business_artifact(session: Session) -> None:
    """The same again."""
    artifacts, made = session.application.business_artifact, session.made.artifact
    same(made, artifacts.retrieve_business_artifact(made.id))
    same(404, refused(404, lambda: artifacts.retrieve_business_artifact(new_id())).status)


@call
def find_business_artifacts(session: Session) -> None:
    """By definition and value."""
    page = session.application.business_artifact.find_business_artifacts(
        business_artifact_definition_code=["CUSTOMER"],
        value=[encode_filter_expression("name", "eq", "Acme & Co"), encode_filter_expression("rating", "le", "1")],
        sort="createdAt,desc",
        deleted=models.DeletedQueryParam.EXCLUDE,
    )
    same([session.made.artifact.id], [each.id for each in page.content])
    same("CUSTOMER", page.content[0].business_artifact_definition_ref.code)


@call
def update_business_artifact_data(session: Session) -> None:
    """Invalid data is kept and flagged."""
    params = models.BusinessArtifactDataUpdateParams(data=models.JsonValue(value={"rating": "high"}))
    artifact = session.application.business_artifact.update_business_artifact_data(session.made.artifact.id, params)
    same((False, "/rating"), (artifact.data.valid, artifact.data.errors[0].property_path))


@call
def patch_business_artifact_data(session: Session) -> None:
    """RFC 6902."""
    artifact = session.application.business_artifact.patch_business_artifact_data(
        session.made.artifact.id, replace("/rating", 5)
    )
    same((True, {"rating": 5}), (artifact.data.valid, artifact.data.value))


@call
def prepare_business_artifact_action_create_artifact(session: Session) -> None:
    """What the new artifact would begin with."""
    params = models.BusinessArtifactActionCreateArtifactPrepareParams(business_artifact_action_definition_code="COPY")
    prepared = session.application.business_artifact.prepare_business_artifact_action_create_artifact(
        session.made.artifact.id, params
    )
    same("CUSTOMER", prepared.business_artifact_definition_ref.code)
    same({"name": "A copy"}, prepared.value)


@call
def prepare_business_artifact_action_start_process(session: Session) -> None:
    """What the new process would begin with."""
    params = models.BusinessArtifactActionStartProcessPrepareParams(business_artifact_action_definition_code="START")
    prepared = session.application.business_artifact.prepare_business_artifact_action_start_process(
        session.made.artifact.id, params
    )
    same({"reference": "from a customer"}, prepared.metadata)
    session.made.process_definition_id = prepared.process_definition_id


@call
def create_business_artifact_action(session: Session) -> None:
    """Each type does its own thing; a repeat finds what was done."""
    copy = models.BusinessArtifactActionCreateParams(
        id=new_id(),
        business_artifact_action_definition_code="COPY",
        create_artifact=models.BusinessArtifactActionCreateParamsCreateArtifact(value={"name": "Second"}),
    )
    copied = _act(session, copy)
    same((copy.id, "CREATE_BUSINESS_ARTIFACT", "COMPLETED"), (copied.id, copied.type, copied.status))
    same("COPY", copied.business_artifact_action_definition_ref.code)
    second = copied.create_artifact.business_artifact_id
    same({"name": "Second"}, session.application.business_artifact.retrieve_business_artifact(second).data.value)
    same(copied, _act(session, copy))
    start = models.BusinessArtifactActionCreateParams(
        business_artifact_action_definition_code="START",
        start_process=models.BusinessArtifactActionCreateParamsStartProcess(metadata={"reference": "mine"}),
    )
    started = _act(session, start).start_process
    same(session.made.process_definition_id, started.process_definition_id)
    same({"reference": "mine"}, session.application.process.retrieve_process(started.process_id).metadata.value)


@call
def retrieve_business_artifact_action(session: Session) -> None:
    """One that waits for its workflow."""
    params = models.BusinessArtifactActionCreateParams(
        business_artifact_action_definition_code="WORK",
        start_workflow=models.BusinessArtifactActionCreateParamsStartWorkflow(input={"days": 2}),
    )
    action = session.made.artifact_action = _act(session, params)
    same(("START_WORKFLOW", models.BusinessArtifactActionStatus.REQUESTED), (action.type, action.status))
    same({"days": 2}, action.start_workflow.input.value)
    artifacts = session.application.business_artifact
    same(action, artifacts.retrieve_business_artifact_action(session.made.artifact.id, action.id))
    refused(404, lambda: artifacts.retrieve_business_artifact_action(session.made.artifact.id, new_id()))


@call
def cancel_business_artifact_action(session: Session) -> None:
    """It is cancelled, and stays so."""
    for _ in range(2):
        action = session.application.business_artifact.cancel_business_artifact_action(
            session.made.artifact.id, session.made.artifact_action.id
        )
        same(models.BusinessArtifactActionStatus.CANCELED, action.status)


@call
def upload_business_artifact_document(session: Session) -> None:
    """Its reference can be parsed by the published client."""
    reference = session.application.business_artifact.upload_business_artifact_document(
        session.made.artifact.id, document(CONTENT, "logo.png")
    )
    file = session.made.logo = parse_kuflow_file(reference.document_uri)
    assert file, reference.document_uri
    same(f"ku:business-artifact/{session.made.artifact.id}/document", file.uri.rpartition("/")[0])
    same(("logo.png", len(CONTENT)), (file.name, file.size))


@call
def download_business_artifact_document(session: Session) -> None:
    """Byte for byte."""
    chunks = session.application.business_artifact.download_business_artifact_document(
        session.made.artifact.id, document_uri=session.made.logo.original
    )
    same(CONTENT, b"".join(chunks))


@call
def delete_business_artifact(session: Session) -> None:
    """It is found among the deleted ones only."""
    same(None, session.application.business_artifact.delete_business_artifact(session.made.artifact.id))
    same([False, True, True], _found(session))


@call
def restore_business_artifact(session: Session) -> None:
    """As if nothing had happened."""
    restored = session.application.business_artifact.restore_business_artifact(session.made.artifact.id)
    same((session.made.artifact.id, None), (restored.id, restored.deleted_at))
    same([True, True, False], _found(session))


def _found(session: Session) -> list[bool]:
    definition_id = session.made.artifact.business_artifact_definition_ref.id
    find = session.application.business_artifact.find_business_artifacts
    pages = [
        find(business_artifact_definition_id=definition_id, size=1000, deleted=each)
        for each in ("EXCLUDE", "INCLUDE", "ONLY")
    ]
    return [session.made.artifact.id in [each.id for each in page.content] for page in pages]


def _act(session: Session, params: models.BusinessArtifactActionCreateParams) -> models.BusinessArtifactAction:
    return session.application.business_artifact.create_business_artifact_action(session.made.artifact.id, params)
