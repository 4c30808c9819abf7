"""The tenant, and who belongs to it: principals, tenant users and groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from kurun_twin.clock import wire_time
from kurun_twin.definitions import Definitions, GroupDefinition, PrincipalDefinition, PrincipalKind
from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.listings import listed
from kurun_twin.platform.paging import PageRequest
from kurun_twin.platform.principals import Principals
from kurun_twin.platform.refusals import NotFound

SYSTEM_NAME = "KuFlow"
"""The principal that does what nobody asked for."""


@dataclass(frozen=True)
class MemberFilter:
    """Which principals or tenant users are wanted; an empty filter lets all pass."""

    tenant_id: Sequence[str] = ()
    group_id: Sequence[str] = ()
    group_code: Sequence[str] = ()
    type: str | None = None
    email: Sequence[str] = ()


@dataclass(frozen=True)
class GroupFilter:
    """Which groups are wanted."""

    tenant_id: Sequence[str] = ()
    group_id: Sequence[str] = ()
    group_code: Sequence[str] = ()
    principal_id: str | None = None


class Directory:
    """Reading what the definitions file says of people, programs and groups."""

    def __init__(self, definitions: Definitions, principals: Principals, since: int) -> None:
        """Make a directory.

        Args:
            definitions: What there is.
            principals: Knows the system's own id.
            since: When the data folder was made, in microseconds since 1970 UTC: as old is everything here.
        """
        self._definitions = definitions
        self._tenant_id = str(definitions.tenant.id)
        self._system_id = principals.system_id
        moment = wire_time(since)
        self._audit = {
            "createdBy": principals.system_id,
            "createdAt": moment,
            "lastModifiedBy": principals.system_id,
            "lastModifiedAt": moment,
        }

    @property
    def audit(self) -> JsonObject:
        """Who made what the definitions file names, and when."""
        return self._audit

    def principals(self, wanted: MemberFilter, page: PageRequest) -> JsonObject:
        """A page of principals."""
        bodies = [_principal(each) for each in self._members(wanted)]
        if not (wanted.group_id or wanted.group_code) and self._is_ours(wanted.tenant_id):
            bodies.append(self._system)
        chosen = [each for each in bodies if wanted.type in (None, each["type"])]
        return listed(chosen, page, _NAMED, lambda each: {key: each[key] for key in ("id", "type", "name")})

    def principal(self, principal_id: str) -> JsonObject:
        """The whole principal.

        Raises:
            NotFound: There is none with this id.
        """
        if principal_id == self._system_id:
            return self._system
        found = next((each for each in self._definitions.principals if str(each.id) == principal_id), None)
        if found is None:
            raise NotFound(f"there is no principal {principal_id}")
        return _principal(found)

    def tenant_users(self, wanted: MemberFilter, page: PageRequest) -> JsonObject:
        """A page of the tenant's users."""
        emails = {each.lower() for each in wanted.email}
        chosen = [
            self._tenant_user(each)
            for each in self._members(wanted)
            if each.email and (not emails or each.email.lower() in emails)
        ]
        return listed(chosen, page, _AUDITED, _tenant_user_entry)

    def tenant_user(self, tenant_user_id: str) -> JsonObject:
        """A whole tenant user.

        Raises:
            NotFound: There is none with this id.
        """
        users = (self._tenant_user(each) for each in self._definitions.principals if each.email)
        found = next((each for each in users if each["id"] == tenant_user_id), None)
        if found is None:
            raise NotFound(f"there is no tenant user {tenant_user_id}")
        return found

    def groups(self, wanted: GroupFilter, page: PageRequest) -> JsonObject:
        """A page of groups."""
        chosen = [
            {"id": str(each.id), "name": each.name, "code": each.code, "tenantId": self._tenant_id}
            for each in self._groups(wanted)
        ]
        return listed(chosen, page, _NAMED, lambda each: each)

    def tenants(self, tenant_ids: Sequence[str], page: PageRequest) -> JsonObject:
        """A page with the one tenant."""
        entry = {"id": self._tenant_id, "name": self._definitions.tenant.name}
        return listed([entry] if self._is_ours(tenant_ids) else [], page, _NAMED, lambda each: each)

    def tenant(self, tenant_id: str) -> JsonObject:
        """The tenant.

        Raises:
            NotFound: It is another one.
        """
        if tenant_id != self._tenant_id:
            raise NotFound(f"there is no tenant {tenant_id}")
        tenant = self._definitions.tenant
        return {**self._audit, "id": tenant_id, "name": tenant.name, "plan": tenant.plan}

    @property
    def _system(self) -> JsonObject:
        return {"id": self._system_id, "type": "SYSTEM", "name": SYSTEM_NAME}

    def _is_ours(self, tenant_ids: Sequence[str]) -> bool:
        return not tenant_ids or self._tenant_id in tenant_ids

    def _members(self, wanted: MemberFilter) -> list[PrincipalDefinition]:
        if not self._is_ours(wanted.tenant_id):
            return []
        if not (wanted.group_id or wanted.group_code):
            return list(self._definitions.principals)
        groups = self._groups(GroupFilter(group_id=wanted.group_id, group_code=wanted.group_code))
        inside: set[UUID] = set().union(*(each.members for each in groups))
        return [each for each in self._definitions.principals if each.id in inside]

    def _groups(self, wanted: GroupFilter) -> list[GroupDefinition]:
        return [
            each
            for each in self._definitions.groups
            if self._is_ours(wanted.tenant_id)
            and (not wanted.group_id or str(each.id) in wanted.group_id)
            and (not wanted.group_code or each.code in wanted.group_code)
            and (wanted.principal_id is None or wanted.principal_id in map(str, each.members))
        ]

    def _tenant_user(self, user: PrincipalDefinition) -> JsonObject:
        body = {
            **self._audit,
            "id": str(uuid5(user.id, "tenant-user")),
            "principal": _principal(user),
            "tenantId": self._tenant_id,
        }
        return body if user.metadata is None else {**body, "metadata": {"valid": True, "value": dict(user.metadata)}}


_NAMED = {"id": lambda each: each["id"], "name": lambda each: each["name"]}
_AUDITED = {
    "id": lambda each: each["id"],
    "createdAt": lambda each: each["createdAt"],
    "lastModifiedAt": lambda each: each["lastModifiedAt"],
}


def _principal(principal: PrincipalDefinition) -> JsonObject:
    body: JsonObject = {"id": str(principal.id), "type": principal.kind.value, "name": principal.name}
    inner = str(uuid5(principal.id, principal.kind))
    if principal.kind is PrincipalKind.USER:
        return {**body, "user": {"id": inner, "email": principal.email}}
    return {**body, "application": {"id": inner}}


def _tenant_user_entry(user: JsonObject) -> JsonObject:
    entry = {name: value for name, value in user.items() if name not in ("principal", "metadata")}
    return {**entry, "principalId": user["principal"]["id"]}
