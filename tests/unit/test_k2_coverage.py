"""Every operation of K2's reference has a method of the client, an operation of the twin and an activity."""

import contextlib
import inspect
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import AnyHttpUrl, SecretStr
from temporalio.exceptions import ApplicationError

from kurun_activities.k2.context import K2Clients
from kurun_activities.k2.registry import SERVICES, WORKFLOW_API
from kurun_activities.reference import models_of
from kurun_clients.http.auth import BasicAuth
from kurun_clients.k2 import ServicesClient, WorkflowClient
from kurun_config import K2Settings
from tests.k2_api import run
from tests.k2_calls import coverage
from tests.k2_calls.activities import ACTIVITIES
from tests.k2_calls.reference import REFERENCE
from tests.unit.loopback import Received, answering, serving, status

PAGE = Path(__file__).parents[2] / "docs" / "k2-api.md"
KNOWN = [each for part in REFERENCE.values() for each in part]


def test_the_page_is_as_the_code() -> None:
    """``make docs`` was run after the last change of operations, clients or activities."""
    assert PAGE.read_text() == coverage.page()


def test_no_cell_is_empty() -> None:
    """Every operation has a method of a client, an activity and an operation of the twin."""
    rows = [row for title in REFERENCE for row in coverage.rows(title)]

    assert [] == [row for row in rows if not all(row)]
    assert 55 == len(rows) == len(KNOWN)


def test_the_twin_serves_these_and_no_others() -> None:
    """What the twin serves is in the reference, each once."""
    served = Counter(coverage.served_as(each) for each in KNOWN)

    assert Counter(dict.fromkeys(coverage.SERVED, 1)) == served


def test_every_activity_sends_one_of_them() -> None:
    """No activity is left out, and none stands for two operations."""
    named = Counter(name for name, _ in ACTIVITIES.values())

    assert Counter(dict.fromkeys([*WORKFLOW_API, *SERVICES], 1)) == named


async def test_every_method_of_the_clients_is_called() -> None:
    """The calls that are held to the wire, and that the page is made from, leave none out."""
    auth = BasicAuth("bob", "secret")
    called = {method for method, _, _ in coverage.sent()}
    async with WorkflowClient("http://k2", auth=auth) as workflow, ServicesClient("http://k2", auth=auth) as services:
        there = {
            f"{noun}.{name}"
            for client in (workflow, services)
            for noun, part in vars(client).items()
            if not noun.startswith("_")
            for name, _ in inspect.getmembers(part, inspect.iscoroutinefunction)
            if not name.startswith("_")
        }

    assert there == called


@pytest.mark.parametrize("operation", ACTIVITIES)
async def test_an_activity_sends_its_operation(operation: str) -> None:
    """What goes over the wire is what the twin takes for the operation beside which the page names the activity."""
    name, sent = ACTIVITIES[operation]
    function = {**WORKFLOW_API, **SERVICES}[name]
    request, _ = models_of(function)
    async with serving(answering(status(200, b'{"type":"object"}'))) as server:
        clients = K2Clients.from_settings(_settings(server.url))
        with contextlib.suppress(ApplicationError):  # the answer fits a schema only
            await run(clients, function, request.model_validate(sent))
        await clients.aclose()

    # The input of a start is checked before it is sent.
    expected = ["GetWorkflowSchema", operation] if operation == "StartWorkflow" else [operation]
    assert expected == [*map(_taken_for, server.received)]


def _settings(address: str) -> K2Settings:
    return K2Settings(
        endpoint=AnyHttpUrl(f"{address}/api/workflow/v1"),
        services_endpoint=AnyHttpUrl(f"{address}/K2Services"),
        user="bob",
        password=SecretStr("secret"),
        retries=0,
    )


def _taken_for(received: Received) -> str:
    found = coverage.operation_of(received.method, urlsplit(received.target).path)
    return found.name if found else received.target
