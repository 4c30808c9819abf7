"""Every operation of K2's Workflow REST API on the wire."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from kurun_clients.http import InvalidRequest
from kurun_clients.http.auth import BasicAuth
from kurun_clients.k2 import FieldChanges, SerialNumber, WorkflowClient, WorkflowStart, XmlField
from kurun_clients.k2.workflow_api.models import TaskState
from tests.unit.loopback import Loopback, Received, answering, serving, status

AUTH = BasicAuth("DENALLIX\\Bob", "hunter2")
SERIAL = "12_34"
TASK = {"serialNumber": SERIAL, "status": "Open"}
EVENT = {"serialNumber": SERIAL, "eventName": "Wait"}
UNTIL = datetime(2026, 5, 15, 19, 47, 44, 40_500, tzinfo=timezone(timedelta(hours=2)))
CHANGES = FieldChanges(
    data_fields={"File Id": 7, "Note": None},
    xml_fields=[XmlField(name="Order", value="<a/>")],
    item_references={"Doc": {"_1": {"Name": "x"}}},
)
WRITTEN = {
    "dataFields": {"File Id": 7, "Note": None},
    "xmlFields": [{"name": "Order", "value": "<a/>"}],
    "itemReferences": {"Doc": {"1": {"Name": "x"}}},
}
START = WorkflowStart(folio="L-1", priority=1, expected_duration=60, data_fields={"Amount": 5})

Operation = Callable[[WorkflowClient], Awaitable[Any]]

# operation, what K2 answers, method, target, body
OPERATIONS: dict[str, tuple[Operation, bytes, str, str, Any]] = {
    "list tasks": (lambda k: k.tasks.find(), b'{"itemCount":0,"tasks":[]}', "GET", "/v1/tasks", None),
    "list tasks in a state": (lambda k: k.tasks.find("All"), b"{}", "GET", "/v1/tasks?state=All", None),
    "get task": (lambda k: k.tasks.retrieve(SERIAL), json.dumps(TASK).encode(), "GET", "/v1/tasks/12_34", None),
    "get task, with the prefix": (
        lambda k: k.tasks.retrieve("SN=12_34"),
        json.dumps(TASK).encode(),
        "GET",
        "/v1/tasks/12_34",
        None,
    ),
    "get actions": (lambda k: k.tasks.actions(SERIAL), b"{}", "GET", "/v1/tasks/12_34/actions", None),
    "redirect": (
        lambda k: k.tasks.redirect(SerialNumber(SERIAL), "K2:DENALLIX\\Eve"),
        b"",
        "POST",
        "/v1/tasks/12_34/actions/redirect",
        {"RedirectTo": "K2:DENALLIX\\Eve"},
    ),
    "sleep until": (
        lambda k: k.tasks.sleep(SERIAL, until=UNTIL),
        b"",
        "POST",
        "/v1/tasks/12_34/actions/sleep",
        {"SleepUntil": "2026-05-15T17:47:44.040Z"},
    ),
    "sleep for": (
        lambda k: k.tasks.sleep(SERIAL, seconds=90),
        b"null",
        "POST",
        "/v1/tasks/12_34/actions/sleep",
        {"SleepFor": 90},
    ),
    "release": (lambda k: k.tasks.release(SERIAL), b"null", "POST", "/v1/tasks/12_34/actions/release", None),
    "wake": (lambda k: k.tasks.wake(SERIAL), b"{}", "POST", "/v1/tasks/12_34/actions/wake", None),
    "assign": (lambda k: k.tasks.assign(SERIAL), b"{}", "POST", "/v1/tasks/12_34/actions/assign", None),
    "act": (lambda k: k.tasks.act(SERIAL, "Approve"), b"", "POST", "/v1/tasks/12_34/actions/Approve", {}),
    "act with fields": (
        lambda k: k.tasks.act(SERIAL, "Approve & pay", CHANGES),
        b"whatever",
        "POST",
        "/v1/tasks/12_34/actions/Approve%20%26%20pay",
        WRITTEN,
    ),
    "act, with a backslash and a slash": (
        lambda k: k.tasks.act(SERIAL, "yes\\no/ü"),
        b"",
        "POST",
        "/v1/tasks/12_34/actions/yes%5Cno%2F%C3%BC",
        {},
    ),
    "get server event": (
        lambda k: k.server_events.retrieve(SERIAL),
        json.dumps(EVENT).encode(),
        "GET",
        "/v1/serverEvents/12_34",
        None,
    ),
    "finish server event": (
        lambda k: k.server_events.finish("SN=12_34", CHANGES),
        b"",
        "POST",
        "/v1/serverEvents/12_34/finish",
        WRITTEN,
    ),
    "finish server event without fields": (
        lambda k: k.server_events.finish(SERIAL),
        b"",
        "POST",
        "/v1/serverEvents/12_34/finish",
        {},
    ),
    "list workflows": (lambda k: k.workflows.find(), b"{}", "GET", "/v1/workflows", None),
    "list startable workflows": (
        lambda k: k.workflows.find("Startable"),
        b'{"itemCount":1,"workflows":[{"id":7,"defaultVersionId":71}]}',
        "GET",
        "/v1/workflows?type=Startable",
        None,
    ),
    "get workflow": (lambda k: k.workflows.retrieve(7), b"{}", "GET", "/v1/workflows/7", None),
    "get schema": (lambda k: k.workflows.schema(7), b'{"type":"object"}', "GET", "/v1/workflows/7/schema", None),
    "start": (
        lambda k: k.workflows.start(7, START, check=False),
        b"4711",
        "POST",
        "/v1/workflows/7",
        {"folio": "L-1", "priority": 1, "expectedDuration": 60, "dataFields": {"Amount": 5}},
    ),
    "start with nothing": (lambda k: k.workflows.start(7, check=False), b"1", "POST", "/v1/workflows/7", {}),
    "run operation": (lambda k: k.operations.run("Refresh"), b'"ok"', "GET", "/v1/op/Refresh", None),
}


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
