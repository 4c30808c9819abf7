"""The group Process Item."""

from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.api import parameters
from kurun_twin.api.operations import Api, Handler, Operation, caller
from kurun_twin.api.responses import created_response, json_response
from kurun_twin.platform.action_requests import AiAssistanceGenerate
from kurun_twin.platform.queries import Deleted, ItemFilter
from kurun_twin.platform.requests import AppendLog, Assign, DataUpdate, ProcessItemCreate, ProcessItemType
from kurun_twin.platform.tasks import Part


class TaskState(StrEnum):
    """Where a task stands."""

    READY = "READY"
    CLAIMED = "CLAIMED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


async def find_process_items(api: Api, request: Request) -> Response:
    """A page of process items."""
    wanted = ItemFilter(
        tenant_id=parameters.ids(request, "tenantId"),
        process_id=parameters.ids(request, "processId"),
        type=parameters.choices(request, "type", ProcessItemType),
        task_state=parameters.choices(request, "taskState", TaskState),
        definition_code=parameters.texts(request, "processItemDefinitionCode", "taskDefinitionCode"),
        process_definition_id=parameters.ids(request, "processDefinitionId"),
        process_definition_code=parameters.texts(request, "processDefinitionCode"),
        deleted=parameters.choice(request, "deleted", Deleted) or Deleted.EXCLUDE,
    )
    page = parameters.page(request)
    return json_response(await api.platform.database.run(api.platform.queries.items, wanted, page))


async def create_process_item(api: Api, request: Request) -> Response:
    """Create an item."""
    platform = api.platform
    wanted = await parameters.body(request, ProcessItemCreate, platform.options.max_body)
    item, created = await platform.database.run(platform.process_items.create, caller(request), wanted)
    platform.figures.count("process_items", int(created))
    return created_response(item, created)


async def retrieve_process_item(api: Api, request: Request) -> Response:
    """The whole item."""
    item_id = parameters.path_id(request)
    return json_response(await api.platform.database.run(api.platform.process_items.retrieve, item_id))


async def generate_ai_assistance(api: Api, request: Request) -> Response:
    """Start an attempt of AI assistance (202), or ask after one (200)."""
    platform, item_id = api.platform, parameters.path_id(request)
    wanted = await parameters.body(request, AiAssistanceGenerate, platform.options.max_body)
    attempt, started = await platform.database.run(platform.ai_assistance.generate, item_id, str(wanted.request_id))
    platform.figures.count("ai_assistance", int(started))
    return json_response(attempt, 202 if started else 200)


async def retrieve_ai_assistance(api: Api, request: Request) -> Response:
    """The latest attempt of AI assistance."""
    item_id = parameters.path_id(request)
    return json_response(await api.platform.database.run(api.platform.ai_assistance.retrieve, item_id))


async def claim_task(api: Api, request: Request) -> Response:
    """Make the caller its owner."""
    item_id = parameters.path_id(request)
    return json_response(await api.platform.database.run(api.platform.tasks.claim, caller(request), item_id))


async def assign_task(api: Api, request: Request) -> Response:
    """Make someone its owner."""
    item_id = parameters.path_id(request)
    wanted = await parameters.body(request, Assign, api.platform.options.max_body)
    return json_response(await api.platform.database.run(api.platform.tasks.assign, caller(request), item_id, wanted))


async def complete_task(api: Api, request: Request) -> Response:
    """Complete it and tell its workflow."""
    item_id = parameters.path_id(request)
    task = await api.platform.database.run(api.platform.tasks.complete, caller(request), item_id)
    api.platform.figures.count("items_completed")
    return json_response(task)


async def append_log(api: Api, request: Request) -> Response:
    """Add a line to its log."""
    item_id = parameters.path_id(request)
    line = await parameters.body(request, AppendLog, api.platform.options.max_body)
    task = await api.platform.database.run(api.platform.tasks.append_log, caller(request), item_id, line)
    api.platform.figures.count("log_lines")
    return json_response(task)


async def patch_data(api: Api, request: Request) -> Response:
    """Change its data."""
    item_id = parameters.path_id(request)
    operations = await parameters.patch(request, api.platform.options.max_body)
    tasks = api.platform.tasks
    return json_response(await api.platform.database.run(tasks.patch, caller(request), item_id, operations))


async def render_webform(api: Api, request: Request) -> Response:
    """KuFlow renders forms only for tenants that asked for it: always refused."""
    item_id = parameters.path_id(request)
    parameters.required(request, "propertyPath")
    await api.platform.database.run(api.platform.tasks.render_webform, item_id)
    raise AssertionError("unreachable")


def _saving(part: Part) -> Handler:
    async def save(api: Api, request: Request) -> Response:
        item_id = parameters.path_id(request)
        wanted = await parameters.body(request, DataUpdate, api.platform.options.max_body)
        tasks = api.platform.tasks
        return json_response(
            await api.platform.database.run(tasks.save, caller(request), item_id, part, wanted.data.value)
        )

    return save


_AI_ASSISTANCE = "/process-items/{id}/~actions/ai-assistance"
_TASK = "/process-items/{id}/task"

OPERATIONS = [
    Operation("findProcessItems", "GET", "/process-items", find_process_items),
    Operation("createProcessItem", "POST", "/process-items", create_process_item),
    Operation("retrieveProcessItem", "GET", "/process-items/{id}", retrieve_process_item),
    Operation("retrieveProcessItemAiAssistance", "GET", _AI_ASSISTANCE, retrieve_ai_assistance),
    Operation("generateProcessItemAiAssistance", "POST", _AI_ASSISTANCE, generate_ai_assistance),
    Operation("claimProcessItemTask", "POST", f"{_TASK}/~actions/claim", claim_task),
    Operation("assignProcessItemTask", "POST", f"{_TASK}/~actions/assign", assign_task),
    Operation("completeProcessItemTask", "POST", f"{_TASK}/~actions/complete", complete_task),
    Operation("appendProcessItemTaskLog", "POST", f"{_TASK}/~actions/append-log", append_log),
    Operation("updateProcessItemTaskData", "PUT", f"{_TASK}/data", _saving("data")),
    Operation("patchProcessItemTaskData", "PATCH", f"{_TASK}/data", patch_data),
    Operation("updateProcessItemTaskContextData", "PUT", f"{_TASK}/context-data", _saving("context_data")),
    Operation(
        "downloadProcessItemTaskDataWebformsAsDocument",
        "GET",
        f"{_TASK}/data/~actions/download-webforms-as-document",
        render_webform,
    ),
]
