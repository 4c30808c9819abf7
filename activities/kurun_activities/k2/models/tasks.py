"""Requests and responses of the activities on K2 tasks."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, model_validator

from kurun_activities.k2.folio import BusinessKey
from kurun_activities.k2.models.base import K2ChangeResponse, K2MarkedRequest, SerialNumberText, Text
from kurun_activities.models import ActivityRequest, ActivityResponse
from kurun_clients.k2.workflow_api.models import Task, TaskActions, TaskSummary


class K2TaskRequest(ActivityRequest):
    """Names the task to act on."""

    serial_number: SerialNumberText


class K2TaskFindRequest(ActivityRequest):
    """List the account's tasks. K2 lists all of them at once; what is filtered here does not enter the history.

    Attributes:
        state: K2's own filter; its values are not documented. Without it K2 lists what is not asleep.
        workflow_instance_id: Only tasks of this workflow instance.
        business_key: Only tasks whose folio carries this key.
    """

    state: Text | None = None
    workflow_instance_id: int | None = None
    business_key: BusinessKey | None = None


class K2TaskFindResponse(ActivityResponse):
    """The tasks; ``item_count`` counts those that K2 listed, before they were filtered here."""

    item_count: int
    tasks: tuple[TaskSummary, ...] = ()


class K2TaskRetrieveRequest(K2TaskRequest):
    """Read a task with its fields."""


class K2TaskRetrieveResponse(ActivityResponse):
    """The task, or nothing if it is gone or not for this account: K2 does not say which."""

    task: Task | None = None


class K2TaskActionsRetrieveRequest(K2TaskRequest):
    """Read what can be done with a task."""


class K2TaskActionsRetrieveResponse(ActivityResponse):
    """What can be done with it."""

    actions: TaskActions


class K2TaskRedirectRequest(K2TaskRequest):
    r"""Hand a task to someone else.

    Attributes:
        redirect_to: Full name with its label, such as ``K2:DENALLIX\Bob``.
    """

    redirect_to: Text


class K2TaskRedirectResponse(ActivityResponse):
    """The task has left this account's list."""


class K2TaskSleepRequest(K2TaskRequest):
    """Put a task to sleep, until a moment or for a while.

    Attributes:
        until: When it wakes.
        seconds: How long it sleeps, counted from when the activity was scheduled, so that a retry does not begin anew.
    """

    until: AwareDatetime | None = None
    seconds: Annotated[int, Field(ge=1, le=10 * 366 * 24 * 3600)] | None = None

    @model_validator(mode="after")
    def _says_how_long(self) -> "K2TaskSleepRequest":
        if (self.until is None) == (self.seconds is None):
            raise ValueError("exactly one of until and seconds is wanted")
        return self


class K2TaskSleepResponse(K2ChangeResponse):
    """When the task wakes."""

    until: datetime


class K2TaskReleaseRequest(K2TaskRequest):
    """Give a task that this account opened back to all its destinations."""


class K2TaskReleaseResponse(K2ChangeResponse):
    """It is available again."""


class K2TaskWakeRequest(K2TaskRequest):
    """Wake a sleeping task."""


class K2TaskWakeResponse(K2ChangeResponse):
    """It is awake."""


class K2TaskAssignRequest(K2TaskRequest):
    """Open a task for this account, so that no other destination can."""


class K2TaskAssignResponse(K2ChangeResponse):
    """It is open."""


class K2TaskActRequest(K2MarkedRequest):
    """Complete a task with one of its actions.

    Attributes:
        action: Name of the action; it may hold spaces, and its case does not matter to K2.
    """

    action: Text


class K2TaskActResponse(K2ChangeResponse):
    """It is done."""
