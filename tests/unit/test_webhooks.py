"""Webhooks: events told apart by their type, in both shapes, and never trusted."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kurun_clients.kuflow.models import ProcessItemTaskState, ProcessState
from kurun_clients.kuflow.webhooks import (
    MAX_EVENT,
    MalformedEvent,
    UnknownWebhookEvent,
    WebhookEventProcessCreated,
    WebhookEventProcessItemCreated,
    WebhookEventProcessItemTaskStateChanged,
    WebhookEventProcessStateChanged,
    WebhookType,
    parse_event,
)

ONE = "11111111-1111-4111-8111-111111111111"
TWO = "22222222-2222-4222-8222-222222222222"
PROCESS = {"processId": ONE, "processState": "COMPLETED"}
ITEM = {
    "processId": ONE,
    "processItemId": TWO,
    "processItemType": "TASK",
    "processItemState": "CLAIMED",
    "processItemDefinitionCode": "FORM",
}


def event(type: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: A002
    """The body of a request."""
    return {"id": TWO, "version": "2024-06-14", "type": type, "timestamp": "2024-06-14T10:00:00Z", "data": data, **more}


def body(document: object) -> bytes:
    """As it comes."""
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("kind", "model", "data"),
    [
        ("PROCESS.CREATED", WebhookEventProcessCreated, PROCESS),
        ("PROCESS.STATE_CHANGED", WebhookEventProcessStateChanged, PROCESS),
        ("PROCESS_ITEM.CREATED", WebhookEventProcessItemCreated, ITEM),
        ("PROCESS_ITEM.TASK_STATE_CHANGED", WebhookEventProcessItemTaskStateChanged, ITEM),
    ],
)
def test_each_type_has_its_model(kind: str, model: type, data: dict[str, Any]) -> None:
    """The type decides; what is not known is kept."""
    document = event(kind, {**data, "novelty": None}, more=1)

    read = parse_event(body(document))

    assert type(read) is model
    assert read.type is WebhookType(kind)
    assert read.to_wire() == document


def test_events_are_typed() -> None:
    """A match on the type narrows to the data of that type."""
    read = parse_event(body(event("PROCESS.STATE_CHANGED", PROCESS)))

    match read:
        case WebhookEventProcessStateChanged(data=data):
            assert (data.process_id, data.process_state) == (UUID(ONE), ProcessState.COMPLETED)
        case _:
            pytest.fail("the type was not told apart")


@pytest.mark.parametrize("kind", ["PROCESS_ITEM.CREATED", "PROCESS_ITEM.TASK_STATE_CHANGED"])
def test_the_older_shape_is_read(kind: str) -> None:
    """It calls the definition's code ``processItemTaskCode``."""
    older = {name: value for name, value in ITEM.items() if name != "processItemDefinitionCode"}

    read = parse_event(body(event(kind, {**older, "processItemTaskCode": "FORM"})))

    assert isinstance(read, WebhookEventProcessItemCreated | WebhookEventProcessItemTaskStateChanged)
    assert read.data.process_item_definition_code == "FORM"
    assert read.data.process_item_state is ProcessItemTaskState.CLAIMED
    assert read == parse_event(body(event(kind, ITEM)))


def test_a_message_has_neither_state_nor_code() -> None:
    """Only tasks do."""
    data = {"processId": ONE, "processItemId": TWO, "processItemType": "MESSAGE"}

    read = parse_event(body(event("PROCESS_ITEM.CREATED", data)))

    assert read.to_wire()["data"] == data


def test_later_types_are_readable() -> None:
    """An event that KuFlow gained later is not an error; its data is there as it came."""
    document = event("ROBOT.FAILED", {"robotId": ONE})

    read = parse_event(body(document))

    assert isinstance(read, UnknownWebhookEvent)
    assert (read.type, read.model_extra) == ("ROBOT.FAILED", {"data": {"robotId": ONE}})
    assert read.to_wire() == document


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        body({"type": "PROCESS.CREATED"}),
        body(event("PROCESS.CREATED", {"processId": "hunter2", "processState": "RUNNING"})),
        body(event("PROCESS.CREATED", ITEM)),
        body({**event("PROCESS.CREATED", PROCESS), "type": 7}),
        body({**event("ROBOT.FAILED", {}), "id": "hunter2"}),
    ],
)
def test_what_is_no_event_is_refused(content: bytes) -> None:
    """MalformedEvent says what is wrong and does not repeat what came."""
    with pytest.raises(MalformedEvent) as caught:
        parse_event(content)

    assert "hunter2" not in str(caught.value)


def test_events_are_small() -> None:
    """A body beyond the limit is not even looked at."""
    padded = body(event("PROCESS.CREATED", PROCESS)).ljust(MAX_EVENT)

    assert isinstance(parse_event(padded), WebhookEventProcessCreated)
    with pytest.raises(MalformedEvent, match="longer than"):
        parse_event(padded + b" ")


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_body_is_read_or_refused(content: bytes) -> None:
    """Nothing but MalformedEvent comes of garbage."""
    with pytest.raises(MalformedEvent):
        parse_event(content)
