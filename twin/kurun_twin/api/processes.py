"""The group Process, except its documents and actions."""

from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.api import parameters
from kurun_twin.api.operations import Api, Handler, Operation, caller
from kurun_twin.api.responses import created_response, json_response
from kurun_twin.platform.processes import Part
from kurun_twin.platform.queries import Deleted, ProcessFilter
from kurun_twin.platform.requests import ChangeInitiator, EntityUpdate, MetadataUpdate, ProcessCreate


class ProcessState(StrEnum):
    """Where a process stands."""

    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


async def find_processes(api: Api, request: Request) -> Response:
    """A page of processes."""
    wanted = ProcessFilter(
        tenant_id=parameters.ids(request, "tenantId"),
        definition_id=parameters.ids(request, "processDefinitionId"),
        definition_code=parameters.texts(request, "processDefinitionCode"),
        state=parameters.choices(request, "state", ProcessState),
        initiator_id=parameters.ids(request, "initiatorId"),
        initiator_email=parameters.texts(request, "initiatorEmail"),
        metadata=parameters.texts(request, "metadata"),
        deleted=parameters.choice(request, "deleted", Deleted) or Deleted.EXCLUDE,
    )
    page = parameters.page(request)
    return json_response(await api.platform.database.run(api.platform.queries.processes, wanted, page))


async def create_process(api: Api, request: Request) -> Response:
    """Start a process."""
    platform = api.platform
    wanted = await parameters.body(request, ProcessCreate, platform.options.max_body)
    process, created = await platform.database.run(platform.processes.create, caller(request), wanted)
    platform.figures.count("processes", int(created))
    return created_response(process, created)


async def retrieve_process(api: Api, request: Request) -> Response:
    """The whole process."""
    process_id = parameters.path_id(request)
    return json_response(await api.platform.database.run(api.platform.processes.retrieve, process_id))


async def delete_process(api: Api, request: Request) -> Response:
    """Delete it with its items."""
    process_id = parameters.path_id(request)
    await api.platform.database.run(api.platform.processes.delete, caller(request), process_id)
    return Response(status_code=204)


async def complete_process(api: Api, request: Request) -> Response:
    """Complete it."""
    process_id = parameters.path_id(request)
    return json_response(await api.platform.database.run(api.platform.processes.complete, caller(request), process_id))


async def cancel_process(api: Api, request: Request) -> Response:
    """Cancel it, with its items and its workflow."""
    process_id = parameters.path_id(request)
    return json_response(await api.platform.database.run(api.platform.processes.cancel, caller(request), process_id))


async def cancel_process_items(api: Api, request: Request) -> Response:
    """Cancel some or all of its open items."""
    process_id, item_ids = parameters.path_id(request), parameters.ids(request, "processItemId")
    processes = api.platform.processes
    return json_response(await api.platform.database.run(processes.cancel_items, caller(request), process_id, item_ids))


async def change_initiator(api: Api, request: Request) -> Response:
    """Give it another initiator."""
    process_id = parameters.path_id(request)
    wanted = await parameters.body(request, ChangeInitiator, api.platform.options.max_body)
    processes = api.platform.processes
    return json_response(
        await api.platform.database.run(processes.change_initiator, caller(request), process_id, wanted)
    )


async def update_metadata(api: Api, request: Request) -> Response:
    """Replace the metadata."""
    wanted = await parameters.body(request, MetadataUpdate, api.platform.options.max_body)
    return await _save(api, request, "metadata", wanted.metadata.value)


async def update_entity(api: Api, request: Request) -> Response:
    """Replace the entity."""
    wanted = await parameters.body(request, EntityUpdate, api.platform.options.max_body)
    return await _save(api, request, "entity", wanted.entity.value)


async def _save(api: Api, request: Request, part: Part, value: dict[str, object]) -> Response:
    process_id = parameters.path_id(request)
    processes = api.platform.processes
    return json_response(await api.platform.database.run(processes.save, caller(request), process_id, part, value))


def _patching(part: Part) -> Handler:
    async def patch(api: Api, request: Request) -> Response:
        process_id = parameters.path_id(request)
        operations = await parameters.patch(request, api.platform.options.max_body)
        processes = api.platform.processes
        return json_response(
            await api.platform.database.run(processes.patch, caller(request), process_id, part, operations)
        )

    return patch


OPERATIONS = [
    Operation("findProcesses", "GET", "/processes", find_processes),
    Operation("createProcess", "POST", "/processes", create_process),
    Operation("retrieveProcess", "GET", "/processes/{id}", retrieve_process),
    Operation("deleteProcess", "DELETE", "/processes/{id}", delete_process),
    Operation("completeProcess", "POST", "/processes/{id}/~actions/complete", complete_process),
    Operation("cancelProcess", "POST", "/processes/{id}/~actions/cancel", cancel_process),
    Operation(
        "cancelProcessProcessItems", "POST", "/processes/{id}/~actions/cancel-process-items", cancel_process_items
    ),
    Operation("changeProcessInitiator", "POST", "/processes/{id}/~actions/change-initiator", change_initiator),
    Operation("updateProcessMetadata", "PUT", "/processes/{id}/metadata", update_metadata),
    Operation("patchProcessMetadata", "PATCH", "/processes/{id}/metadata", _patching("metadata")),
    Operation("updateProcessEntity", "PUT", "/processes/{id}/entity", update_entity),
    Operation("patchProcessEntity", "PATCH", "/processes/{id}/entity", _patching("entity")),
]
