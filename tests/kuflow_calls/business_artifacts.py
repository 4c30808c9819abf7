"""The group Business Artifact."""

from kurun_clients.kuflow import BytesContent, field
from kurun_clients.kuflow.models import (
    BusinessArtifactActionCreateArtifactPrepareParams,
    BusinessArtifactActionCreateParams,
    BusinessArtifactActionCreateParamsCreateArtifact,
    BusinessArtifactActionStartProcessPrepareParams,
    BusinessArtifactCreateParams,
    DeletedQueryParam,
)
from tests.kuflow_calls.samples import (
    ARTIFACT,
    ARTIFACT_ACTION,
    DOCUMENT,
    EMPTY_PAGE,
    FILE,
    ONE,
    PATCH,
    TWO,
    VALUE,
    Call,
)

CALLS: dict[str, Call] = {
    "find business artifacts": (
        lambda k: k.business_artifacts.find(
            tenant_id=ONE,
            business_artifact_definition_id=TWO,
            business_artifact_definition_code="CUSTOMER",
            value=[field("AMOUNT").between(10, 20), "NAME eq Ada%20B"],
            deleted=DeletedQueryParam.INCLUDE,
        ),
        EMPTY_PAGE,
        "GET",
        (
            f"/business-artifacts?tenantId={ONE}&businessArtifactDefinitionId={TWO}"
            "&businessArtifactDefinitionCode=CUSTOMER&value=AMOUNT%20between%2010%2020&value=NAME%20eq%20Ada%2520B"
            "&deleted=INCLUDE"
        ),
        None,
    ),
    "create business artifact": (
        lambda k: k.business_artifacts.create(
            BusinessArtifactCreateParams(
                id=ONE, tenant_id=TWO, business_artifact_definition_code="CUSTOMER", data=VALUE
            )
        ),
        ARTIFACT,
        "POST",
        "/business-artifacts",
        {
            "id": str(ONE),
            "tenantId": str(TWO),
            "businessArtifactDefinitionCode": "CUSTOMER",
            "data": {"value": {"a": 1}},
        },
    ),
    "retrieve business artifact": (
        lambda k: k.business_artifacts.retrieve(ONE),
        ARTIFACT,
        "GET",
        f"/business-artifacts/{ONE}",
        None,
    ),
    "delete business artifact": (
        lambda k: k.business_artifacts.delete(ONE),
        None,
        "DELETE",
        f"/business-artifacts/{ONE}",
        None,
    ),
    "restore business artifact": (
        lambda k: k.business_artifacts.restore(ONE),
        ARTIFACT,
        "POST",
        f"/business-artifacts/{ONE}/~actions/restore",
        None,
    ),
    "update business artifact": (
        lambda k: k.business_artifacts.update_data(ONE, VALUE),
        ARTIFACT,
        "PUT",
        f"/business-artifacts/{ONE}/data",
        {"data": {"value": {"a": 1}}},
    ),
    "patch business artifact": (
        lambda k: k.business_artifacts.patch_data(ONE, PATCH),
        ARTIFACT,
        "PATCH",
        f"/business-artifacts/{ONE}/data",
        [{"op": "add", "path": "/a", "value": None}],
    ),
    "create business artifact action": (
        lambda k: k.business_artifacts.create_action(
            ONE,
            BusinessArtifactActionCreateParams(
                id=TWO,
                business_artifact_action_definition_code="COPY",
                create_artifact=BusinessArtifactActionCreateParamsCreateArtifact(value={"a": None}),
            ),
        ),
        ARTIFACT_ACTION,
        "POST",
        f"/business-artifacts/{ONE}/actions",
        {"id": str(TWO), "businessArtifactActionDefinitionCode": "COPY", "createArtifact": {"value": {"a": None}}},
    ),
    "retrieve business artifact action": (
        lambda k: k.business_artifacts.retrieve_action(ONE, TWO),
        ARTIFACT_ACTION,
        "GET",
        f"/business-artifacts/{ONE}/actions/{TWO}",
        None,
    ),
    "cancel business artifact action": (
        lambda k: k.business_artifacts.cancel_action(ONE, TWO),
        ARTIFACT_ACTION,
        "POST",
        f"/business-artifacts/{ONE}/actions/{TWO}/~actions/cancel",
        None,
    ),
    "prepare an artifact": (
        lambda k: k.business_artifacts.prepare_action_create_artifact(
            ONE, BusinessArtifactActionCreateArtifactPrepareParams(business_artifact_action_definition_code="COPY")
        ),
        {"businessArtifactDefinitionRef": {"id": str(ONE), "code": "CUSTOMER"}, "value": {}},
        "POST",
        f"/business-artifacts/{ONE}/~actions/prepare-create-artifact",
        {"businessArtifactActionDefinitionCode": "COPY"},
    ),
    "prepare a process": (
        lambda k: k.business_artifacts.prepare_action_start_process(
            ONE, BusinessArtifactActionStartProcessPrepareParams(business_artifact_action_definition_code="LEND")
        ),
        {"processDefinitionId": str(ONE)},
        "POST",
        f"/business-artifacts/{ONE}/~actions/prepare-start-process",
        {"businessArtifactActionDefinitionCode": "LEND"},
    ),
    "upload to an artifact": (
        lambda k: k.business_artifacts.upload_document(ONE, BytesContent(b"[1]"), **FILE),
        DOCUMENT,
        "POST",
        f"/business-artifacts/{ONE}/~actions/upload-document?fileContentType=application%2Fpdf&fileName=a%20b.pdf",
        [1],
    ),
}
