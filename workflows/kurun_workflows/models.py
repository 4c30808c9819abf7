"""What KuFlow sends to workflows and what it wants back.

Fields that it gains later are kept; absent ones read as ``None``.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AliasChoices, Field

from kurun_clients.kuflow.models.base import Resource

KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM = "KuFlow_Engine_Signal_Process_Item"
"""The signal by which KuFlow tells a workflow that something happened to a process item."""


class WorkflowRequest(Resource):
    """The one argument of a workflow that KuFlow starts for a process."""

    process_id: UUID
    request_time: datetime | None = None
    request_time_zone: str | None = None
    extras: dict[str, Any] | None = None


class WorkflowResponse(Resource):
    """What such a workflow returns."""

    message: str | None = None


class SignalProcessItemType(StrEnum):
    """What kind of item a signal is about."""

    TASK = "TASK"
    MESSAGE = "MESSAGE"
    THREAD = "THREAD"


class SignalProcessItemPayload(Resource):
    """The codes of the item's definition, and of its data's structure if it is a message."""

    process_item_definition_code: str | None = None
    data_structure_data_definition_code: str | None = None


class SignalProcessItem(Resource):
    """The argument of :data:`KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM`; ``id`` is the item's.

    It says that something happened, not what: read the item. A ``type`` that KuFlow gains later stays a string.
    """

    id: UUID
    type: Annotated[SignalProcessItemType | str | None, Field(union_mode="left_to_right")] = None
    payload: SignalProcessItemPayload | None = None
    request_time: datetime | None = None
    request_time_zone: str | None = None


class WorkflowUserActionDefinitionType(StrEnum):
    """What a user action does."""

    DOWNLOADABLE = "DOWNLOADABLE"
    START_RELATED_PROCESS = "START_RELATED_PROCESS"
    START_WORKFLOW = "START_WORKFLOW"
    CREATE_TASK = "CREATE_TASK"
    CREATE_PROCESS_ITEM_MESSAGE = "CREATE_PROCESS_ITEM_MESSAGE"
    CREATE_PROCESS_ITEM_THREAD = "CREATE_PROCESS_ITEM_THREAD"


class WorkflowUserActionRequest(Resource):
    """The argument of a workflow that KuFlow starts because a person chose an action of a process."""

    process_id: UUID
    user_action_definition_type: Annotated[
        WorkflowUserActionDefinitionType | str | None, Field(union_mode="left_to_right")
    ] = None
    user_action_definition_code: str | None = None
    user_action_id: UUID | None = None
    requestor_principal_id: UUID | None = None
    request_time: datetime | None = None
    request_time_zone: str | None = None


class WorkflowUserActionResponse(Resource):
    """What such a workflow returns."""

    message: str | None = None


class SignalUserAction(Resource):
    """The argument of a signal that a person sent by an action of a process.

    KuFlow's SDKs differ: one writes ``requestInstant``, the others ``requestTime`` and ``requestTimeZone``. Both are
    read; ``requestTime`` is written.
    """

    user_action_definition_code: str
    request_time: datetime | None = Field(
        default=None,
        validation_alias=AliasChoices("requestTime", "requestInstant", "request_time"),
        serialization_alias="requestTime",
    )
    request_time_zone: str | None = None
