"""KuFlow's OpenAPI document: where it is looked for, and what it lacks."""

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

Json = dict[str, Any]

VARIABLE = "KURUN_CONTRACT"
NAME = "kuflow-openapi-v2024-06-14.yaml"
_USUAL_PLACE = Path(__file__).resolve().parents[3] / "shared" / "reference" / NAME

METHODS = ("get", "put", "post", "patch", "delete")


OLDER = "kuflow-openapi-v2024-06-14-sept2024.yaml"
"""The same version of the API as it was before November 2024; looked for beside the document."""
PUBLISHED = "kuflow-wire.json"
"""Operations of KuFlow's published libraries 3.5, some of them newer than the document; looked for beside it."""


class DocumentMissing(Exception):  # noqa: N818 - it says what happened
    """There is no document to hold anything against; the message says how to give it."""


def read_document(beside: str | None = None) -> Json:
    """The document, parsed anew, so that the caller may change it.

    Args:
        beside: Another file that lies beside it, to be read in its place.

    Raises:
        DocumentMissing: It is not there.
    """
    path = Path(os.environ.get(VARIABLE) or _USUAL_PLACE)
    path = path.with_name(beside) if beside else path
    if not path.is_file():
        how = f"download {NAME} from KuFlow and set {VARIABLE} to its path" if beside is None else "lay it there"
        raise DocumentMissing(f"nothing is held against {path}, which is not there: {how}")
    document: Json = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


@cache
def document_or_skip(beside: str | None = None) -> Json:
    """The same for tests, which are skipped without it and change nothing of it."""
    try:
        return read_document(beside)
    except DocumentMissing as missing:
        pytest.skip(str(missing))


def operations(document: Json) -> dict[str, Json]:
    """Every operation by its ``operationId``."""
    return {
        operation["operationId"]: operation
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    }


def matches(template: str, path: str) -> bool:
    """Whether a path is one of a template such as ``/processes/{id}``."""
    return re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path) is not None


def add_newer_operations(document: Json) -> None:
    """Add the operation that KuFlow's libraries know since 3.5, at a path which the document has without it.

    Otherwise the twin's ``DELETE /processes/{id}`` is a method that the document does not allow. The other newer
    operations have paths of their own.
    """
    item = document["paths"]["/processes/{id}"]
    item.setdefault(
        "delete",
        {
            "operationId": "deleteProcess",
            "parameters": [{"$ref": "#/components/parameters/IdPathParam"}],
            "responses": {
                "204": {"description": "Process deleted"},
                "default": {"$ref": "#/components/responses/DefaultError"},
            },
        },
    )


def allow_null(document: Json) -> None:
    """Let optional fields of request bodies be null, as KuFlow's published libraries write what they leave out.

    The document lets no field be null; a twin that refused it would lock those libraries out.
    """
    schemas = document["components"]["schemas"]
    for name in _schemas_of_requests(document):
        optional = schemas[name].get("properties", {}).keys() - set(schemas[name].get("required", ()))
        for field in optional:
            schema = schemas[name]["properties"][field]
            if schema.get("readOnly"):
                continue  # no request may have it
            schemas[name]["properties"][field] = {"anyOf": [schema, {"enum": [None], "nullable": True}]}


def _schemas_of_requests(document: Json) -> set[str]:
    """Names of the schemas that request bodies are made of."""
    found: set[str] = set()
    left = [operation.get("requestBody", {}) for operation in operations(document).values()]
    while left:
        part = left.pop()
        if isinstance(part, list):
            left += part
        elif isinstance(part, dict):
            name = str(part.get("$ref", "")).removeprefix("#/components/schemas/")
            if name in document["components"]["schemas"] and name not in found:
                found.add(name)
                left.append(document["components"]["schemas"][name])
            left += part.values()
    return found
