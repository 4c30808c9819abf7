"""A twin with something of every kind, and the document narrowed to what this twin knows."""

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from tests.contract.document import Json, operations
from tests.unit.twins import DEFINITIONS, Twin, open_twin

ROBOTS = """
robots:
  - code: INVOICES
    name: Invoices
    sourceFile: package.zip
    environmentVariables: {MODE: fast}
    assets: [{type: PYTHON, version: "3.11", platform: LINUX, architecture: X86_64, file: package.zip}]
"""

_TABLES = (
    "processes",
    "process_items",
    "task_logs",
    "ai_runs",
    "business_artifacts",
    "actions",
    "documents",
    "workers",
    "engine_commands",
)


@contextlib.contextmanager
def open_stage(folder: Path) -> Iterator[Twin]:
    """Open the twin in an empty folder."""
    (folder / "package.zip").write_bytes(b"PK" * 100)
    with open_twin(folder, DEFINITIONS + ROBOTS, max_document=1024**2) as twin:
        yield twin


def as_served(app: ASGIApp) -> ASGIApp:
    """The application as a server shows it: whoever asks sees 500, not the exception behind it."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(Exception):
            await app(scope, receive, send)

    return serve


def empty(twin: Twin) -> None:
    """Make it forget everything that was created in it."""

    def forget(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        for table in _TABLES:
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a name from above

    twin.platform.database.call(forget)


def narrow(document: Json, twin: Twin) -> None:
    """Restrict the document to what this twin accepts, so that generated requests get past its first checks.

    Only values that the twin refuses otherwise are restricted, so that each request which breaks the narrowed document
    still has to be refused.
    """
    schemas = document["components"]["schemas"]
    definitions = twin.platform.definitions
    principals = [twin.worker, twin.ada, twin.bob]
    known = {
        ("ProcessCreateParams", "processDefinitionId"): [twin.definition_id("LOAN"), twin.definition_id("OPEN")],
        ("BusinessArtifactCreateParams", "businessArtifactDefinitionId"): [str(a.id) for a in definitions.artifacts],
        ("BusinessArtifactCreateArtifactPrepareParams", "businessArtifactActionDefinitionCode"): ["COPY"],
        ("WorkerCreateParams", "taskQueue"): ["extra", "loans", "open"],
        ("ProcessCreateParams", "initiatorId"): [str(p.id) for p in principals],
        ("ProcessChangeInitiatorParams", "initiatorId"): [str(p.id) for p in principals],
        ("ProcessItemTaskAssignParams", "ownerId"): [str(p.id) for p in principals],
        ("ProcessItemCreateParams", "ownerId"): [str(p.id) for p in principals],
    }
    for name in ("ProcessCreateParams", "BusinessArtifactCreateParams", "WorkerCreateParams"):
        known[name, "tenantId"] = [twin.tenant_id]
    known["AuthenticationCreateParams", "tenantId"] = [twin.tenant_id]
    for (name, field), values in known.items():
        schemas[name]["properties"][field]["enum"] = values
    document["components"]["parameters"]["PageQueryParam"]["schema"]["maximum"] = 2**31 - 1
    for operation in operations(document).values():
        _narrow_parameters(document, operation)


_SORTING = re.compile(r"Available sort query values: ([\w, ]+)")


def _narrow_parameters(document: Json, operation: Json) -> None:
    # What one may sort by stands in the description of each operation, in words.
    sorting = _SORTING.search(operation.get("description", ""))
    parameters = operation.get("parameters", [])
    for position, parameter in enumerate(parameters):
        if sorting and parameter.get("$ref", "").endswith("/SortQueryParam"):
            names = [name.strip() for name in sorting[1].split(",")]
            values = [name + order for name in names for order in ("", ",asc", ",desc")]
            shared = document["components"]["parameters"]["SortQueryParam"]
            parameters[position] = {
                **shared,
                "schema": {"type": "array", "items": {"type": "string", "enum": values}},
            }
        elif parameter.get("name") == "fileContentType":
            parameter["schema"] = {"type": "string", "pattern": r"^[A-Za-z0-9_.+-]{1,100}/[A-Za-z0-9_.+-]{1,100}$"}
        elif parameter.get("name") == "version":
            parameter["schema"] = {"type": "string", "enum": ["3.11"]}
