"""Tenants: the organisations whose processes KuFlow keeps apart."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from kurun_clients.kuflow.models.base import Audited, Growing, Page, Resource


class TenantPricingPlan(StrEnum):
    """What a tenant pays for."""

    FREE = "FREE"
    PREMIUM = "PREMIUM"
    UNLIMITED = "UNLIMITED"


class TenantPageItem(Resource):
    """A tenant in a list."""

    id: UUID
    name: str


class Tenant(Audited):
    """A tenant."""

    id: UUID
    name: str
    plan: Annotated[TenantPricingPlan, Growing]


class TenantPage(Page[TenantPageItem]):
    """A page of tenants."""
