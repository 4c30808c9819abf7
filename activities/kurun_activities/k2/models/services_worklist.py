"""Requests and responses of the activities on the worklist of the K2 Services."""

from typing import Annotated

from pydantic import Field

from kurun_activities.k2.models.base import K2ChangeResponse, Text
from kurun_activities.k2.models.services_base import (
    K2Criteria,
    K2FieldFlags,
    K2ServicesActionRequest,
    K2ServicesItemRequest,
    K2ServicesListRequest,
    K2ServicesMarkedRequest,
)
from kurun_activities.models import ActivityRequest, ActivityResponse
from kurun_clients.k2.services.models import (
    Action,
    ActivityInstanceDestination,
    DataField,
    Destination,
    EventInstance,
    ProcessInstance,
    WorklistItem,
    XmlField,
)


class K2ServicesItemsResponse(ActivityResponse):
    """Items of the account's worklist."""

    items: tuple[WorklistItem, ...] = ()


class K2ServicesNameRequest(K2ServicesItemRequest):
    """Names a part of an item."""

    name: Text


class K2ServicesDataFieldsResponse(ActivityResponse):
    """Data fields, their values as text."""

    data_fields: tuple[DataField, ...] = ()


class K2ServicesDataFieldResponse(ActivityResponse):
    """One data field."""

    data_field: DataField


class K2ServicesXmlFieldsResponse(ActivityResponse):
    """XML fields, their values as XML text."""

    xml_fields: tuple[XmlField, ...] = ()


class K2ServicesXmlFieldResponse(ActivityResponse):
    """One XML field."""

    xml_field: XmlField


class K2ServicesWorklistOpenRequest(K2ServicesListRequest):
    """List the worklist, filtered in the address."""

    criteria: K2Criteria = K2Criteria()


class K2ServicesWorklistOpenResponse(K2ServicesItemsResponse):
    """The items."""


class K2ServicesWorklistFilterRequest(ActivityRequest):
    """List the worklist, filtered in a document: for criteria that are too long for an address."""

    criteria: K2Criteria


class K2ServicesWorklistFilterResponse(K2ServicesItemsResponse):
    """The items."""


class K2ServicesWorklistSearchRequest(ActivityRequest):
    """List the items of a process.

    Attributes:
        process_full_name: Folder and name of the definition, joined by a backslash.
        folio: Folio of the instance.
        fields: Which fields the answer has.
    """

    process_full_name: str | None = None
    folio: str | None = None
    fields: K2FieldFlags = K2FieldFlags()


class K2ServicesWorklistSearchResponse(K2ServicesItemsResponse):
    """The items."""


class K2ServicesWorklistItemOpenRequest(K2ServicesItemRequest):
    """Read an item.

    Attributes:
        allocate: Open it for this account too, so that no other destination can.
        fields: Which fields the answer has.
    """

    allocate: bool = False
    fields: K2FieldFlags = K2FieldFlags()


class K2ServicesWorklistItemOpenResponse(ActivityResponse):
    """The item."""

    item: WorklistItem


class K2ServicesActionsRetrieveRequest(K2ServicesItemRequest):
    """Read what can be done with an item."""


class K2ServicesActionsRetrieveResponse(ActivityResponse):
    """The actions."""

    actions: tuple[Action, ...] = ()


class K2ServicesActionRetrieveRequest(K2ServicesNameRequest):
    """Read one of an item's actions."""


class K2ServicesActionRetrieveResponse(ActivityResponse):
    """The action."""

    action: Action


class K2ServicesProcessInstanceRetrieveRequest(K2ServicesItemRequest):
    """Read the process instance of an item."""

    fields: K2FieldFlags = K2FieldFlags()


class K2ServicesProcessInstanceRetrieveResponse(ActivityResponse):
    """The instance."""

    process_instance: ProcessInstance


class K2ServicesProcessDataFieldsRetrieveRequest(K2ServicesItemRequest):
    """Read the data fields of an item's process instance."""


class K2ServicesProcessDataFieldsRetrieveResponse(K2ServicesDataFieldsResponse):
    """The fields."""


class K2ServicesProcessDataFieldRetrieveRequest(K2ServicesNameRequest):
    """Read one of them."""


class K2ServicesProcessDataFieldRetrieveResponse(K2ServicesDataFieldResponse):
    """The field."""


class K2ServicesProcessXmlFieldsRetrieveRequest(K2ServicesItemRequest):
    """Read the XML fields of an item's process instance."""


class K2ServicesProcessXmlFieldsRetrieveResponse(K2ServicesXmlFieldsResponse):
    """The fields."""


class K2ServicesProcessXmlFieldRetrieveRequest(K2ServicesNameRequest):
    """Read one of them."""


class K2ServicesProcessXmlFieldRetrieveResponse(K2ServicesXmlFieldResponse):
    """The field."""


class K2ServicesActivityInstanceDestinationRetrieveRequest(K2ServicesItemRequest):
    """Read the activity of an item."""

    fields: K2FieldFlags = K2FieldFlags()


class K2ServicesActivityInstanceDestinationRetrieveResponse(ActivityResponse):
    """The activity, as it is for this destination."""

    activity_instance_destination: ActivityInstanceDestination


class K2ServicesActivityDataFieldsRetrieveRequest(K2ServicesItemRequest):
    """Read the data fields of an item's activity."""


class K2ServicesActivityDataFieldsRetrieveResponse(K2ServicesDataFieldsResponse):
    """The fields."""


class K2ServicesActivityDataFieldRetrieveRequest(K2ServicesNameRequest):
    """Read one of them."""


class K2ServicesActivityDataFieldRetrieveResponse(K2ServicesDataFieldResponse):
    """The field."""


class K2ServicesActivityXmlFieldsRetrieveRequest(K2ServicesItemRequest):
    """Read the XML fields of an item's activity."""


class K2ServicesActivityXmlFieldsRetrieveResponse(K2ServicesXmlFieldsResponse):
    """The fields."""


class K2ServicesActivityXmlFieldRetrieveRequest(K2ServicesNameRequest):
    """Read one of them."""


class K2ServicesActivityXmlFieldRetrieveResponse(K2ServicesXmlFieldResponse):
    """The field."""


class K2ServicesEventInstanceRetrieveRequest(K2ServicesItemRequest):
    """Read the event of an item."""


class K2ServicesEventInstanceRetrieveResponse(ActivityResponse):
    """The event."""

    event_instance: EventInstance


class K2ServicesDestinationsRetrieveRequest(K2ServicesItemRequest):
    """Read whom an item is for."""


class K2ServicesDestinationsRetrieveResponse(ActivityResponse):
    """The destinations."""

    destinations: tuple[Destination, ...] = ()


class K2ServicesDestinationRetrieveRequest(K2ServicesItemRequest):
    """Read one of them, by its number, as K2 counts them."""

    index: Annotated[int, Field(ge=0)]


class K2ServicesDestinationRetrieveResponse(ActivityResponse):
    """The destination."""

    destination: Destination


class K2ServicesActionExecuteRequest(K2ServicesActionRequest):
    """Do something with an item that K2 allows in batches.

    Attributes:
        synchronous: Answer only when the workflow has gone on.
    """

    synchronous: bool | None = None


class K2ServicesActionExecuteResponse(K2ChangeResponse):
    """It is done."""


class K2ServicesItemActionExecuteRequest(K2ServicesMarkedRequest):
    """Do something with an item and change its fields.

    Attributes:
        synchronous: Answer only when the workflow has gone on.
    """

    synchronous: bool | None = None


class K2ServicesItemActionExecuteResponse(K2ChangeResponse):
    """It is done."""
