"""What a person or a program may do with a business artifact, as its definition allows."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from kurun_clients.kuflow.models.base import Audited, Growing, Params, Resource
from kurun_clients.kuflow.models.business_artifact import BusinessArtifactDefinitionRef
from kurun_clients.kuflow.models.json_data import JsonValue


class BusinessArtifactActionType(StrEnum):
    """What an action does."""

    START_WORKFLOW = "START_WORKFLOW"
    START_PROCESS = "START_PROCESS"
    DOWNLOADABLE = "DOWNLOADABLE"
    CREATE_BUSINESS_ARTIFACT = "CREATE_BUSINESS_ARTIFACT"


class BusinessArtifactActionStatus(StrEnum):
    """How far an action is."""

    REQUESTED = "REQUESTED"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"
    ERROR = "ERROR"


class BusinessArtifactActionDefinitionRef(Resource):
    """Which definition an action follows."""

    id: UUID
    code: str | None = None


class BusinessArtifactActionStartWorkflow(Resource):
    """What the workflow was started with."""

    input: JsonValue | None = None


class BusinessArtifactActionStartProcess(Resource):
    """The process that was started."""

    process_definition_id: UUID
    process_id: UUID


class BusinessArtifactActionDownloadable(Resource):
    """The document that was made, as long as it is kept."""

    input: JsonValue | None = None
    document_uri: str | None = None
    document_expired: bool | None = None


class BusinessArtifactActionCreateArtifact(Resource):
    """The artifact that was created."""

    business_artifact_definition_ref: BusinessArtifactDefinitionRef
    business_artifact_id: UUID | None = None
    value: dict[str, Any] | None = None


class BusinessArtifactAction(Audited):
    """An action; of its parts the one of its type is there."""

    id: UUID
    type: Annotated[BusinessArtifactActionType, Growing]
    status: Annotated[BusinessArtifactActionStatus, Growing]
    business_artifact_action_definition_ref: BusinessArtifactActionDefinitionRef
    start_workflow: BusinessArtifactActionStartWorkflow | None = None
    start_process: BusinessArtifactActionStartProcess | None = None
    downloadable: BusinessArtifactActionDownloadable | None = None
    create_artifact: BusinessArtifactActionCreateArtifact | None = None


class BusinessArtifactActionCreateArtifactPrepare(Resource):
    """What the artifact to be created would start with."""

    business_artifact_definition_ref: BusinessArtifactDefinitionRef
    value: dict[str, Any] | None = None


class BusinessArtifactActionStartProcessPrepare(Resource):
    """What the process to be started would start with."""

    process_definition_id: UUID
    metadata: dict[str, Any] | None = None


class BusinessArtifactActionCreateArtifactPrepareParams(Params):
    """Name the action to prepare."""

    business_artifact_action_definition_code: str


class BusinessArtifactActionStartProcessPrepareParams(Params):
    """Name the action to prepare."""

    business_artifact_action_definition_code: str


class BusinessArtifactActionCreateParamsStartWorkflow(Params):
    """What to start the workflow with."""

    input: dict[str, Any] | None = None


class BusinessArtifactActionCreateParamsDownloadable(Params):
    """What to make the document from."""

    input: dict[str, Any] | None = None


class BusinessArtifactActionCreateParamsStartProcess(Params):
    """What to start the process with."""

    metadata: dict[str, Any] | None = None
    entity: dict[str, Any] | None = None


class BusinessArtifactActionCreateParamsCreateArtifact(Params):
    """What to create the artifact with."""

    value: dict[str, Any] | None = None


class BusinessArtifactActionCreateParams(Params):
    """Start an action. With an ``id`` the call is idempotent: the second answers with the first's action."""

    id: UUID | None = None
    business_artifact_action_definition_code: str
    start_workflow: BusinessArtifactActionCreateParamsStartWorkflow | None = None
    downloadable: BusinessArtifactActionCreateParamsDownloadable | None = None
    start_process: BusinessArtifactActionCreateParamsStartProcess | None = None
    create_artifact: BusinessArtifactActionCreateParamsCreateArtifact | None = None
