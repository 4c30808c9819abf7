"""Requests and responses of the activities on asynchronous server events."""

from kurun_activities.k2.models.base import K2ChangeResponse, K2MarkedRequest, SerialNumberText
from kurun_activities.models import ActivityRequest, ActivityResponse
from kurun_clients.k2.workflow_api.models import ServerEvent


class K2ServerEventRetrieveRequest(ActivityRequest):
    """Read a server event that waits."""

    serial_number: SerialNumberText


class K2ServerEventRetrieveResponse(ActivityResponse):
    """The event, or nothing if it is finished or not for this account: K2 does not say which."""

    server_event: ServerEvent | None = None


class K2ServerEventFinishRequest(K2MarkedRequest):
    """Finish a server event, so that its workflow goes on."""


class K2ServerEventFinishResponse(K2ChangeResponse):
    """It is finished."""
