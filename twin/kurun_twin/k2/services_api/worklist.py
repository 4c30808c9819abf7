"""The Worklist service."""

from collections.abc import Sequence
from sqlite3 import Connection

from kurun_twin.k2.platform import K2Platform, K2User, TaskRecord, TaskState
from kurun_twin.k2.platform.patterns import matches_pattern
from kurun_twin.k2.services_api import nodes, posts
from kurun_twin.k2.services_api.answers import DONE
from kurun_twin.k2.services_api.calls import Call, WrongOption
from kurun_twin.k2.services_api.criteria import Criteria
from kurun_twin.k2.services_api.lists import listed
from kurun_twin.k2.services_api.operations import Operation
from kurun_twin.k2.services_api.performing import Deed, perform
from kurun_twin.k2.services_api.rendering import WORKLIST, Node, collection


async def open_worklist(call: Call) -> Node:
    """The caller's items, filtered by ``filterXml``."""
    return await _items(call, call.filter())


async def open_worklist_filtered(call: Call) -> Node:
    """The same, filtered by the document that was posted."""
    return await _items(call, await call.posted_criteria())


async def search_for_items(call: Call) -> Node:
    """The caller's items of a process and a folio; ``*`` stands for any text."""
    process, folio = call.text("processFullName"), call.text("folio")
    tasks = await call.run(listed, call.k2, call.user, Criteria())
    found = [
        each for each in tasks if _fits(each.instance.workflow_full_name, process) and _fits(each.instance.folio, folio)
    ]
    return _collection(call, found)


async def open_item(call: Call) -> Node:
    """One item; ``allocate`` opens it for the caller."""
    task = await call.run(_opened, call.k2, call.user, call.serial, allocate=call.flag("allocate"))
    return nodes.worklist_item(task, call.details())


async def execute(call: Call) -> Node:
    """Carry out an action that needs no form: a GET that changes state."""
    call.flag("synchronous")
    batch_only = call.k2.options.k2_services_execute_batchable_only
    await call.run(perform, call.k2, call.user, Deed(call.serial, call.name("action"), batch_only))
    return DONE


async def execute_action(call: Call) -> Node:
    """Carry out any action, with the changes of the item that was posted."""
    call.flag("synchronous")
    action = call.text("action")
    if not action:
        raise WrongOption("action is required")
    serial, fields = posts.worklist_item(await call.document("WorklistItem"))
    await call.run(perform, call.k2, call.user, Deed(serial, action, batch_only=False, fields=fields))
    return DONE


async def _items(call: Call, criteria: Criteria) -> Node:
    return _collection(call, await call.run(listed, call.k2, call.user, criteria))


def _collection(call: Call, tasks: Sequence[TaskRecord]) -> Node:
    details = call.details()
    shown = [nodes.worklist_item(each, details) for each in tasks[call.window()]]
    return collection(WORKLIST, "WorklistItemCollection", shown)


def _fits(text: str, pattern: str | None) -> bool:
    return pattern is None or matches_pattern(text, pattern, any_number="*", any_one="")


def _opened(connection: Connection, k2: K2Platform, user: K2User, serial: str, *, allocate: bool) -> TaskRecord:
    task = k2.tasks.retrieve(connection, user, serial)
    # One that is allocated to another is asked for as well: the refusal says that there is no free slot.
    wanted = allocate and task.status in {TaskState.AVAILABLE, TaskState.ALLOCATED}
    return k2.tasks.assign(connection, user, serial) if wanted else task


OPERATIONS = [
    Operation("Worklist_OpenWorklist", "GET", "/Worklist/Items", open_worklist),
    Operation("Worklist_OpenWorklistFiltered", "POST", "/Worklist/Items/Filtered", open_worklist_filtered),
    Operation("Worklist_SearchForWorklistItems", "GET", "/Worklist/Items/SearchForWorklistItems", search_for_items),
    Operation("Worklist_OpenWorklistItem", "GET", "/Worklist/Items({serial})", open_item),
    Operation("Worklist_ExecuteActionBySerial", "GET", "/Worklist/Items({serial})/Actions({action})/Execute", execute),
    Operation("Worklist_ExecuteActionByWorklistItem", "POST", "/Worklist/Items/ExecuteAction", execute_action),
]
