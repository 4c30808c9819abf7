"""Activities that look up tenants, groups and people."""

from kurun_activities import context
from kurun_activities.models import (
    GroupFindRequest,
    GroupFindResponse,
    PrincipalFindRequest,
    PrincipalFindResponse,
    PrincipalRetrieveRequest,
    PrincipalRetrieveResponse,
    TenantFindRequest,
    TenantFindResponse,
    TenantRetrieveRequest,
    TenantRetrieveResponse,
    TenantUserFindRequest,
    TenantUserFindResponse,
    TenantUserRetrieveRequest,
    TenantUserRetrieveResponse,
)


async def find_principals(request: PrincipalFindRequest) -> PrincipalFindResponse:
    """One page of principals."""
    page = await context.current().kuflow.principals.find(
        size=request.size,
        page=request.page,
        sort=request.sorts or (),
        tenant_id=request.tenant_ids or (),
        type=request.type,
        group_id=request.group_ids or (),
        group_code=request.group_codes or (),
    )
    return PrincipalFindResponse(principals=page)


async def retrieve_principal(request: PrincipalRetrieveRequest) -> PrincipalRetrieveResponse:
    """Read a principal."""
    principal = await context.current().kuflow.principals.retrieve(request.principal_id)
    return PrincipalRetrieveResponse(principal=principal)


async def find_tenant_users(request: TenantUserFindRequest) -> TenantUserFindResponse:
    """One page of users."""
    page = await context.current().kuflow.tenant_users.find(
        size=request.size,
        page=request.page,
        sort=request.sorts or (),
        tenant_id=request.tenant_ids or (),
        group_id=request.group_ids or (),
        group_code=request.group_codes or (),
        email=request.emails or (),
    )
    return TenantUserFindResponse(tenant_users=page)


async def retrieve_tenant_user(request: TenantUserRetrieveRequest) -> TenantUserRetrieveResponse:
    """Read a user."""
    tenant_user = await context.current().kuflow.tenant_users.retrieve(request.tenant_user_id)
    return TenantUserRetrieveResponse(tenant_user=tenant_user)


async def find_tenants(request: TenantFindRequest) -> TenantFindResponse:
    """One page of tenants."""
    page = await context.current().kuflow.tenants.find(
        size=request.size, page=request.page, sort=request.sorts or (), tenant_id=request.tenant_ids or ()
    )
    return TenantFindResponse(tenants=page)


async def retrieve_tenant(request: TenantRetrieveRequest) -> TenantRetrieveResponse:
    """Read a tenant."""
    return TenantRetrieveResponse(tenant=await context.current().kuflow.tenants.retrieve(request.tenant_id))


async def find_groups(request: GroupFindRequest) -> GroupFindResponse:
    """One page of groups."""
    page = await context.current().kuflow.groups.find(
        size=request.size,
        page=request.page,
        sort=request.sorts or (),
        tenant_id=request.tenant_ids or (),
        principal_id=request.principal_id,
        group_id=request.group_ids or (),
        group_code=request.group_codes or (),
    )
    return GroupFindResponse(groups=page)
