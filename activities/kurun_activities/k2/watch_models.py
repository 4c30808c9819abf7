"""What the watcher of a K2 account, the processes that it starts and the workflows that it wakes say to each other.

Safe to import in a workflow.
"""

from enum import StrEnum
from typing import Final

from pydantic import Field

from kurun_activities.models import ActivityRequest, ActivityResponse
from kurun_clients.kuflow.models.base import Resource, WireModel

WATCH_TASKS: Final = "K2_watchTasks"
"""The activity that watches."""

MIRROR_WORKFLOW: Final = "K2TaskMirrorWorkflow"
"""The type of the workflows that mirror, by which the engine is asked for those that run."""

TASK_CHANGED: Final = "K2_Task_Changed"
"""Signal to a mirror: look at your task again. Its argument is a :class:`TaskChanged`."""

OUTCOME_TASK: Final = "K2_Outcome_Task"
"""Signal to a workflow that started a K2 workflow: that one has put a task into the account's list. Its argument is an
:class:`OutcomeTask`."""

MEMO_ACCOUNT: Final = "k2Account"
MEMO_KIND: Final = "k2Kind"
MEMO_SERIAL_NUMBER: Final = "k2SerialNumber"

METADATA: Final = "k2"
"""Member of a process's metadata that tells its workflow about K2."""

DEFAULT_ITEM_CODE: Final = "K2_TASK"


class Kind(StrEnum):
    """What a mirror mirrors."""

    TASK = "TASK"
    SERVER_EVENT = "SERVER_EVENT"


class TaskChanged(Resource):
    """Something happened to a task; what, the reader has to look."""

    serial_number: str


class OutcomeTask(Resource):
    """A task of a K2 workflow that was started with a business key.

    Attributes:
        serial_number: The task.
        workflow_instance_id: The K2 workflow instance that it belongs to.
        business_key: The key in that instance's folio.
        activity_name: Name of its step.
    """

    serial_number: str
    workflow_instance_id: int
    business_key: str | None = None
    activity_name: str | None = None


class Mirrored(Resource):
    """What a mirror is told in its process's metadata, under ``k2``.

    Attributes:
        account: Name of the K2 account in the worker's settings.
        serial_number: The task, or server event.
        kind: Which of the two.
        item_code: Code of the process item that shows it to people.
        marker_field: A data field of the K2 workflow that an action may leave its mark in, so that a repeat of the
            action can tell who acted. See ``K2_actOnTask``.
    """

    serial_number: str
    account: str | None = None
    kind: Kind = Kind.TASK
    workflow_instance_id: int | None = None
    folio: str | None = None
    workflow_name: str | None = None
    activity_name: str | None = None
    item_code: str = DEFAULT_ITEM_CODE
    marker_field: str | None = None


class Announced(WireModel):
    """How often a task was announced to the process that waits for it.

    Attributes:
        times: How often.
        wait: Reconciliations that pass before it is announced again.
    """

    times: int
    wait: int


class WatchRequest(ActivityRequest):
    """Watch an account.

    Attributes:
        account: Its name; the worker's settings say the rest.
        announced: What the turn before announced, by serial number.
    """

    account: str
    announced: dict[str, Announced] = Field(default_factory=dict)


class WatchResponse(ActivityResponse):
    """What a turn of the watcher did.

    Attributes:
        lists: Lists of tasks that K2 gave.
        mirrored: Processes that were started, or found to be there.
        signalled: Signals that were taken.
        announced: What was announced and is listed still, by serial number.
    """

    lists: int = 0
    mirrored: int = 0
    signalled: int = 0
    announced: dict[str, Announced] = Field(default_factory=dict)
