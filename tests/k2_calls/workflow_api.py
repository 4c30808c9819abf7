"""Every operation of the Workflow REST API: the call, what K2 answers, and what goes over the wire."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from kurun_clients.k2 import FieldChanges, SerialNumber, WorkflowClient, WorkflowStart, XmlField

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
    "list tasks in a state": (lambda k: k.tasks.find("All"), b'{"itemCount":0}', "GET", "/v1/tasks?state=All", None),
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
