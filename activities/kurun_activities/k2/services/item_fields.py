"""Activities on the fields of worklist items: of their process instance and of their activity."""

from kurun_activities.k2 import context
from kurun_activities.k2.models import (
    K2ServicesActivityDataFieldRetrieveRequest,
    K2ServicesActivityDataFieldRetrieveResponse,
    K2ServicesActivityDataFieldsRetrieveRequest,
    K2ServicesActivityDataFieldsRetrieveResponse,
    K2ServicesActivityXmlFieldRetrieveRequest,
    K2ServicesActivityXmlFieldRetrieveResponse,
    K2ServicesActivityXmlFieldsRetrieveRequest,
    K2ServicesActivityXmlFieldsRetrieveResponse,
    K2ServicesProcessDataFieldRetrieveRequest,
    K2ServicesProcessDataFieldRetrieveResponse,
    K2ServicesProcessDataFieldsRetrieveRequest,
    K2ServicesProcessDataFieldsRetrieveResponse,
    K2ServicesProcessXmlFieldRetrieveRequest,
    K2ServicesProcessXmlFieldRetrieveResponse,
    K2ServicesProcessXmlFieldsRetrieveRequest,
    K2ServicesProcessXmlFieldsRetrieveResponse,
)


async def retrieve_process_data_fields(
    request: K2ServicesProcessDataFieldsRetrieveRequest,
) -> K2ServicesProcessDataFieldsRetrieveResponse:
    """Read the data fields of an item's process instance."""
    fields = await context.current().services.worklist.process_data_fields(request.serial_number)
    return K2ServicesProcessDataFieldsRetrieveResponse(data_fields=fields)


async def retrieve_process_data_field(
    request: K2ServicesProcessDataFieldRetrieveRequest,
) -> K2ServicesProcessDataFieldRetrieveResponse:
    """Read one of the data fields of an item's process instance."""
    field = await context.current().services.worklist.process_data_field(request.serial_number, request.name)
    return K2ServicesProcessDataFieldRetrieveResponse(data_field=field)


async def retrieve_process_xml_fields(
    request: K2ServicesProcessXmlFieldsRetrieveRequest,
) -> K2ServicesProcessXmlFieldsRetrieveResponse:
    """Read the XML fields of an item's process instance."""
    fields = await context.current().services.worklist.process_xml_fields(request.serial_number)
    return K2ServicesProcessXmlFieldsRetrieveResponse(xml_fields=fields)


async def retrieve_process_xml_field(
    request: K2ServicesProcessXmlFieldRetrieveRequest,
) -> K2ServicesProcessXmlFieldRetrieveResponse:
    """Read one of the XML fields of an item's process instance."""
    field = await context.current().services.worklist.process_xml_field(request.serial_number, request.name)
    return K2ServicesProcessXmlFieldRetrieveResponse(xml_field=field)


async def retrieve_activity_data_fields(
    request: K2ServicesActivityDataFieldsRetrieveRequest,
) -> K2ServicesActivityDataFieldsRetrieveResponse:
    """Read the data fields of an item's activity."""
    fields = await context.current().services.worklist.activity_data_fields(request.serial_number)
    return K2ServicesActivityDataFieldsRetrieveResponse(data_fields=fields)


async def retrieve_activity_data_field(
    request: K2ServicesActivityDataFieldRetrieveRequest,
) -> K2ServicesActivityDataFieldRetrieveResponse:
    """Read one of the data fields of an item's activity."""
    field = await context.current().services.worklist.activity_data_field(request.serial_number, request.name)
    return K2ServicesActivityDataFieldRetrieveResponse(data_field=field)


async def retrieve_activity_xml_fields(
    request: K2ServicesActivityXmlFieldsRetrieveRequest,
) -> K2ServicesActivityXmlFieldsRetrieveResponse:
    """Read the XML fields of an item's activity."""
    fields = await context.current().services.worklist.activity_xml_fields(request.serial_number)
    return K2ServicesActivityXmlFieldsRetrieveResponse(xml_fields=fields)


async def retrieve_activity_xml_field(
    request: K2ServicesActivityXmlFieldRetrieveRequest,
) -> K2ServicesActivityXmlFieldRetrieveResponse:
    """Read one of the XML fields of an item's activity."""
    field = await context.current().services.worklist.activity_xml_field(request.serial_number, request.name)
    return K2ServicesActivityXmlFieldRetrieveResponse(xml_field=field)
