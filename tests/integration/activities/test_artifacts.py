"""Activities on business artifacts against KuFlow's API: what they do, and that they do it once."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from kurun_activities import business_artifact_actions, business_artifacts, documents, models
from kurun_activities.context import ActivityContext
from kurun_activities.failure_types import REST_FAILURE, UNKNOWN_OUTCOME
from kurun_clients.kuflow.models import (
    BusinessArtifactActionCreateParamsCreateArtifact,
    BusinessArtifactActionCreateParamsStartProcess,
    BusinessArtifactActionStatus,
    BusinessArtifactCreateParams,
    JsonPatchOperation,
    JsonValue,
)
from kurun_config import DocumentSettings
from tests.activity_runs import fails, run
from tests.kuflow_api import KuFlowApi

DEFINITIONS = """
tenant: {name: Acme, id: 00000000-0000-4000-8000-000000000001}
principals:
  applications: [{name: worker}]
  users: [{name: Ada Clerk, email: ada@example.com}]
processDefinitions:
  - {code: LOAN, workflowType: LoanWorkflow, taskQueue: loans, metadata: {type: object}}
businessArtifactDefinitions:
  - code: CUSTOMER
    data: {type: object, properties: {name: {type: string}}}
    businessArtifactActionDefinitions:
      - {code: LEND, type: START_PROCESS, processDefinitionCode: LOAN, prefill: {who: /name}}
      - {code: COPY, type: CREATE_BUSINESS_ARTIFACT, businessArtifactDefinitionCode: CUSTOMER, prefill: {name: /name}}
      - {code: CHECK, type: START_WORKFLOW, workflowType: CheckWorkflow, taskQueue: loans}
"""


TENANT = UUID("00000000-0000-4000-8000-000000000001")


LOST: dict[str, Any] = {"drop": "after", "times": 10}


@pytest.fixture
def context(api: KuFlowApi, tmp_path: Path) -> ActivityContext:
    """What the activities of a worker get handed."""
    return ActivityContext(kuflow=api.worker, documents=DocumentSettings(roots=(tmp_path,)))


@pytest.fixture
async def artifact_id(api: KuFlowApi) -> UUID:
    """A customer."""
    params = BusinessArtifactCreateParams(
        id=uuid4(),
        tenant_id=api.tenant_id,
        business_artifact_definition_code="CUSTOMER",
        data=JsonValue.of({"name": "Ada", "pets": ["cat"]}),
    )
    return (await api.worker.business_artifacts.create(params)).id


async def found(context: ActivityContext, **filters: Any) -> list[UUID]:
    """Ids of the artifacts that a search finds, newest first."""
    if "deleted" in filters:  # KuFlow lists deleted ones of one definition at a time
        filters |= {"tenant_ids": [TENANT], "business_artifact_definition_codes": ["CUSTOMER"]}
    request = models.BusinessArtifactFindRequest(size=1000, sorts=["createdAt,desc"], **filters)
    page = await run(context, business_artifacts.find_business_artifacts, request)
    return [each.id for each in page.business_artifacts.content]


async def invoke(context: ActivityContext, artifact_id: UUID, code: str, **given: Any) -> Any:
    """Invoke an action of an artifact."""
    info = {"workflow_id": given.pop("workflow_id", str(uuid4())), "attempt": given.pop("attempt", 1)}
    request = models.BusinessArtifactActionCreateRequest(
        business_artifact_id=artifact_id, business_artifact_action_definition_code=code, **given
    )
    response = await run(context, business_artifact_actions.create_business_artifact_action, request, **info)
    return response.business_artifact_action


async def test_the_life_of_an_artifact(context: ActivityContext, api: KuFlowApi) -> None:
    """An artifact is created, changed, found, deleted and brought back by activities alone."""
    artifact_id = uuid4()
    named = {"business_artifact_id": artifact_id}
    create = models.BusinessArtifactCreateRequest(
        id=artifact_id,
        tenant_id=api.tenant_id,
        business_artifact_definition_code="CUSTOMER",
        data=JsonValue.of({"name": "Ada"}),
    )
    created = await run(context, business_artifacts.create_business_artifact, create)
    update = models.BusinessArtifactUpdateRequest(**named, data=JsonValue.of({"name": 1}))
    updated = await run(context, business_artifacts.update_business_artifact, update)
    rename = [JsonPatchOperation.model_validate({"op": "replace", "path": "/name", "value": "Bea"})]
    patch = models.BusinessArtifactPatchRequest(**named, json_patch=rename)
    patched = await run(context, business_artifacts.patch_business_artifact, patch)
    read = await run(
        context, business_artifacts.retrieve_business_artifact, models.BusinessArtifactRetrieveRequest(**named)
    )
    there = await found(context, business_artifact_definition_codes=["CUSTOMER"])
    deletion = models.BusinessArtifactDeleteRequest(**named)
    deleted = await run(context, business_artifacts.delete_business_artifact, deletion)
    left = await found(context)
    gone = await found(context, deleted=models.DeletedQueryParam.ONLY)
    restore = models.BusinessArtifactRestoreRequest(**named)
    restored = await run(context, business_artifacts.restore_business_artifact, restore)

    assert created.business_artifact.id == artifact_id
    assert [created.valid, updated.valid, patched.valid] == [True, False, True]
    assert read.business_artifact.data is not None
    assert read.business_artifact.data.value == {"name": "Bea"}
    assert deleted.to_wire() == {}
    assert artifact_id in there
    assert artifact_id not in left
    assert artifact_id in gone
    assert restored.business_artifact.deleted_at is None
    assert artifact_id in await found(context)


async def test_an_artifact_is_created_once(context: ActivityContext, api: KuFlowApi) -> None:
    """Without an id the activity's own is taken: after a lost reply there is one artifact."""
    request = models.BusinessArtifactCreateRequest(
        tenant_id=api.tenant_id, business_artifact_definition_code="CUSTOMER"
    )
    who: dict[str, Any] = {"workflow_id": str(uuid4())}
    before = await found(context)
    api.misbehave(method="POST", path="/business-artifacts$", **LOST)
    failure = await fails(run(context, business_artifacts.create_business_artifact, request, **who))
    api.scenario.clear()

    created = await run(context, business_artifacts.create_business_artifact, request, attempt=2, **who)

    assert (failure.type, failure.non_retryable) == (REST_FAILURE, False)
    assert [created.business_artifact.id, *before] == await found(context)


@pytest.mark.parametrize("lost", [1, 10])
async def test_a_deletion_whose_reply_was_lost_is_done(
    context: ActivityContext, api: KuFlowApi, artifact_id: UUID, lost: int
) -> None:
    """Whether the client or the next attempt repeats it: a deletion that finds nothing left reports success."""
    request = models.BusinessArtifactDeleteRequest(business_artifact_id=artifact_id)
    api.misbehave(method="DELETE", drop="after", times=lost)
    if lost > 1:
        failure = await fails(run(context, business_artifacts.delete_business_artifact, request))
        assert not failure.non_retryable
    api.misbehave(method="DELETE", drop="after", times=1)

    await run(context, business_artifacts.delete_business_artifact, request, attempt=2 if lost > 1 else 1)

    assert artifact_id in await found(context, deleted=models.DeletedQueryParam.ONLY)


async def test_deleting_what_never_was_fails(context: ActivityContext) -> None:
    """A wrong id is not taken for work that is done."""
    request = models.BusinessArtifactDeleteRequest(business_artifact_id=uuid4())

    failure = await fails(run(context, business_artifacts.delete_business_artifact, request))

    assert (failure.type, failure.non_retryable) == (REST_FAILURE, True)


@pytest.mark.parametrize("repeatable", [True, False])
async def test_a_patch_whose_reply_was_lost(
    context: ActivityContext, api: KuFlowApi, artifact_id: UUID, repeatable: bool
) -> None:
    """A patch that can be read from the data is done; an append is not guessed at."""
    operation = {"op": "replace", "path": "/name", "value": "Bea"}
    append = {"op": "add", "path": "/pets/-", "value": "dog"}
    patch = [JsonPatchOperation.model_validate(operation if repeatable else append)]
    request = models.BusinessArtifactPatchRequest(business_artifact_id=artifact_id, json_patch=patch)
    api.misbehave(method="PATCH", drop="after", times=1)
    await fails(run(context, business_artifacts.patch_business_artifact, request))
    before = api.requests("patchBusinessArtifactData")

    if repeatable:
        again = await run(context, business_artifacts.patch_business_artifact, request, attempt=2)
        assert again.business_artifact.data is not None
        assert again.business_artifact.data.value["name"] == "Bea"
    else:
        failure = await fails(run(context, business_artifacts.patch_business_artifact, request, attempt=2))
        assert (failure.type, failure.non_retryable) == (UNKNOWN_OUTCOME, True)

    assert before == api.requests("patchBusinessArtifactData")


async def test_actions_that_are_done_at_once(context: ActivityContext, api: KuFlowApi, artifact_id: UUID) -> None:
    """Actions start processes and create artifacts, with what was prepared for them or what is given."""
    named = {"business_artifact_id": artifact_id}
    copy, lend = "COPY", "LEND"
    prepared = await run(
        context,
        business_artifact_actions.prepare_create_artifact,
        models.BusinessArtifactActionCreateArtifactPrepareRequest(
            **named, business_artifact_action_definition_code=copy
        ),
    )
    as_before = await run(
        context,
        business_artifact_actions.prepare_create_artifact_as_before,
        models.BusinessArtifactCreateArtifactPrepareRequest(**named, business_artifact_action_definition_code=copy),
    )
    process = await run(
        context,
        business_artifact_actions.prepare_start_process,
        models.BusinessArtifactActionStartProcessPrepareRequest(**named, business_artifact_action_definition_code=lend),
    )
    copied = await invoke(
        context,
        artifact_id,
        copy,
        create_artifact=BusinessArtifactActionCreateParamsCreateArtifact(value={"name": "Copy"}),
    )
    lent = await invoke(
        context, artifact_id, lend, start_process=BusinessArtifactActionCreateParamsStartProcess(metadata={"who": "A"})
    )

    [current], [older] = prepared.to_wire().values(), as_before.to_wire().values()
    assert current == older
    assert current["value"] == {"name": "Ada"}
    assert process.business_artifact_action_start_process_prepare.metadata == {"who": "Ada"}
    assert [copied.status, lent.status] == [BusinessArtifactActionStatus.COMPLETED] * 2
    artifact = await api.worker.business_artifacts.retrieve(copied.create_artifact.business_artifact_id)
    assert artifact.data is not None
    assert artifact.data.value == {"name": "Copy"}
    started = await api.worker.processes.retrieve(lent.start_process.process_id)
    assert started.metadata is not None
    assert started.metadata.value == {"who": "A"}


async def test_an_action_is_invoked_once(context: ActivityContext, api: KuFlowApi, artifact_id: UUID) -> None:
    """Without an id the activity's own is taken: after a lost reply there is one copy."""
    who = {"workflow_id": str(uuid4())}
    before = await found(context)
    api.misbehave(method="POST", path="/actions$", **LOST)
    await fails(invoke(context, artifact_id, "COPY", **who))
    api.scenario.clear()

    action = await invoke(context, artifact_id, "COPY", attempt=2, **who)

    assert [action.create_artifact.business_artifact_id, *before] == await found(context)


async def test_an_action_is_cancelled(context: ActivityContext, artifact_id: UUID) -> None:
    """An action that a workflow carries out is REQUESTED until it is cancelled; a second time changes nothing."""
    action = await invoke(context, artifact_id, "CHECK")
    named = {"business_artifact_id": artifact_id, "business_artifact_action_id": action.id}
    cancel = models.BusinessArtifactActionCancelRequest(**named)
    first = await run(context, business_artifact_actions.cancel_business_artifact_action, cancel)
    second = await run(context, business_artifact_actions.cancel_business_artifact_action, cancel)
    read = await run(
        context,
        business_artifact_actions.retrieve_business_artifact_action,
        models.BusinessArtifactActionRetrieveRequest(**named),
    )

    assert action.status is BusinessArtifactActionStatus.REQUESTED
    answers = [first, second, read]
    assert {each.business_artifact_action.status for each in answers} == {BusinessArtifactActionStatus.CANCELED}


async def test_an_action_that_had_ended_keeps_its_status(context: ActivityContext, artifact_id: UUID) -> None:
    """Cancelling too late is no failure; the response tells."""
    action = await invoke(context, artifact_id, "COPY")
    cancel = models.BusinessArtifactActionCancelRequest(
        business_artifact_id=artifact_id, business_artifact_action_id=action.id
    )

    response = await run(context, business_artifact_actions.cancel_business_artifact_action, cancel)

    assert response.business_artifact_action.status is BusinessArtifactActionStatus.COMPLETED


async def test_documents_of_an_artifact(context: ActivityContext, artifact_id: UUID, tmp_path: Path) -> None:
    """A document goes into an artifact and comes back, through the artifact and through its address alone."""
    source = models.DocumentSource(inline=b"contract")
    named = {"business_artifact_id": artifact_id}
    first = await run(
        context,
        documents.upload_business_artifact_document,
        models.BusinessArtifactDocumentUploadRequest(**named, file_name="a.txt", source=source),
    )
    second = await run(
        context,
        documents.upload_document,
        models.DocumentUploadRequest(
            target_uri=f"ku:business-artifact/{artifact_id}", file_name="b.txt", source=source
        ),
    )
    await run(
        context,
        documents.download_business_artifact_document,
        models.BusinessArtifactDocumentDownloadRequest(**named, document_uri=second.reference, path="b.txt"),
    )
    saved = await run(
        context,
        documents.download_document,
        models.DocumentDownloadRequest(document_uri=first.document_uri, path="a.txt"),
    )

    assert saved.size == len(b"contract")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"a.txt": b"contract", "b.txt": b"contract"}
