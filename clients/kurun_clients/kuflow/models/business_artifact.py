"""Business artifacts: things a tenant keeps data of beyond one process, such as customers or contracts."""

from uuid import UUID

from kurun_clients.kuflow.models.base import Deletable, Page, Params, Resource
from kurun_clients.kuflow.models.json_data import JsonValue


class BusinessArtifactDefinitionRef(Resource):
    """Which definition an artifact follows."""

    id: UUID
    code: str | None = None


class BusinessArtifactPageItem(Deletable):
    """An artifact in a list, without its data."""

    id: UUID
    uri: str | None = None
    tenant_id: UUID | None = None
    business_artifact_definition_ref: BusinessArtifactDefinitionRef


class BusinessArtifact(BusinessArtifactPageItem):
    """An artifact with its data."""

    data: JsonValue | None = None


class BusinessArtifactPage(Page[BusinessArtifactPageItem]):
    """A page of artifacts."""


class BusinessArtifactCreateParams(Params):
    """Create an artifact. With an ``id`` the call is idempotent: the second answers with the first's artifact."""

    id: UUID | None = None
    business_artifact_definition_id: UUID | None = None
    business_artifact_definition_code: str | None = None
    tenant_id: UUID | None = None
    data: JsonValue | None = None


class BusinessArtifactDataUpdateParams(Params):
    """Replace the data."""

    data: JsonValue
