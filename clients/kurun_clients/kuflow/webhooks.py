"""Webhooks: what KuFlow tells other systems of, one event a request.

KuFlow signs nothing and documents no repeats. So check who calls, act once for each ``id``, and read the state back
through the API before you act on it.
"""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AliasChoices, Discriminator, Field, Tag, TypeAdapter, ValidationError

from kurun_clients.kuflow.models.base import Growing, Moment, Resource
from kurun_clients.kuflow.models.process import ProcessState
from kurun_clients.kuflow.models.process_item import ProcessItemTaskState, ProcessItemType

MAX_EVENT = 64 * 1024
"""Largest body, in bytes, that is read; KuFlow's events have a few hundred."""


class MalformedEvent(ValueError):  # noqa: N818 - reads as what it is
    """A request's body is no event of KuFlow; the message says why, without repeating what it says."""


class WebhookType(StrEnum):
    """What happened."""

    PROCESS_CREATED = "PROCESS.CREATED"
    PROCESS_STATE_CHANGED = "PROCESS.STATE_CHANGED"
    PROCESS_ITEM_CREATED = "PROCESS_ITEM.CREATED"
    PROCESS_ITEM_TASK_STATE_CHANGED = "PROCESS_ITEM.TASK_STATE_CHANGED"


class WebhookEventBase(Resource):
    """What every event says; ``id`` is the same when an event comes again."""

    id: UUID
    version: str
    type: Annotated[WebhookType, Growing]
    timestamp: Moment


class WebhookEventProcessCreatedData(Resource):
    """The process that was created."""

    process_id: UUID
    process_state: Annotated[ProcessState, Growing]


class WebhookEventProcessStateChangedData(Resource):
    """The process, with its new state."""

    process_id: UUID
    process_state: Annotated[ProcessState, Growing]


def _definition_code() -> str | None:
    # Both shapes under v2024-06-14 are read.
    code: str | None = Field(
        default=None,
        validation_alias=AliasChoices(
            "processItemDefinitionCode", "processItemTaskCode", "process_item_definition_code"
        ),
        serialization_alias="processItemDefinitionCode",
    )
    return code


class WebhookEventProcessItemCreatedData(Resource):
    """The item that was created; ``process_item_state`` is a task's. The API's older shape names the task code."""

    process_id: UUID
    process_item_id: UUID
    process_item_type: Annotated[ProcessItemType, Growing]
    process_item_state: Annotated[ProcessItemTaskState, Growing] | None = None
    process_item_definition_code: str | None = _definition_code()


class WebhookEventProcessItemTaskStateChangedData(Resource):
    """The task, with its new state. The API's older shape names the task code."""

    process_id: UUID
    process_item_id: UUID
    process_item_type: Annotated[ProcessItemType, Growing]
    process_item_state: Annotated[ProcessItemTaskState, Growing]
    process_item_definition_code: str | None = _definition_code()


class WebhookEventProcessCreated(WebhookEventBase):
    """A process was created."""

    type: Literal[WebhookType.PROCESS_CREATED] = WebhookType.PROCESS_CREATED
    data: WebhookEventProcessCreatedData


class WebhookEventProcessStateChanged(WebhookEventBase):
    """A process has another state."""

    type: Literal[WebhookType.PROCESS_STATE_CHANGED] = WebhookType.PROCESS_STATE_CHANGED
    data: WebhookEventProcessStateChangedData


class WebhookEventProcessItemCreated(WebhookEventBase):
    """A process item was created."""

    type: Literal[WebhookType.PROCESS_ITEM_CREATED] = WebhookType.PROCESS_ITEM_CREATED
    data: WebhookEventProcessItemCreatedData


class WebhookEventProcessItemTaskStateChanged(WebhookEventBase):
    """A task has another state."""

    type: Literal[WebhookType.PROCESS_ITEM_TASK_STATE_CHANGED] = WebhookType.PROCESS_ITEM_TASK_STATE_CHANGED
    data: WebhookEventProcessItemTaskStateChangedData


class UnknownWebhookEvent(WebhookEventBase):
    """An event of a type that KuFlow gained later; what it says is in ``model_extra``."""


def _tag(event: object) -> str:
    kind = event.get("type") if isinstance(event, dict) else getattr(event, "type", None)
    return str(kind) if isinstance(kind, str) and kind in list(WebhookType) else "unknown"


WebhookEvent = Annotated[
    Annotated[WebhookEventProcessCreated, Tag(WebhookType.PROCESS_CREATED.value)]
    | Annotated[WebhookEventProcessStateChanged, Tag(WebhookType.PROCESS_STATE_CHANGED.value)]
    | Annotated[WebhookEventProcessItemCreated, Tag(WebhookType.PROCESS_ITEM_CREATED.value)]
    | Annotated[WebhookEventProcessItemTaskStateChanged, Tag(WebhookType.PROCESS_ITEM_TASK_STATE_CHANGED.value)]
    | Annotated[UnknownWebhookEvent, Tag("unknown")],
    Discriminator(_tag),
]
"""An event, told apart by its ``type``."""

_EVENT: TypeAdapter[WebhookEvent] = TypeAdapter(WebhookEvent)


def parse_event(body: bytes) -> WebhookEvent:
    """Read the body of a webhook's request.

    Raises:
        MalformedEvent: It is longer than ``MAX_EVENT``, no JSON, or lacks what its type promises.
    """
    if len(body) > MAX_EVENT:
        raise MalformedEvent(f"the event is longer than {MAX_EVENT} bytes")
    try:
        return _EVENT.validate_json(body)
    except ValidationError as error:
        reasons = error.errors(include_url=False, include_input=False, include_context=False)[:3]
        said = "; ".join(f"{'.'.join(map(str, reason['loc'])) or 'body'}: {reason['msg']}" for reason in reasons)
        raise MalformedEvent(f"no event of KuFlow: {said}") from None
