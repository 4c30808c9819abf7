"""Principals: whoever acts in KuFlow, a person, an application or KuFlow itself."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from kurun_clients.kuflow.models.base import Growing, Page, Resource


class PrincipalType(StrEnum):
    """What a principal is. ``API_KEY`` is in no published contract, only in a public commit."""

    USER = "USER"
    APPLICATION = "APPLICATION"
    SYSTEM = "SYSTEM"
    API_KEY = "API_KEY"


class PrincipalUser(Resource):
    """The person behind a principal of type ``USER``."""

    id: UUID | None = None
    email: str | None = None


class PrincipalApplication(Resource):
    """The application behind a principal of type ``APPLICATION``."""

    id: UUID | None = None


class PrincipalPageItem(Resource):
    """A principal in a list."""

    id: UUID | None = None
    type: Annotated[PrincipalType, Growing] | None = None
    name: str | None = None


class Principal(PrincipalPageItem):
    """A principal; ``user`` or ``application`` is there according to its type."""

    user: PrincipalUser | None = None
    application: PrincipalApplication | None = None


class PrincipalPage(Page[PrincipalPageItem]):
    """A page of principals."""
