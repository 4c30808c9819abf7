"""The input of a K2 workflow, held against the workflow's own schema before it is sent."""

import asyncio
import json
from typing import Any

import pytest

from kurun_clients.http import InvalidRequest
from kurun_clients.http.auth import BasicAuth
from kurun_clients.k2 import GoneOrForbidden, WorkflowClient, WorkflowStart, XmlField
from kurun_clients.k2.workflow_api.schemas import BELIEVED_SECONDS, KEEP_SECONDS, StartSchemas, compiled
from tests.unit.loopback import answering, serving, status

AUTH = BasicAuth("bob", "hunter2")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "folio": {"type": "string", "maxLength": 5},
        "xmlFields": {"type": "array"},
        "dataFields": {
            "type": "object",
            "required": ["Amount"],
            "additionalProperties": False,
            "properties": {
                "Amount": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
                "Kind": {"enum": ["a", "b"]},
            },
        },
    },
}
GOOD = WorkflowStart(data_fields={"Amount": 5}, xml_fields=[XmlField(name="Order", value="<a/>")])
WRONG = WorkflowStart(data_fields={"Amount": "s3cret"})


class Source:
    """Gives schemas, and counts how often it is asked."""

    def __init__(self, *schemas: dict[str, Any]) -> None:
        self.schemas = list(schemas)
        self.asked = 0
        self.now = 0.0

    async def fetch(self, workflow_id: int) -> dict[str, Any]:
        """The next schema; the last one stays."""
        self.asked += 1
        await asyncio.sleep(0)
        return self.schemas.pop(0) if len(self.schemas) > 1 else self.schemas[0]

    def cache(self, keep: int = 3) -> StartSchemas:
        """A cache over it."""
        return StartSchemas(self.fetch, keep=keep, clock=lambda: self.now)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (WRONG, "dataFields.Amount: is not of type number"),
        (WorkflowStart(data_fields={"Kind": "a"}), "dataFields: 'Amount' is a required property"),
        (
            WorkflowStart(data_fields={"Amount": 5, "Kind": "s3cret"}),
            'dataFields.Kind: breaks the rule enum: ["a", "b"]',
        ),
        (WorkflowStart(data_fields={"Amount": 0}), "dataFields.Amount: breaks the rule minimum: 0"),
        (WorkflowStart(data_fields={"Amount": 5, "New": 1}), "'New' was unexpected"),
        (WorkflowStart(folio="s3cret-and-long"), "folio: breaks the rule maxLength: 5"),
    ],
)
async def test_input_that_breaks_the_schema(start: WorkflowStart, expected: str) -> None:
    """It is refused with the field's name and without its value, and the start is not sent."""
    script = answering(status(200, json.dumps(SCHEMA).encode()))

    async with serving(script) as server, WorkflowClient(server.url, auth=AUTH) as k2:
        with pytest.raises(InvalidRequest) as caught:
            await k2.workflows.start(7, start)

    assert expected in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert [request.method for request in server.received] == ["GET"]


async def test_input_that_keeps_to_the_schema() -> None:
    """It is sent, and the schema is fetched once for several starts."""
    script = answering(status(200, json.dumps(SCHEMA).encode()), status(200, b"1"), status(200, b"2"))

    async with serving(script) as server, WorkflowClient(server.url, auth=AUTH) as k2:
        started = [await k2.workflows.start(7, GOOD), await k2.workflows.start(7, GOOD)]

    assert started == [1, 2]
    assert [request.target for request in server.received] == ["/workflows/7/schema", "/workflows/7", "/workflows/7"]


async def test_the_check_can_be_left_out() -> None:
    """Without the check nothing but the start is sent."""
    async with serving(answering(status(200, b"1"))) as server, WorkflowClient(server.url, auth=AUTH) as k2:
        await k2.workflows.start(7, WRONG, check=False)

    assert [request.method for request in server.received] == ["POST"]


async def test_a_workflow_that_is_not_there() -> None:
    """Its schema cannot be had: nothing was started, and the next start asks again."""
    unknown = status(404, b'{"Message":"There is no workflow 7."}')
    async with serving(answering(unknown, unknown)) as server, WorkflowClient(server.url, auth=AUTH) as k2:
        for _ in range(2):
            with pytest.raises(GoneOrForbidden):
                await k2.workflows.start(7, GOOD)

    assert [request.method for request in server.received] == ["GET", "GET"]


async def test_many_starts_at_once_fetch_the_schema_once() -> None:
    """Starts that wait for the same schema share it."""
    source = Source(SCHEMA)
    schemas = source.cache()

    await asyncio.gather(*(schemas.check(7, {"dataFields": {"Amount": 1}}) for _ in range(50)))

    assert source.asked == 1


async def test_a_schema_is_used_for_a_while() -> None:
    """After its time it is fetched again."""
    source = Source(SCHEMA)
    schemas = source.cache()

    for source.now in (0, KEEP_SECONDS, KEEP_SECONDS + 1):
        await schemas.check(7, {})

    assert source.asked == 2


async def test_few_schemas_are_kept() -> None:
    """Those of the workflows that were started last stay."""
    source = Source(SCHEMA)
    schemas = source.cache(keep=2)

    for workflow_id in (1, 2, 1, 3, 1):
        await schemas.check(workflow_id, {})
    assert source.asked == 3

    await schemas.check(2, {})
    assert source.asked == 4


async def test_an_old_schema_refuses_nothing() -> None:
    """The workflow may have changed since: a refusal by an older schema is checked against the one of now."""
    source = Source(SCHEMA, {"type": "object"})
    schemas = source.cache()
    await schemas.check(7, {})

    source.now = BELIEVED_SECONDS + 1
    await schemas.check(7, {"dataFields": {}})

    assert source.asked == 2


async def test_a_young_schema_is_believed() -> None:
    """A flood of wrong starts does not fetch the schema each time."""
    source = Source(SCHEMA)
    schemas = source.cache()

    for _ in range(5):
        with pytest.raises(InvalidRequest):
            await schemas.check(7, {"dataFields": {}})

    assert source.asked == 1


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"$ref": "https://elsewhere.example.com/schema"},
        {"$ref": "#/definitions/missing"},
        {"$ref": "#"},
        {"properties": {"folio": {"pattern": "(?<name>x)"}}},
    ],
)
async def test_a_schema_that_cannot_be_used(schema: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """K2 checks by itself: a schema that leads out of itself, or is none, stops no start. The log says so."""
    source = Source(schema)

    await source.cache().check(7, {"folio": "x"})

    assert "schema" in caplog.text


async def test_a_schema_that_leads_to_another_server() -> None:
    """Nothing is fetched from wherever a schema points to."""
    async with serving(answering(status(200, b"{}"))) as server:
        await Source({"$ref": f"{server.url}/schema"}).cache().check(7, {"folio": "x"})

    assert server.received == []


def test_the_draft_that_a_schema_names_is_used() -> None:
    """A schema without a draft is read as draft 4; one with its own is read as that."""
    draft_4 = compiled(7, {"minimum": 0, "exclusiveMinimum": True})
    draft_7 = compiled(7, {"$schema": "http://json-schema.org/draft-07/schema#", "exclusiveMinimum": 0})

    assert draft_4 is not None
    assert draft_7 is not None
    assert [len(list(each.iter_errors(0))) for each in (draft_4, draft_7)] == [1, 1]
