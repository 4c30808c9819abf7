"""The client's requests are those that KuFlow's document allows, for every operation that it has."""

import json
from functools import cache
from urllib.parse import parse_qsl, urlsplit

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

from kurun_clients.http import InvalidRequest
from kurun_twin.api import API_PREFIX
from tests.contract.document import OLDER, PUBLISHED, Json, document_or_skip, matches, operations
from tests.kuflow_calls import DOWNLOADS, OPERATIONS
from tests.kuflow_calls.wire import request_of, request_of_download
from tests.unit.loopback import Received

SERVER = "https://api.kuflow.com"

NEWER_OPERATIONS = {
    ("DELETE", "/processes/{id}"),
    ("POST", "/processes/{id}/actions"),
    ("GET", "/processes/{id}/actions/{actionId}"),
    ("POST", "/processes/{id}/actions/{actionId}/~actions/cancel"),
    ("POST", "/business-artifacts/{id}/~actions/restore"),
    ("POST", "/business-artifacts/{id}/~actions/prepare-start-process"),
    ("POST", "/documents/~actions/upload"),
    ("GET", "/documents/~actions/download"),
}
"""Operations that KuFlow's published libraries have and the document does not yet."""

NEWER_PARAMETERS = {
    "findProcesses": {"state", "initiatorId", "initiatorEmail", "metadata", "deleted"},
    "findProcessItems": {"deleted"},
    "findBusinessArtifacts": {"deleted"},
}
"""Query parameters likewise, by operation."""


class Sent:
    """A request of the client's as openapi-core reads requests."""

    def __init__(self, received: Received) -> None:
        target = urlsplit(received.target)
        self.host_url = SERVER
        self.path = target.path
        self.method = received.method.lower()
        self.body = received.body or None
        self.content_type = received.headers.get("content-type", "")
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(parse_qsl(target.query, keep_blank_values=True)),
            header=Headers(received.headers),
        )


@cache
def checker(beside: str | None = None) -> OpenAPI:
    """A document ready to check requests; fields of bodies that it does not name are not allowed."""
    config = Config(
        additional_properties_default_policy="forbid",
        extra_media_type_deserializers={"application/json-patch+json": json.loads},
        spec_validator_cls=None,  # type: ignore[arg-type]  # takes seconds; the document is not ours to judge
    )
    return OpenAPI.from_dict(document_or_skip(beside), config=config)


def operation_of(document: Json, method: str, target: str) -> Json | None:
    """The operation that a request is for, if the document has it."""
    path = urlsplit(target).path.removeprefix(API_PREFIX)
    found: list[Json] = [
        item[method.lower()]
        for template, item in document["paths"].items()
        if matches(template, path) and method.lower() in item
    ]
    return found[0] if found else None


def query_names(document: Json, operation: Json) -> set[str]:
    """Names of an operation's query parameters."""
    shared = document["components"]["parameters"]
    every = [
        shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in operation.get("parameters", [])
    ]
    return {each["name"] for each in every if each["in"] == "query"}


def breaches(received: Received, beside: str | None = None) -> list[str]:
    """What of a request the document does not allow."""
    document, sent = document_or_skip(beside), Sent(received)
    operation = operation_of(document, received.method, received.target)
    assert operation is not None
    found = [f"{error!r} {error.__cause__ or ''}" for error in checker(beside).iter_request_errors(sent)]
    # openapi-core looks neither at parameters that the document does not name nor at a body where none belongs.
    allowed = query_names(document, operation) | NEWER_PARAMETERS.get(operation["operationId"], set())
    found += [f"there is no parameter {name}" for name in sent.parameters.query if name not in allowed]
    if sent.body is not None and "requestBody" not in operation:
        found.append("there is no body")
    return found


def calls() -> list[tuple[str, str, str]]:
    """Every call by name, with the method and target of its request."""
    made = [(name, call[2], call[3]) for name, call in OPERATIONS.items()]
    return made + [(name, "GET", target) for name, (_, target) in DOWNLOADS.items()]


def is_newer(method: str, target: str) -> bool:
    """Whether a request is for an operation that the document does not have yet."""
    return any(method == known and matches(path, urlsplit(target).path) for known, path in NEWER_OPERATIONS)


DOCUMENTED = [name for name, method, target in calls() if not is_newer(method, target)]


@pytest.mark.parametrize("name", DOCUMENTED)
async def test_requests_are_as_documented(name: str) -> None:
    """Path, query parameters, body and media type of each request are what the document asks for, and nothing more."""
    document_or_skip()

    received = await (request_of(OPERATIONS[name]) if name in OPERATIONS else request_of_download(name))

    assert breaches(received) == []


def test_every_operation_is_called() -> None:
    """No operation of the document is without a call here; those beyond it are listed above."""
    document = document_or_skip()

    called = [operation_of(document, method, target) for _, method, target in calls() if not is_newer(method, target)]

    assert None not in called
    assert {operation["operationId"] for operation in called if operation} == set(operations(document))
    assert len(operations(document)) == 53


NEWER_ARGUMENTS = {
    "create process by code",
    "find principals",
    "find processes by everything",
    "find process items by everything",
    "find tenant users",
}
"""Calls with arguments that the older shape has no words for."""


async def test_the_older_shape_is_as_documented_then() -> None:
    """Switched to the older shape, the client sends what the older document allows, or refuses to send anything."""
    document = document_or_skip(OLDER)
    found: dict[str, list[str]] = {}
    refused, called = set(), set()

    for name, call in OPERATIONS.items():
        operation = operation_of(document, call[2], call[3])
        if operation is not None:
            try:
                received = await request_of(call, shape="seed")
            except InvalidRequest:
                refused.add(name)
                continue
            called.add(operation["operationId"])
            found[name] = breaches(received, OLDER)
    downloads = {name for name in operations(document) if name.startswith("download")}

    assert {name: problems for name, problems in found.items() if problems} == {}
    assert refused == NEWER_ARGUMENTS
    assert set(operations(document)) - called - downloads == set()


def test_what_is_newer_is_published() -> None:
    """Operations and parameters beyond the document are those of KuFlow's own libraries."""
    document = document_or_skip()
    published = {(each["method"], each["path"]): each["query"] for each in document_or_skip(PUBLISHED)["operations"]}
    ids = {
        operation["operationId"]: (method.upper(), path)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict) and "operationId" in operation
    }

    assert published.keys() >= NEWER_OPERATIONS
    for operation_id, names in NEWER_PARAMETERS.items():
        assert published[ids[operation_id]].keys() >= names
    for name, method, target in calls():
        if is_newer(method, target):
            (query,) = [
                q for (known, path), q in published.items() if known == method and matches(path, urlsplit(target).path)
            ]
            sent = {key for key, _ in parse_qsl(urlsplit(target).query)}
            assert {key for key, required in query.items() if required} <= sent <= query.keys(), name
