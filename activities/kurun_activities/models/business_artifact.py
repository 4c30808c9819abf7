"""Requests and responses of the activities on business artifacts."""

from uuid import UUID

from pydantic import Field, model_validator

from kurun_activities.models.base import ActivityRequest, ActivityResponse, FindRequest, SavedDataResponse, present
from kurun_clients.kuflow.models import (
    BusinessArtifact,
    BusinessArtifactPage,
    DeletedQueryParam,
    JsonPatchOperation,
    JsonValue,
)


class BusinessArtifactFindRequest(FindRequest):
    """Search business artifacts. Absent filters do not restrict.

    Attributes:
        values: Conditions on indexed fields, ``fieldCode operation value…``.
        deleted: Whether deleted ones are wanted. KuFlow lists them only to a search that names exactly one
            definition, by id or by code and tenant; otherwise it leaves them out without a word.
    """

    business_artifact_definition_ids: list[UUID] | None = None
    business_artifact_definition_codes: list[str] | None = None
    values: list[str] | None = None
    deleted: DeletedQueryParam | None = None


class BusinessArtifactFindResponse(ActivityResponse):
    """One page of business artifacts."""

    business_artifacts: BusinessArtifactPage


class BusinessArtifactResponse(SavedDataResponse):
    """A business artifact as it is after the activity."""

    business_artifact: BusinessArtifact

    def saved_values(self) -> list[JsonValue]:
        """Its data."""
        return present(self.business_artifact.data)


class BusinessArtifactRequest(ActivityRequest):
    """Names the business artifact to act on."""

    business_artifact_id: UUID


class BusinessArtifactRetrieveRequest(BusinessArtifactRequest):
    """Read a business artifact."""


class BusinessArtifactRetrieveResponse(BusinessArtifactResponse):
    """The business artifact."""


class BusinessArtifactCreateRequest(ActivityRequest):
    """Create a business artifact.

    Without an ``id`` one is derived from the activity's identity, so that a retry creates no second one.
    """

    id: UUID | None = None
    business_artifact_definition_id: UUID | None = None
    tenant_id: UUID | None = None
    business_artifact_definition_code: str | None = None
    data: JsonValue | None = None

    @model_validator(mode="after")
    def _names_a_definition(self) -> "BusinessArtifactCreateRequest":
        if self.business_artifact_definition_id is None and not self.business_artifact_definition_code:
            raise ValueError("businessArtifactDefinitionId or businessArtifactDefinitionCode is required")
        return self


class BusinessArtifactCreateResponse(BusinessArtifactResponse):
    """The new business artifact."""


class BusinessArtifactDeleteRequest(BusinessArtifactRequest):
    """Delete a business artifact."""


class BusinessArtifactDeleteResponse(ActivityResponse):
    """Nothing: the business artifact is deleted."""


class BusinessArtifactRestoreRequest(BusinessArtifactRequest):
    """Bring a deleted business artifact back."""


class BusinessArtifactRestoreResponse(BusinessArtifactResponse):
    """The business artifact, no longer deleted."""

    def saved_values(self) -> list[JsonValue]:
        """None: its data was not touched."""
        return []


class BusinessArtifactUpdateRequest(BusinessArtifactRequest):
    """Replace the data."""

    data: JsonValue


class BusinessArtifactUpdateResponse(BusinessArtifactResponse):
    """The business artifact with its new data."""


class BusinessArtifactPatchRequest(BusinessArtifactRequest):
    """Change the data in places (RFC 6902)."""

    json_patch: list[JsonPatchOperation] = Field(min_length=1)


class BusinessArtifactPatchResponse(BusinessArtifactResponse):
    """The business artifact with its changed data."""
