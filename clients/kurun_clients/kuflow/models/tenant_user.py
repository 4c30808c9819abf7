"""Tenant users: people as members of a tenant, with what the tenant keeps of them."""

from uuid import UUID

from kurun_clients.kuflow.models.base import Audited, Page
from kurun_clients.kuflow.models.json_data import JsonValue
from kurun_clients.kuflow.models.principal import Principal


class TenantUserPageItem(Audited):
    """A tenant user in a list."""

    id: UUID
    principal_id: UUID
    tenant_id: UUID | None = None


class TenantUser(Audited):
    """A tenant user with the tenant's own data of it."""

    id: UUID
    metadata: JsonValue | None = None
    principal: Principal
    tenant_id: UUID | None = None


class TenantUserPage(Page[TenantUserPageItem]):
    """A page of tenant users."""
