"""Every KuFlow activity in every spelling, made from one table."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from temporalio import activity

from kurun_activities import document_links, documents, names, process_items, processes, task_logs

Activity = Callable[[Any], Awaitable[Any]]

ACTIVITIES: Final[Mapping[str, Activity]] = {
    names.FIND_PROCESSES: processes.find_processes,
    names.RETRIEVE_PROCESS: processes.retrieve_process,
    names.CREATE_PROCESS: processes.create_process,
    names.COMPLETE_PROCESS: processes.complete_process,
    names.CANCEL_PROCESS: processes.cancel_process,
    names.CHANGE_PROCESS_INITIATOR: processes.change_process_initiator,
    names.UPDATE_PROCESS_METADATA: processes.update_process_metadata,
    names.PATCH_PROCESS_METADATA: processes.patch_process_metadata,
    names.UPDATE_PROCESS_ENTITY: processes.update_process_entity,
    names.PATCH_PROCESS_ENTITY: processes.patch_process_entity,
    names.FIND_PROCESS_ITEMS: process_items.find_process_items,
    names.RETRIEVE_PROCESS_ITEM: process_items.retrieve_process_item,
    names.CREATE_PROCESS_ITEM: process_items.create_process_item,
    names.CLAIM_PROCESS_ITEM_TASK: process_items.claim_process_item_task,
    names.ASSIGN_PROCESS_ITEM_TASK: process_items.assign_process_item_task,
    names.COMPLETE_PROCESS_ITEM_TASK: process_items.complete_process_item_task,
    names.UPDATE_PROCESS_ITEM_TASK_DATA: process_items.update_process_item_task_data,
    names.PATCH_PROCESS_ITEM_TASK_DATA: process_items.patch_process_item_task_data,
    names.APPEND_PROCESS_ITEM_TASK_LOG: task_logs.append_process_item_task_log,
    names.UPLOAD_PROCESS_DOCUMENT: documents.upload_process_document,
    names.DOWNLOAD_PROCESS_DOCUMENT: documents.download_process_document,
    names.LINK_PROCESS_ITEM_TASK_DOCUMENT: document_links.link_process_item_task_document,
}


def kuflow_activities() -> list[Activity]:
    """The activities for a worker: ``Worker(…, activities=[*kuflow_activities(), my_own])``."""
    return [_named(spelling, function) for name, function in ACTIVITIES.items() for spelling in names.SPELLINGS[name]]


def is_kuflow_activity(function: Callable[..., Any]) -> bool:
    """Whether a function is one of these; a user's own under the same name is not."""
    return getattr(function, "__wrapped__", function) in _FUNCTIONS


_FUNCTIONS = frozenset(ACTIVITIES.values())


def _named(spelling: str, function: Activity) -> Activity:
    # Temporal keeps the name on the callable, so each spelling needs one of its own; `wraps` keeps the type hints,
    # by which requests are decoded.
    @functools.wraps(function)
    async def spelled(request: Any) -> Any:
        return await function(request)

    return activity.defn(name=spelling)(spelled)
