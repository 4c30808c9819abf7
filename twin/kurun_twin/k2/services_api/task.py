"""The Task service: lists and updates for programs. Its updates carry out only actions that need no form."""

from sqlite3 import Connection

from starlette.responses import Response

from kurun_twin.k2.platform import K2Platform, K2Refusal, K2User
from kurun_twin.k2.services_api import nodes, posts
from kurun_twin.k2.services_api.actions import UnknownAction
from kurun_twin.k2.services_api.answers import DONE, failure, refusal_text
from kurun_twin.k2.services_api.calls import Call
from kurun_twin.k2.services_api.criteria import Criteria
from kurun_twin.k2.services_api.documents import UnreadableDocument
from kurun_twin.k2.services_api.lists import listed
from kurun_twin.k2.services_api.operations import Endpoint, Operation
from kurun_twin.k2.services_api.performing import Deed, perform
from kurun_twin.k2.services_api.posts import PostedUpdate
from kurun_twin.k2.services_api.rendering import TASK, Node, collection

_SYNC = (Endpoint.SYNC,)


async def tasks(call: Call) -> Node:
    """The caller's tasks, filtered by ``filterXml``."""
    return await _tasks(call, call.filter())


async def tasks_filtered(call: Call) -> Node:
    """The same, filtered by the document that was posted."""
    return await _tasks(call, await call.posted_criteria())


async def one_task(call: Call) -> Node:
    """One task."""
    return nodes.sync_task(await call.run(call.k2.tasks.retrieve, call.user, call.serial), call.details())


async def update_task(call: Call) -> Response:
    """Act on one task; K2's example answers with nothing."""
    await call.run(_update, call.k2, call.user, posts.update_task(await call.document("UpdateTask")))
    return Response()


async def update_tasks(call: Call) -> Node:
    """Act on several, each for itself. What K2 answers is in no document: here each has its result under its number."""
    updates = posts.update_tasks(await call.document("UpdateTaskCollection"))
    return collection(TASK, "UpdateTaskResultCollection", [await _result(call, each) for each in updates])


async def _tasks(call: Call, criteria: Criteria) -> Node:
    details = call.details()
    found = (await call.run(listed, call.k2, call.user, criteria))[call.window()]
    return collection(TASK, "TaskCollection", [nodes.sync_task(each, details) for each in found])


def _update(connection: Connection, k2: K2Platform, user: K2User, update: PostedUpdate) -> None:
    perform(connection, k2, user, Deed(update.serial, update.action, batch_only=True, fields=update.fields))


async def _result(call: Call, update: PostedUpdate) -> Node:
    outcome = DONE
    number = int(update.id) if update.id and update.id.isascii() and update.id.isdigit() else 0
    try:
        await call.run(_update, call.k2, call.user, update)
    except K2Refusal as refusal:
        outcome = failure(refusal_text(refusal), number=number)
    except (UnknownAction, UnreadableDocument) as error:
        outcome = failure(str(error), number=number)
    return Node(TASK, "UpdateTaskResult", {"ID": update.id, "SerialNumber": update.serial}, [outcome])


OPERATIONS = [
    Operation("Task_GetTasks", "GET", "/Task/Items", tasks, _SYNC),
    Operation("Task_GetTasksFiltered", "POST", "/Task/Items/Filtered", tasks_filtered, _SYNC),
    Operation("Task_GetTask", "GET", "/Task/Items({serial})", one_task, _SYNC),
    Operation("Task_UpdateTask", "POST", "/Task/Items/UpdateTask", update_task, _SYNC),
    Operation("Task_UpdateTasks", "POST", "/Task/Items/UpdateTasks", update_tasks, _SYNC),
]
