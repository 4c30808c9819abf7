"""Activities on asynchronous server events."""

from kurun_activities.k2 import context
from kurun_activities.k2.acting import Deed, Seen, acted_once
from kurun_activities.k2.models import (
    K2ServerEventFinishRequest,
    K2ServerEventFinishResponse,
    K2ServerEventRetrieveRequest,
    K2ServerEventRetrieveResponse,
)
from kurun_clients.k2.errors import GoneOrForbidden


async def retrieve_server_event(request: K2ServerEventRetrieveRequest) -> K2ServerEventRetrieveResponse:
    """Read a server event that waits; nothing if it is finished or not for this account."""
    events = context.current().workflow.server_events
    try:
        return K2ServerEventRetrieveResponse(server_event=await events.retrieve(request.serial_number))
    except GoneOrForbidden:
        return K2ServerEventRetrieveResponse()


async def finish_server_event(request: K2ServerEventFinishRequest) -> K2ServerEventFinishResponse:
    """Finish a server event, once; see :func:`~kurun_activities.k2.acting.acted_once` about retries."""
    events, serial_number = context.current().workflow.server_events, request.serial_number
    deed = Deed.requested(request, "finish")

    async def look() -> Seen:
        await events.retrieve(serial_number)
        return Seen.WAITING  # K2 shows no others

    found = await acted_once(deed, lambda: events.finish(serial_number, deed.marked(request.changes())), look)
    return K2ServerEventFinishResponse(found=found)
