"""Finding processes and process items."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kurun_twin.definitions import Definitions
from kurun_twin.platform import artifact_records, item_records, process_records
from kurun_twin.platform.filters import data_condition
from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.paging import PageRequest, Query
from kurun_twin.platform.principals import Principals
from kurun_twin.platform.refusals import Invalid

PROCESS_SORT: Mapping[str, str] = {"id": "id", "createdAt": "created_at", "lastModifiedAt": "last_modified_at"}
ITEM_SORT: Mapping[str, str] = {
    **PROCESS_SORT,
    "claimedAt": "claimed_at",
    "completedAt": "completed_at",
    "cancelledAt": "cancelled_at",
}


class Deleted(StrEnum):
    """Whether deleted resources are wanted."""

    EXCLUDE = "EXCLUDE"
    INCLUDE = "INCLUDE"
    ONLY = "ONLY"


@dataclass(frozen=True)
class ProcessFilter:
    """Which processes are wanted; an empty filter lets all pass, several values of one are alternatives."""

    tenant_id: Sequence[str] = ()
    definition_id: Sequence[str] = ()
    definition_code: Sequence[str] = ()
    state: Sequence[str] = ()
    initiator_id: Sequence[str] = ()
    initiator_email: Sequence[str] = ()
    metadata: Sequence[str] = ()
    deleted: Deleted = Deleted.EXCLUDE


@dataclass(frozen=True)
class ItemFilter:
    """Which process items are wanted."""

    tenant_id: Sequence[str] = ()
    process_id: Sequence[str] = ()
    type: Sequence[str] = ()
    task_state: Sequence[str] = ()
    definition_code: Sequence[str] = ()
    process_definition_id: Sequence[str] = ()
    process_definition_code: Sequence[str] = ()
    deleted: Deleted = Deleted.EXCLUDE


@dataclass(frozen=True)
class ArtifactFilter:
    """Which business artifacts are wanted."""

    tenant_id: Sequence[str] = ()
    definition_id: Sequence[str] = ()
    definition_code: Sequence[str] = ()
    value: Sequence[str] = ()
    deleted: Deleted = Deleted.EXCLUDE


class Queries:
    """Reading pages of processes, items and business artifacts."""

    def __init__(self, definitions: Definitions, principals: Principals) -> None:
        self._tenant_id = str(definitions.tenant.id)
        self._principals = principals

    def processes(self, connection: sqlite3.Connection, wanted: ProcessFilter, page: PageRequest) -> JsonObject:
        """A page of processes."""
        query = Query("processes")
        self._of_tenant(query, wanted.tenant_id)
        _deleted(query, wanted.deleted, wanted.definition_id, wanted.definition_code, wanted.tenant_id)
        query.among("definition_id", wanted.definition_id)
        query.among("definition_code", wanted.definition_code)
        query.among("state", wanted.state)
        if wanted.initiator_id or wanted.initiator_email:
            # An address that nobody has must find nothing, not everything.
            ids = [*wanted.initiator_id, *self._principals.ids_of(list(wanted.initiator_email))]
            query.among("initiator_id", ids or [""])
        if wanted.metadata and len([*wanted.definition_id, *wanted.definition_code]) != 1:
            raise Invalid(
                "a metadata filter needs exactly one process definition", location="metadata", location_type="query"
            )
        for expression in wanted.metadata:
            query.where(*data_condition("metadata", expression, "metadata"))
        return query.page(connection, page, PROCESS_SORT, lambda row: process_records.page_body(row, self._tenant_id))

    def items(self, connection: sqlite3.Connection, wanted: ItemFilter, page: PageRequest) -> JsonObject:
        """A page of process items."""
        query = Query("process_items")
        self._of_tenant(query, wanted.tenant_id)
        _deleted(query, wanted.deleted, wanted.process_definition_id, wanted.process_definition_code, wanted.tenant_id)
        query.among("process_id", wanted.process_id)
        query.among("type", wanted.type)
        query.among("state", wanted.task_state)
        query.among("definition_code", wanted.definition_code)
        of_definition = Query("processes")
        of_definition.among("definition_id", wanted.process_definition_id)
        of_definition.among("definition_code", wanted.process_definition_code)
        if of_definition.conditions:
            inner = " AND ".join(of_definition.conditions)
            query.where(f"process_id IN (SELECT id FROM processes WHERE {inner})", of_definition.values)  # noqa: S608
        return query.page(connection, page, ITEM_SORT, lambda row: item_records.page_body(row, self._tenant_id))

    def artifacts(self, connection: sqlite3.Connection, wanted: ArtifactFilter, page: PageRequest) -> JsonObject:
        """A page of business artifacts."""
        query = Query("business_artifacts")
        self._of_tenant(query, wanted.tenant_id)
        _deleted(query, wanted.deleted, wanted.definition_id, wanted.definition_code, wanted.tenant_id)
        query.among("definition_id", wanted.definition_id)
        query.among("definition_code", wanted.definition_code)
        for expression in wanted.value:
            query.where(*data_condition("data", expression, "value"))
        return query.page(connection, page, PROCESS_SORT, lambda row: artifact_records.page_body(row, self._tenant_id))

    def _of_tenant(self, query: Query, tenant_ids: Sequence[str]) -> None:
        if tenant_ids and self._tenant_id not in tenant_ids:
            query.where("FALSE")


def _deleted(
    query: Query, wanted: Deleted, definition_ids: Sequence[str], codes: Sequence[str], tenant_ids: Sequence[str]
) -> None:
    """Deleted resources are listed only when the request names exactly one definition; others are left out silently."""
    one_definition = len(definition_ids) == 1 or (len(codes) == 1 and len(tenant_ids) == 1)
    if wanted is Deleted.EXCLUDE or not one_definition:
        query.where("deleted_at IS NULL")
    if wanted is Deleted.ONLY:
        query.where("deleted_at IS NOT NULL")
