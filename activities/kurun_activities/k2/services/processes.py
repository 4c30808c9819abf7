"""Activities on process instances of the K2 Services."""

from collections.abc import Mapping

from kurun_activities import attempts
from kurun_activities.k2 import context
from kurun_activities.k2.failures import interrupted
from kurun_activities.k2.folio import with_key
from kurun_activities.k2.models import (
    K2ProcessStart,
    K2ServicesInstanceDataFieldRetrieveRequest,
    K2ServicesInstanceDataFieldRetrieveResponse,
    K2ServicesInstanceDataFieldsRetrieveRequest,
    K2ServicesInstanceDataFieldsRetrieveResponse,
    K2ServicesInstanceRetrieveRequest,
    K2ServicesInstanceRetrieveResponse,
    K2ServicesInstancesStartRequest,
    K2ServicesInstancesStartResponse,
    K2ServicesInstanceStartByNameRequest,
    K2ServicesInstanceStartByNameResponse,
    K2ServicesInstanceStartRequest,
    K2ServicesInstanceStartResponse,
    K2ServicesInstanceUpdateRequest,
    K2ServicesInstanceUpdateResponse,
    K2ServicesInstanceXmlFieldRetrieveRequest,
    K2ServicesInstanceXmlFieldRetrieveResponse,
    K2ServicesInstanceXmlFieldsRetrieveRequest,
    K2ServicesInstanceXmlFieldsRetrieveResponse,
)
from kurun_activities.k2.services.arguments import flags
from kurun_activities.k2.starts import started_once
from kurun_clients.k2.services.updates import ProcessStart, ProcessUpdate


async def start_instance_by_name(
    request: K2ServicesInstanceStartByNameRequest,
) -> K2ServicesInstanceStartByNameResponse:
    """Start an instance with nothing but a folio, once."""
    key = request.business_key or str(attempts.derived_id())
    folio = with_key(request.folio, key)

    async def starting() -> Mapping[str, int]:
        process = context.current().services.process
        return {key: await process.start_by_name(request.full_name, folio=folio, synchronous=request.synchronous)}

    started, found = await started_once({key: folio}, starting)
    return K2ServicesInstanceStartByNameResponse(instance_id=started[key], business_key=key, folio=folio, found=found)


async def start_instance(request: K2ServicesInstanceStartRequest) -> K2ServicesInstanceStartResponse:
    """Start an instance with its fields, once."""
    key = request.business_key or str(attempts.derived_id())
    start = _start(request.instance, key)
    folio = start.folio or ""

    async def starting() -> Mapping[str, int]:
        return {key: await context.current().services.process.start(start, synchronous=request.synchronous)}

    started, found = await started_once({key: folio}, starting)
    return K2ServicesInstanceStartResponse(instance_id=started[key], business_key=key, folio=folio, found=found)


async def start_instances(request: K2ServicesInstancesStartRequest) -> K2ServicesInstancesStartResponse:
    """Start several instances, each once; their ids are in the order of the request."""
    key = request.business_key or str(attempts.derived_id())
    starts = {f"{key}:{number}": each for number, each in enumerate(request.instances, start=1)}
    documents = {each: _start(start, each) for each, start in starts.items()}

    async def starting() -> Mapping[str, int]:
        process = context.current().services.process
        ids = await process.start_many(list(documents.values()), synchronous=request.synchronous)
        if len(ids) != len(documents):
            raise interrupted(f"K2 named {len(ids)} ids of {len(documents)} instances that it started")
        return dict(zip(documents, ids, strict=True))

    started, found = await started_once({each: start.folio or "" for each, start in documents.items()}, starting)
    return K2ServicesInstancesStartResponse(
        instance_ids=tuple(started[each] for each in documents), business_key=key, found=found
    )


async def retrieve_instance(request: K2ServicesInstanceRetrieveRequest) -> K2ServicesInstanceRetrieveResponse:
    """Read a process instance with its status."""
    instance = await context.current().services.process.retrieve(request.instance_id, fields=flags(request.fields))
    return K2ServicesInstanceRetrieveResponse(process_instance=instance)


async def update_instance(request: K2ServicesInstanceUpdateRequest) -> K2ServicesInstanceUpdateResponse:
    """Change folio, priority, expected duration or fields of a process instance."""
    changes = ProcessUpdate(
        id=request.instance_id,
        folio=request.folio,
        priority=request.priority,
        expected_duration=request.expected_duration,
        data_fields=request.data_fields,
        xml_fields=request.xml_fields,
    )
    await context.current().services.process.update(changes, synchronous=request.synchronous)
    return K2ServicesInstanceUpdateResponse()


async def retrieve_instance_data_fields(
    request: K2ServicesInstanceDataFieldsRetrieveRequest,
) -> K2ServicesInstanceDataFieldsRetrieveResponse:
    """Read the data fields of a process instance."""
    fields = await context.current().services.process.data_fields(request.instance_id)
    return K2ServicesInstanceDataFieldsRetrieveResponse(data_fields=fields)


async def retrieve_instance_data_field(
    request: K2ServicesInstanceDataFieldRetrieveRequest,
) -> K2ServicesInstanceDataFieldRetrieveResponse:
    """Read one of the data fields of a process instance."""
    field = await context.current().services.process.data_field(request.instance_id, request.name)
    return K2ServicesInstanceDataFieldRetrieveResponse(data_field=field)


async def retrieve_instance_xml_fields(
    request: K2ServicesInstanceXmlFieldsRetrieveRequest,
) -> K2ServicesInstanceXmlFieldsRetrieveResponse:
    """Read the XML fields of a process instance."""
    fields = await context.current().services.process.xml_fields(request.instance_id)
    return K2ServicesInstanceXmlFieldsRetrieveResponse(xml_fields=fields)


async def retrieve_instance_xml_field(
    request: K2ServicesInstanceXmlFieldRetrieveRequest,
) -> K2ServicesInstanceXmlFieldRetrieveResponse:
    """Read one of the XML fields of a process instance."""
    field = await context.current().services.process.xml_field(request.instance_id, request.name)
    return K2ServicesInstanceXmlFieldRetrieveResponse(xml_field=field)


def _start(instance: K2ProcessStart, key: str) -> ProcessStart:
    return ProcessStart(
        full_name=instance.full_name,
        folio=with_key(instance.folio, key),
        priority=instance.priority,
        expected_duration=instance.expected_duration,
        data_fields=instance.data_fields,
        xml_fields=instance.xml_fields,
    )
