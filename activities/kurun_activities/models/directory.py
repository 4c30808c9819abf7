"""Requests and responses of the activities that look up who and what there is: tenants, groups, people."""

from uuid import UUID

from kurun_activities.models.base import ActivityRequest, ActivityResponse, FindRequest
from kurun_clients.kuflow.models import (
    GroupPage,
    Principal,
    PrincipalPage,
    PrincipalType,
    Tenant,
    TenantPage,
    TenantUser,
    TenantUserPage,
)


class PrincipalFindRequest(FindRequest):
    """Search principals: people and applications. Absent filters do not restrict."""

    type: PrincipalType | None = None
    group_ids: list[UUID] | None = None
    group_codes: list[str] | None = None


class PrincipalFindResponse(ActivityResponse):
    """One page of principals."""

    principals: PrincipalPage


class PrincipalRetrieveRequest(ActivityRequest):
    """Names the principal to read."""

    principal_id: UUID


class PrincipalRetrieveResponse(ActivityResponse):
    """The principal."""

    principal: Principal


class TenantUserFindRequest(FindRequest):
    """Search the users of tenants. Absent filters do not restrict."""

    group_ids: list[UUID] | None = None
    group_codes: list[str] | None = None
    emails: list[str] | None = None


class TenantUserFindResponse(ActivityResponse):
    """One page of users."""

    tenant_users: TenantUserPage


class TenantUserRetrieveRequest(ActivityRequest):
    """Names the user to read."""

    tenant_user_id: UUID


class TenantUserRetrieveResponse(ActivityResponse):
    """The user, with what the tenant notes about them."""

    tenant_user: TenantUser


class TenantFindRequest(FindRequest):
    """Search tenants. Absent filters do not restrict."""


class TenantFindResponse(ActivityResponse):
    """One page of tenants."""

    tenants: TenantPage


class TenantRetrieveRequest(ActivityRequest):
    """Names the tenant to read."""

    tenant_id: UUID


class TenantRetrieveResponse(ActivityResponse):
    """The tenant."""

    tenant: Tenant


class GroupFindRequest(FindRequest):
    """Search groups; with ``principal_id`` those that someone belongs to. Absent filters do not restrict."""

    principal_id: UUID | None = None
    group_ids: list[UUID] | None = None
    group_codes: list[str] | None = None


class GroupFindResponse(ActivityResponse):
    """One page of groups."""

    groups: GroupPage
