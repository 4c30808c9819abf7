"""Activities on the worklist of the K2 Services."""

from kurun_activities.k2 import context
from kurun_activities.k2.models import (
    K2ServicesActionRetrieveRequest,
    K2ServicesActionRetrieveResponse,
    K2ServicesActionsRetrieveRequest,
    K2ServicesActionsRetrieveResponse,
    K2ServicesActivityInstanceDestinationRetrieveRequest,
    K2ServicesActivityInstanceDestinationRetrieveResponse,
    K2ServicesDestinationRetrieveRequest,
    K2ServicesDestinationRetrieveResponse,
    K2ServicesDestinationsRetrieveRequest,
    K2ServicesDestinationsRetrieveResponse,
    K2ServicesEventInstanceRetrieveRequest,
    K2ServicesEventInstanceRetrieveResponse,
    K2ServicesProcessInstanceRetrieveRequest,
    K2ServicesProcessInstanceRetrieveResponse,
    K2ServicesWorklistFilterRequest,
    K2ServicesWorklistFilterResponse,
    K2ServicesWorklistItemOpenRequest,
    K2ServicesWorklistItemOpenResponse,
    K2ServicesWorklistOpenRequest,
    K2ServicesWorklistOpenResponse,
    K2ServicesWorklistSearchRequest,
    K2ServicesWorklistSearchResponse,
)
from kurun_activities.k2.services.arguments import criteria, flags


async def open_worklist(request: K2ServicesWorklistOpenRequest) -> K2ServicesWorklistOpenResponse:
    """The worklist, filtered in the address."""
    items = await context.current().services.worklist.find(
        criteria(request.criteria), fields=flags(request.fields), skip=request.skip, top=request.top
    )
    return K2ServicesWorklistOpenResponse(items=items)


async def filter_worklist(request: K2ServicesWorklistFilterRequest) -> K2ServicesWorklistFilterResponse:
    """The worklist, filtered in a document."""
    items = await context.current().services.worklist.find_filtered(criteria(request.criteria))
    return K2ServicesWorklistFilterResponse(items=items)


async def search_worklist(request: K2ServicesWorklistSearchRequest) -> K2ServicesWorklistSearchResponse:
    """The items of a process or a folio."""
    items = await context.current().services.worklist.search(
        process_full_name=request.process_full_name, folio=request.folio, fields=flags(request.fields)
    )
    return K2ServicesWorklistSearchResponse(items=items)


async def open_worklist_item(request: K2ServicesWorklistItemOpenRequest) -> K2ServicesWorklistItemOpenResponse:
    """Read an item, and open it for this account if that is asked; a retry finds it open."""
    item = await context.current().services.worklist.retrieve(
        request.serial_number, allocate=request.allocate, fields=flags(request.fields)
    )
    return K2ServicesWorklistItemOpenResponse(item=item)


async def retrieve_actions(request: K2ServicesActionsRetrieveRequest) -> K2ServicesActionsRetrieveResponse:
    """Read what can be done with an item."""
    actions = await context.current().services.worklist.actions(request.serial_number)
    return K2ServicesActionsRetrieveResponse(actions=actions)


async def retrieve_action(request: K2ServicesActionRetrieveRequest) -> K2ServicesActionRetrieveResponse:
    """Read one of an item's actions."""
    action = await context.current().services.worklist.action(request.serial_number, request.name)
    return K2ServicesActionRetrieveResponse(action=action)


async def retrieve_process_instance(
    request: K2ServicesProcessInstanceRetrieveRequest,
) -> K2ServicesProcessInstanceRetrieveResponse:
    """Read the process instance of an item."""
    instance = await context.current().services.worklist.process_instance(
        request.serial_number, fields=flags(request.fields)
    )
    return K2ServicesProcessInstanceRetrieveResponse(process_instance=instance)


async def retrieve_activity_instance_destination(
    request: K2ServicesActivityInstanceDestinationRetrieveRequest,
) -> K2ServicesActivityInstanceDestinationRetrieveResponse:
    """Read the activity of an item."""
    destination = await context.current().services.worklist.activity_instance_destination(
        request.serial_number, fields=flags(request.fields)
    )
    return K2ServicesActivityInstanceDestinationRetrieveResponse(activity_instance_destination=destination)


async def retrieve_event_instance(
    request: K2ServicesEventInstanceRetrieveRequest,
) -> K2ServicesEventInstanceRetrieveResponse:
    """Read the event of an item."""
    event = await context.current().services.worklist.event_instance(request.serial_number)
    return K2ServicesEventInstanceRetrieveResponse(event_instance=event)


async def retrieve_destinations(
    request: K2ServicesDestinationsRetrieveRequest,
) -> K2ServicesDestinationsRetrieveResponse:
    """Read whom an item is for."""
    destinations = await context.current().services.worklist.destinations(request.serial_number)
    return K2ServicesDestinationsRetrieveResponse(destinations=destinations)


async def retrieve_destination(request: K2ServicesDestinationRetrieveRequest) -> K2ServicesDestinationRetrieveResponse:
    """Read one of those."""
    destination = await context.current().services.worklist.destination(request.serial_number, request.index)
    return K2ServicesDestinationRetrieveResponse(destination=destination)
