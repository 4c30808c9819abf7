"""Every operation of K2's Workflow REST API on the wire."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from kurun_clients.http import InvalidRequest
from kurun_clients.http.auth import BasicAuth
from kurun_clients.k2 import FieldChanges, WorkflowClient
from kurun_clients.k2.workflow_api.models import TaskState
from tests.k2_calls.workflow_api import OPERATIONS, SERIAL, TASK, UNTIL, Operation
from tests.unit.loopback import Loopback, Received, answering, serving, status

AUTH = BasicAuth("DENALLIX\\Bob", "hunter2")


async def run(operation: Operation, *answers: Any) -> tuple[Any, list[Received]]:
    """What an operation returns, and what came over the wire."""
    async with serving(answering(*answers)) as server, WorkflowClient(f"{server.url}/v1", auth=AUTH) as k2:
        return await operation(k2), server.received


async def refused(operation: Operation) -> str:
    """What an operation says that is refused before anything is sent."""
    server: Loopback
    async with serving(answering(status(200))) as server, WorkflowClient(server.url, auth=AUTH) as k2:
        with pytest.raises(InvalidRequest) as caught:
            await operation(k2)
        assert server.received == []
    return str(caught.value)


@pytest.mark.parametrize("name", OPERATIONS)
async def test_an_operation_on_the_wire(name: str) -> None:
    """Method, address and body are those that K2 documents; a body goes as JSON, and none goes without a type."""
    operation, answer, method, target, body = OPERATIONS[name]

    _, (request,) = await run(operation, status(200, answer))

    assert (request.method, request.target) == (method, target)
    assert (json.loads(request.body) if request.body else None) == body
    assert request.headers.get("content-type") == (None if body is None else "application/json")
    assert request.headers["authorization"] == "Basic REVOQUxMSVhcQm9iOmh1bnRlcjI="


@pytest.mark.parametrize("code", [200, 201, 202, 204])
async def test_every_success_of_a_post_is_done(code: int) -> None:
    """K2 documents no status of success and no body: any 2xx is done."""
    result, _ = await run(lambda k: k.tasks.act(SERIAL, "Approve"), status(code, b""))

    assert result is None


@pytest.mark.parametrize("answer", [b"4711", b'"4711"', b'{"id":4711}', b'{"Id":"4711","name":"x"}', b" 4711\n"])
async def test_the_forms_of_an_instance_id(answer: bytes) -> None:
    """A start answers with a number; a numeric text and an object with an id are read as well."""
    result, _ = await run(lambda k: k.workflows.start(7, check=False), status(201, answer))

    assert result == 4711


async def test_answers_are_models() -> None:
    """The answer comes typed, and what a later K2 adds is kept."""
    body = json.dumps(TASK | {"novelty": 1, "workflowInstanceID": 12}).encode()

    task, _ = await run(lambda k: k.tasks.retrieve(SERIAL), status(200, body))

    assert (task.status, task.workflow_instance_id, task.model_extra) == (TaskState.OPEN, 12, {"novelty": 1})


async def test_what_an_operation_says() -> None:
    """The service answers an operation with text, quoted or not."""
    said = [(await run(lambda k: k.operations.run(), status(200, body)))[0] for body in (b'"done"', b"done", b"{}")]

    assert said == ["done", "done", "{}"]


async def test_a_schema_that_comes_as_text() -> None:
    """A schema is read as an object, also when it comes as JSON inside a JSON text."""
    schema, _ = await run(lambda k: k.workflows.schema(7), status(200, json.dumps('{"type":"object"}').encode()))

    assert schema == {"type": "object"}


@pytest.mark.parametrize(
    "action", ["redirect", "Sleep", "RELEASE", "wake", "assign", " wake ", "wake/", "\\wake", "wake."]
)
async def test_a_system_action_is_no_custom_action(action: str) -> None:
    """Its address would be that of another operation: the caller is told which method to call."""
    said = await refused(lambda k: k.tasks.act(SERIAL, action))

    assert f"tasks.{action.strip(' /.').strip(chr(92)).lower()}()" in said


@pytest.mark.parametrize("action", ["", "  ", ".", "..", "a/../b", "..\\wake", "a\nb", "a\x00", "/", "x" * 256])
async def test_an_action_that_is_no_name(action: str) -> None:
    """A name that is empty, too long or unprintable, or leads to another address, is refused."""
    assert "action" in await refused(lambda k: k.tasks.act(SERIAL, action))


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (lambda k: k.tasks.retrieve("twelve"), "serial number"),
        (lambda k: k.tasks.act("../workflows/1", "Approve"), "serial number"),
        (lambda k: k.server_events.finish("SN="), "serial number"),
        (lambda k: k.tasks.redirect(SERIAL, " "), "to has"),
        (lambda k: k.tasks.sleep(SERIAL), "give one of them"),
        (lambda k: k.tasks.sleep(SERIAL, until=UNTIL, seconds=5), "give one of them"),
        (lambda k: k.tasks.sleep(SERIAL, seconds=0), "from 1 on"),
        (lambda k: k.tasks.sleep(SERIAL, until=datetime(2026, 1, 1)), "time zone"),  # noqa: DTZ001
        (lambda k: k.tasks.sleep(SERIAL, until=datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))), "range"),
        (lambda k: k.tasks.act(SERIAL, "Approve", FieldChanges(data_fields={"x": float("nan")})), "JSON"),
        (lambda k: k.workflows.retrieve(0), "from 1 on"),
        (lambda k: k.workflows.start(True), "from 1 on"),
        (lambda k: k.workflows.find(""), "type has"),
        (lambda k: k.tasks.find("a\nb"), "state has"),
        (lambda k: k.operations.run(".."), "operation"),
    ],
)
async def test_what_is_refused_before_it_is_sent(operation: Operation, expected: str) -> None:
    """What K2 cannot take, or would take for something else, never leaves; the message says what is wrong."""
    assert expected in await refused(operation)


async def test_a_sleep_in_the_past_is_sent() -> None:
    """The clock that counts is K2's; only the form is checked here."""
    _, (request,) = await run(lambda k: k.tasks.sleep(SERIAL, until=datetime(2001, 1, 1, tzinfo=UTC)), status(200))

    assert json.loads(request.body) == {"SleepUntil": "2001-01-01T00:00:00.000Z"}
