"""Requests and responses of the activities on users and tasks of the K2 Services."""

from typing import Annotated

from pydantic import Field

from kurun_activities.k2.models.base import K2ChangeResponse, Text
from kurun_activities.k2.models.services_base import (
    K2Criteria,
    K2ServicesItemRequest,
    K2ServicesListRequest,
    K2ServicesMarkedRequest,
    K2ServicesPageRequest,
)
from kurun_activities.models import ActivityRequest, ActivityResponse
from kurun_clients.k2.services.models import Task, User
from kurun_clients.kuflow.models import WireModel


class K2ServicesUsersListRequest(K2ServicesPageRequest):
    """List all users."""


class K2ServicesUsersListResponse(ActivityResponse):
    """The users."""

    users: tuple[User, ...] = ()


class K2ServicesUserFindRequest(ActivityRequest):
    """Search users; ``*`` stands for any text."""

    username: str | None = None
    display_name: str | None = None
    fqn: str | None = None
    manager: str | None = None
    email: str | None = None


class K2ServicesUserFindResponse(ActivityResponse):
    """The users."""

    users: tuple[User, ...] = ()


class K2ServicesUserRetrieveRequest(ActivityRequest):
    r"""Read a user, by the full name with its label, such as ``K2:DENALLIX\Bob``."""

    fqn: Text


class K2ServicesUserRetrieveResponse(ActivityResponse):
    """The user."""

    user: User


class K2ServicesWhoAmIRequest(ActivityRequest):
    """Ask whom the worker calls as."""


class K2ServicesWhoAmIResponse(ActivityResponse):
    """The account's full name."""

    fqn: str


class K2ServicesTasksListRequest(K2ServicesListRequest):
    """List the account's tasks, filtered in the address."""

    criteria: K2Criteria = K2Criteria()


class K2ServicesTasksListResponse(ActivityResponse):
    """The tasks."""

    tasks: tuple[Task, ...] = ()


class K2ServicesTasksFilterRequest(ActivityRequest):
    """List the account's tasks, filtered in a document: for criteria that are too long for an address."""

    criteria: K2Criteria


class K2ServicesTasksFilterResponse(ActivityResponse):
    """The tasks."""

    tasks: tuple[Task, ...] = ()


class K2ServicesTaskRetrieveRequest(K2ServicesItemRequest):
    """Read a task."""


class K2ServicesTaskRetrieveResponse(ActivityResponse):
    """The task."""

    task: Task


class K2ServicesTaskUpdateRequest(K2ServicesMarkedRequest):
    """Do something with a task that K2 allows in batches, and change its fields."""


class K2ServicesTaskUpdateResponse(K2ChangeResponse):
    """It is done."""


class K2ServicesTasksUpdateRequest(ActivityRequest):
    """Do something with several tasks; a serial number may be there once."""

    updates: Annotated[tuple[K2ServicesMarkedRequest, ...], Field(min_length=1, max_length=500)]


class K2TaskUpdateFailure(WireModel):
    """What K2 says of one update that it did not do.

    Attributes:
        message: Why.
        serial_number: Which task, if K2 says it.
    """

    message: str
    serial_number: str | None = None


class K2ServicesTasksUpdateResponse(ActivityResponse):
    """How the updates ended.

    Attributes:
        failures: Those that K2 did not do.
        gone: Tasks that were gone when a later attempt looked: done by an earlier attempt, or by others.
    """

    failures: tuple[K2TaskUpdateFailure, ...] = ()
    gone: tuple[str, ...] = ()
