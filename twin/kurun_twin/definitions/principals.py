"""Principals and groups from their entries."""

from dataclasses import replace
from uuid import UUID, uuid5

from kurun_twin.definitions.file import DefinitionsFile, GroupEntry
from kurun_twin.definitions.models import GroupDefinition, PrincipalDefinition, PrincipalKind
from kurun_twin.definitions.source import Source


def read_principals(source: Source, file: DefinitionsFile, tenant_id: UUID) -> tuple[PrincipalDefinition, ...]:
    """The applications, then the users.

    Raises:
        ConfigurationError: There is no application, or two principals are one.
    """
    applications, users = file.principals.applications, file.principals.users
    source.unique(("principals",), "applications", [each.name for each in applications])
    source.unique(("principals",), "users", [each.email.lower() for each in users])
    if not applications:
        raise source.error(("principals",), "at least one application is needed, such as {name: worker}")
    principals = (
        *(_principal(tenant_id, PrincipalKind.APPLICATION, each.id, each.name) for each in applications),
        *(
            replace(_principal(tenant_id, PrincipalKind.USER, each.id, each.name, each.email), metadata=each.metadata)
            for each in users
        ),
    )
    source.unique(("principals",), "id", [each.id for each in principals])
    return principals


def read_groups(
    source: Source, file: DefinitionsFile, tenant_id: UUID, principals: tuple[PrincipalDefinition, ...]
) -> tuple[GroupDefinition, ...]:
    """Every group of the file."""
    by_name = {(each.email or each.name).lower(): each.id for each in principals}
    groups = tuple(
        GroupDefinition(
            each.id or uuid5(tenant_id, f"group:{each.code}"),
            each.code,
            each.name or each.code,
            frozenset(_members(source, each, position, by_name)),
        )
        for position, each in enumerate(file.groups)
    )
    source.unique(("groups",), "code", [each.code for each in groups])
    source.unique(("groups",), "id", [each.id for each in groups])
    return groups


def _members(source: Source, group: GroupEntry, position: int, by_name: dict[str, UUID]) -> list[UUID]:
    members = []
    for inside, name in enumerate(group.members):
        member = by_name.get(name.lower())
        if member is None:
            place = ("groups", position, "members", inside)
            raise source.error(place, f"no user has the e-mail address, and no application the name {name}")
        members.append(member)
    return members


def _principal(
    tenant_id: UUID, kind: PrincipalKind, given: UUID | None, name: str, email: str | None = None
) -> PrincipalDefinition:
    return PrincipalDefinition(given or uuid5(tenant_id, f"{kind}:{email or name}"), kind, name, email)
