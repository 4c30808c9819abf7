"""Groups of principals."""

from uuid import UUID

from kurun_clients.kuflow.models.base import Page, Resource


class GroupPageItem(Resource):
    """A group."""

    id: UUID
    name: str
    code: str
    tenant_id: UUID | None = None


class GroupPage(Page[GroupPageItem]):
    """A page of groups."""
