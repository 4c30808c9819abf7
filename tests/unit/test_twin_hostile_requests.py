"""What nobody should send to the twin: every answer is a ``DefaultError`` or good JSON, none is a failure of ours."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import httpx2
import pytest

from kurun_twin.api import OPERATIONS
from tests.unit.twins import Twin, new_artifact, new_process, new_task, open_twin, reason

JSON = {"Content-Type": "application/json"}
PATCH = {"Content-Type": "application/json-patch+json"}
VALUES = {
    "lone surrogate": '"\\ud800"',
    "NUL": '{"a\\u0000": "\\u0000"}',
    "huge integer": "1" + "0" * 4000,
    "endless integer": "9" * 10_000,
    "infinity": "1e400",
    "infinity in an object": '{"amount": -1e400}',
    "constant": "NaN",
    "deep": '{"a":' * 150 + "1" + "}" * 150,
    "bottomless": "[" * 5000 + "]" * 5000,
    "broken reference": '{"f": "kuflow-file:uri=%;;=;"}',
    "odd keys": '{"": {"": 1}, "~/": "/", "\\"\\\\": 2}',
    "huge integer for a schema": '{"amount": 1' + "0" * 4000 + "}",
    "list": "[]",
    "null": "null",
}
QUERIES = ["%00", "%ff", "%ED%A0%80", "a%20eq%20%2500", "x%20ge%20inf", "-1", "1_0", "%D9%A3", "9" * 400, "x" * 2000]
NAMES = [
    "size",
    "page",
    "sort",
    "tenantId",
    "metadata",
    "value",
    "deleted",
    "type",
    "groupCode",
    "documentUri",
    "email",
]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin for all of it."""
    folder: Path = tmp_path_factory.mktemp("twin")
    definitions = """
tenant: {name: Acme}
principals: {applications: [{name: worker}]}
processDefinitions:
  - code: LOAN
    workflowType: W
    taskQueue: q
    metadata: {type: object, properties: {amount: {multipleOf: 0.01}, a: {$ref: '#'}}}
    processItemDefinitions: [{code: FORM}]
    processActionDefinitions: [{code: POKE, type: SEND_WORKFLOW_SIGNAL, signalName: p, input: {type: object}}]
businessArtifactDefinitions:
  - code: CUSTOMER
    businessArtifactActionDefinitions:
      - {code: COPY, type: CREATE_BUSINESS_ARTIFACT, businessArtifactDefinitionCode: CUSTOMER}
"""
    with open_twin(folder, definitions) as opened:
        yield opened


def _refuse(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is no JSON")


def check(answer: httpx2.Response) -> None:
    """Either it worked and is JSON, or it is a refusal."""
    if answer.status_code >= 400:
        assert reason(answer)["status"] < 500
    elif answer.headers.get("content-type") == "application/json":
        json.loads(answer.content, parse_constant=_refuse)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
async def test_bodies(twin: Twin, value: str) -> None:
    """Wherever a value of any kind may stand, in what is kept and in what is only read; lists still work afterwards."""
    worker = twin.client()
    process = await new_process(worker, twin)
    task, artifact = await new_task(worker, process), await new_artifact(worker, twin)
    one = f"/processes/{process['id']}"
    for method, path, body in [
        ("PUT", f"{one}/metadata", '{"metadata": {"value": %s}}'),
        ("PUT", f"{one}/metadata", "%s"),
        ("PUT", f"/process-items/{task['id']}/task/data", '{"data": {"value": %s}}'),
        ("PUT", f"/business-artifacts/{artifact['id']}/data", '{"data": {"value": %s}}'),
        ("POST", f"{one}/actions", '{"processActionDefinitionCode": "POKE", "sendWorkflowSignal": {"input": %s}}'),
        ("POST", f"{one}/actions", '{"processActionDefinitionCode": %s}'),
        (
            "POST",
            f"/business-artifacts/{artifact['id']}/actions",
            '{"businessArtifactActionDefinitionCode": "COPY", "createArtifact": {"value": %s}}',
        ),
        ("POST", f"/process-items/{task['id']}/~actions/ai-assistance", '{"requestId": %s}'),
    ]:
        check(await worker.request(method, path, content=(body % value).encode(), headers=JSON))
    for operation in ("add", "replace", "test"):
        body = f'[{{"op": "{operation}", "path": "/x", "value": {value}}}]'
        check(await worker.patch(f"{one}/metadata", content=body.encode(), headers=PATCH))
    for query in ("value=amount%20ge%201", "deleted=INCLUDE"):
        assert (await worker.get(f"/business-artifacts?{query}")).status_code == 200


@pytest.mark.parametrize("path", sorted({each.path for each in OPERATIONS if each.method == "GET"}))
async def test_queries_and_paths(twin: Twin, path: str) -> None:
    """Values that are no text, no number or far too much, in every parameter and in the path."""
    worker = twin.client()
    good = path.replace("{id}", str(uuid4())).replace("{actionId}", str(uuid4())).replace("{keyId}", "k")
    for query in QUERIES:
        check(await worker.get(path.replace("{id}", query).replace("{actionId}", query).replace("{keyId}", query)))
        check(await worker.get(f"{good}?" + "&".join(f"{name}={query}" for name in NAMES)))


async def test_parameters_that_take_one_value(twin: Twin) -> None:
    """A second one is refused instead of one of them being passed over."""
    for name in ("size", "page", "deleted"):
        answer = await twin.client().get(f"/processes?{name}=1&{name}=1")

        assert reason(answer)["errors"][0]["location"] == name


@pytest.mark.parametrize("text", ["{%s}", "urn:uuid:%s", "%s ", "_%s"])
async def test_ids_have_one_spelling(twin: Twin, text: str) -> None:
    """Other spellings of UUIDs that Python would read are refused."""
    assert reason(await twin.client().get("/processes/" + text % uuid4()))["status"] == 400


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data", "application/json; charset=utf-16"])
async def test_bodies_of_other_types(twin: Twin, content_type: str) -> None:
    """Whatever the operation: 415, or a refusal of what the body holds."""
    worker = twin.client()
    for operation in OPERATIONS:
        path = operation.path.replace("{id}", str(uuid4())).replace("{actionId}", str(uuid4()))
        if operation.method in ("POST", "PUT", "PATCH"):
            headers = {"Content-Type": content_type}
            check(await worker.request(operation.method, path, content=b"\xff\xfe{}", headers=headers))
