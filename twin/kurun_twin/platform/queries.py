"""Finding processes and process items."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kurun_twin.definitions import Definitions
from kurun_twin.platform import item_records, process_records
from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.metadata_filter import metadata_condition
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


class Queries:
    """Reading pages of processes and items."""

    def __init__(self, definitions: Definitions, principals: Principals) -> None:
        self._tenant_id = str(definitions.tenant.id)
        self._principals = principals

    def processes(self, connection: sqlite3.Connection, wanted: ProcessFilter, page: PageRequest) -> JsonObject:
        """A page of processes."""
        query = Query("processes")
        self._of_tenant(query, wanted.tenant_id)
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
            condition, values = metadata_condition(expression)
            query.conditions.append(condition)
            query.values.extend(values)
        return query.page(connection, page, PROCESS_SORT, lambda row: process_records.page_body(row, self._tenant_id))

    def items(self, connection: sqlite3.Connection, wanted: ItemFilter, page: PageRequest) -> JsonObject:
        """A page of process items."""
        query = Query("process_items")
        self._of_tenant(query, wanted.tenant_id)
        query.among("process_id", wanted.process_id)
        query.among("type", wanted.type)
        query.among("state", wanted.task_state)
        query.among("definition_code", wanted.definition_code)
        of_definition = Query("processes")
        of_definition.among("definition_id", wanted.process_definition_id)
        of_definition.among("definition_code", wanted.process_definition_code)
        if of_definition.conditions:
            inner = " AND ".join(of_definition.conditions)
            query.conditions.append(f"process_id IN (SELECT id FROM processes WHERE {inner})")  # noqa: S608
            query.values.extend(of_definition.values)
        return query.page(connection, page, ITEM_SORT, lambda row: item_records.page_body(row, self._tenant_id))

    def _of_tenant(self, query: Query, tenant_ids: Sequence[str]) -> None:
        if tenant_ids and self._tenant_id not in tenant_ids:
            query.conditions.append("FALSE")
