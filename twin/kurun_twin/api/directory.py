"""The groups Principal, Tenant, Tenant User and Group."""

from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.api import parameters
from kurun_twin.api.operations import Api, Operation
from kurun_twin.api.responses import json_response
from kurun_twin.platform.directory import GroupFilter, MemberFilter


class PrincipalType(StrEnum):
    """What a principal is."""

    USER = "USER"
    APPLICATION = "APPLICATION"
    SYSTEM = "SYSTEM"


async def find_principals(api: Api, request: Request) -> Response:
    """A page of principals."""
    wanted = MemberFilter(
        tenant_id=parameters.ids(request, "tenantId"),
        group_id=parameters.ids(request, "groupId"),
        group_code=parameters.texts(request, "groupCode"),
        type=parameters.choice(request, "type", PrincipalType),
    )
    return json_response(api.platform.directory.principals(wanted, parameters.page(request)))


async def retrieve_principal(api: Api, request: Request) -> Response:
    """The whole principal."""
    return json_response(api.platform.directory.principal(parameters.path_id(request)))


async def find_tenant_users(api: Api, request: Request) -> Response:
    """A page of the tenant's users."""
    wanted = MemberFilter(
        tenant_id=parameters.ids(request, "tenantId"),
        group_id=parameters.ids(request, "groupId"),
        group_code=parameters.texts(request, "groupCode"),
        email=parameters.emails(request, "email"),
    )
    return json_response(api.platform.directory.tenant_users(wanted, parameters.page(request)))


async def retrieve_tenant_user(api: Api, request: Request) -> Response:
    """The whole tenant user."""
    return json_response(api.platform.directory.tenant_user(parameters.path_id(request)))


async def find_tenants(api: Api, request: Request) -> Response:
    """A page with the one tenant."""
    wanted = parameters.ids(request, "tenantId")
    return json_response(api.platform.directory.tenants(wanted, parameters.page(request)))


async def retrieve_tenant(api: Api, request: Request) -> Response:
    """The tenant."""
    return json_response(api.platform.directory.tenant(parameters.path_id(request)))


async def find_groups(api: Api, request: Request) -> Response:
    """A page of groups."""
    principal_id = parameters.single(request, "principalId")
    wanted = GroupFilter(
        tenant_id=parameters.ids(request, "tenantId"),
        group_id=parameters.ids(request, "groupId"),
        group_code=parameters.texts(request, "groupCode"),
        principal_id=None if principal_id is None else parameters.uuid_text(principal_id, "principalId"),
    )
    return json_response(api.platform.directory.groups(wanted, parameters.page(request)))


OPERATIONS = [
    Operation("findPrincipals", "GET", "/principals", find_principals),
    Operation("retrievePrincipal", "GET", "/principals/{id}", retrieve_principal),
    Operation("findTenantUsers", "GET", "/tenant-users", find_tenant_users),
    Operation("retrieveTenantUser", "GET", "/tenant-users/{id}", retrieve_tenant_user),
    Operation("findTenants", "GET", "/tenants", find_tenants),
    Operation("retrieveTenant", "GET", "/tenants/{id}", retrieve_tenant),
    Operation("findGroups", "GET", "/groups", find_groups),
]
