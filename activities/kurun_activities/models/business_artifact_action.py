"""Requests and responses of the activities on the actions of a business artifact."""

from uuid import UUID

from pydantic import AliasChoices, Field

from kurun_activities.models.base import ActivityResponse
from kurun_activities.models.business_artifact import BusinessArtifactRequest
from kurun_clients.kuflow.models import (
    BusinessArtifactAction,
    BusinessArtifactActionCreateArtifactPrepare,
    BusinessArtifactActionCreateParamsCreateArtifact,
    BusinessArtifactActionCreateParamsDownloadable,
    BusinessArtifactActionCreateParamsStartProcess,
    BusinessArtifactActionCreateParamsStartWorkflow,
    BusinessArtifactActionStartProcessPrepare,
)


class BusinessArtifactActionResponse(ActivityResponse):
    """An action as it is after the activity; one that runs in the background is REQUESTED at first."""

    business_artifact_action: BusinessArtifactAction


class BusinessArtifactActionCreateRequest(BusinessArtifactRequest):
    """Invoke an action that the artifact's definition offers.

    Without an ``id`` one is derived from the activity's identity, so that a retry invokes nothing twice. Of the four
    groups of parameters give the one that fits the action's type.
    """

    id: UUID | None = None
    business_artifact_action_definition_code: str = Field(min_length=1)
    start_workflow: BusinessArtifactActionCreateParamsStartWorkflow | None = None
    downloadable: BusinessArtifactActionCreateParamsDownloadable | None = None
    start_process: BusinessArtifactActionCreateParamsStartProcess | None = None
    create_artifact: BusinessArtifactActionCreateParamsCreateArtifact | None = None


class BusinessArtifactActionCreateResponse(BusinessArtifactActionResponse):
    """The invoked action."""


class BusinessArtifactActionRequest(BusinessArtifactRequest):
    """Names the action of the business artifact."""

    business_artifact_action_id: UUID


class BusinessArtifactActionRetrieveRequest(BusinessArtifactActionRequest):
    """Read an action."""


class BusinessArtifactActionRetrieveResponse(BusinessArtifactActionResponse):
    """The action."""


class BusinessArtifactActionCancelRequest(BusinessArtifactActionRequest):
    """Cancel an action that is still REQUESTED."""


class BusinessArtifactActionCancelResponse(BusinessArtifactActionResponse):
    """The action; one that had ended before keeps its status."""


class BusinessArtifactActionPrepareRequest(BusinessArtifactRequest):
    """Names the action to prepare; preparing changes nothing."""

    business_artifact_action_definition_code: str = Field(min_length=1)


_CURRENT, _OLDER = "businessArtifactActionCreateArtifactPrepare", "businessArtifactCreateArtifactPrepare"


class BusinessArtifactActionCreateArtifactPrepareRequest(BusinessArtifactActionPrepareRequest):
    """Ask what an action that creates an artifact would fill in."""


class BusinessArtifactActionCreateArtifactPrepareResponse(ActivityResponse):
    """What the new artifact would hold. The field's older name is read as well."""

    business_artifact_action_create_artifact_prepare: BusinessArtifactActionCreateArtifactPrepare = Field(
        validation_alias=AliasChoices(_CURRENT, _OLDER, "business_artifact_action_create_artifact_prepare"),
        serialization_alias=_CURRENT,
    )


class BusinessArtifactCreateArtifactPrepareRequest(BusinessArtifactActionPrepareRequest):
    """The same question under its older name, which KuFlow's Java SDK uses."""


class BusinessArtifactCreateArtifactPrepareResponse(ActivityResponse):
    """The same answer under its older name; the current one is read as well."""

    business_artifact_create_artifact_prepare: BusinessArtifactActionCreateArtifactPrepare = Field(
        validation_alias=AliasChoices(_OLDER, _CURRENT, "business_artifact_create_artifact_prepare"),
        serialization_alias=_OLDER,
    )


class BusinessArtifactActionStartProcessPrepareRequest(BusinessArtifactActionPrepareRequest):
    """Ask what an action that starts a process would fill in."""


class BusinessArtifactActionStartProcessPrepareResponse(ActivityResponse):
    """What the new process would start with."""

    business_artifact_action_start_process_prepare: BusinessArtifactActionStartProcessPrepare
