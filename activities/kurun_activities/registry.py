"""Every KuFlow activity in every spelling, made from one table."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from temporalio import activity

from kurun_activities import (
    ai_assistance,
    business_artifact_actions,
    business_artifacts,
    directory,
    document_links,
    documents,
    names,
    process_actions,
    process_items,
    processes,
    robots,
    task_logs,
)

Activity = Callable[[Any], Awaitable[Any]]

ACTIVITIES: Final[Mapping[str, Activity]] = {
    names.FIND_PRINCIPALS: directory.find_principals,
    names.RETRIEVE_PRINCIPAL: directory.retrieve_principal,
    names.FIND_TENANT_USERS: directory.find_tenant_users,
    names.RETRIEVE_TENANT_USER: directory.retrieve_tenant_user,
    names.FIND_TENANTS: directory.find_tenants,
    names.RETRIEVE_TENANT: directory.retrieve_tenant,
    names.FIND_GROUPS: directory.find_groups,
    names.FIND_PROCESSES: processes.find_processes,
    names.RETRIEVE_PROCESS: processes.retrieve_process,
    names.CREATE_PROCESS: processes.create_process,
    names.COMPLETE_PROCESS: processes.complete_process,
    names.CANCEL_PROCESS: processes.cancel_process,
    names.DELETE_PROCESS: processes.delete_process,
    names.CANCEL_PROCESS_ITEMS: processes.cancel_process_items,
    names.CHANGE_PROCESS_INITIATOR: processes.change_process_initiator,
    names.UPDATE_PROCESS_METADATA: processes.update_process_metadata,
    names.PATCH_PROCESS_METADATA: processes.patch_process_metadata,
    names.UPDATE_PROCESS_ENTITY: processes.update_process_entity,
    names.PATCH_PROCESS_ENTITY: processes.patch_process_entity,
    names.CREATE_PROCESS_ACTION: process_actions.create_process_action,
    names.RETRIEVE_PROCESS_ACTION: process_actions.retrieve_process_action,
    names.CANCEL_PROCESS_ACTION: process_actions.cancel_process_action,
    names.FIND_PROCESS_ITEMS: process_items.find_process_items,
    names.RETRIEVE_PROCESS_ITEM: process_items.retrieve_process_item,
    names.CREATE_PROCESS_ITEM: process_items.create_process_item,
    names.CLAIM_PROCESS_ITEM_TASK: process_items.claim_process_item_task,
    names.ASSIGN_PROCESS_ITEM_TASK: process_items.assign_process_item_task,
    names.COMPLETE_PROCESS_ITEM_TASK: process_items.complete_process_item_task,
    names.UPDATE_PROCESS_ITEM_TASK_DATA: process_items.update_process_item_task_data,
    names.PATCH_PROCESS_ITEM_TASK_DATA: process_items.patch_process_item_task_data,
    names.UPDATE_PROCESS_ITEM_TASK_CONTEXT_DATA: process_items.update_process_item_task_context_data,
    names.APPEND_PROCESS_ITEM_TASK_LOG: task_logs.append_process_item_task_log,
    names.RETRIEVE_PROCESS_ITEM_AI_ASSISTANCE: ai_assistance.retrieve_process_item_ai_assistance,
    names.GENERATE_PROCESS_ITEM_AI_ASSISTANCE: ai_assistance.generate_process_item_ai_assistance,
    names.UPLOAD_PROCESS_DOCUMENT: documents.upload_process_document,
    names.DOWNLOAD_PROCESS_DOCUMENT: documents.download_process_document,
    names.UPLOAD_BUSINESS_ARTIFACT_DOCUMENT: documents.upload_business_artifact_document,
    names.DOWNLOAD_BUSINESS_ARTIFACT_DOCUMENT: documents.download_business_artifact_document,
    names.UPLOAD_DOCUMENT: documents.upload_document,
    names.DOWNLOAD_DOCUMENT: documents.download_document,
    names.DOWNLOAD_PROCESS_ITEM_TASK_DATA_WEBFORMS: documents.download_process_item_task_data_webforms,
    names.LINK_PROCESS_ITEM_TASK_DOCUMENT: document_links.link_process_item_task_document,
    names.FIND_BUSINESS_ARTIFACTS: business_artifacts.find_business_artifacts,
    names.RETRIEVE_BUSINESS_ARTIFACT: business_artifacts.retrieve_business_artifact,
    names.CREATE_BUSINESS_ARTIFACT: business_artifacts.create_business_artifact,
    names.DELETE_BUSINESS_ARTIFACT: business_artifacts.delete_business_artifact,
    names.RESTORE_BUSINESS_ARTIFACT: business_artifacts.restore_business_artifact,
    names.UPDATE_BUSINESS_ARTIFACT: business_artifacts.update_business_artifact,
    names.PATCH_BUSINESS_ARTIFACT: business_artifacts.patch_business_artifact,
    names.CREATE_BUSINESS_ARTIFACT_ACTION: business_artifact_actions.create_business_artifact_action,
    names.RETRIEVE_BUSINESS_ARTIFACT_ACTION: business_artifact_actions.retrieve_business_artifact_action,
    names.CANCEL_BUSINESS_ARTIFACT_ACTION: business_artifact_actions.cancel_business_artifact_action,
    names.PREPARE_BUSINESS_ARTIFACT_ACTION_CREATE_ARTIFACT: business_artifact_actions.prepare_create_artifact,
    names.PREPARE_BUSINESS_ARTIFACT_CREATE_ARTIFACT: business_artifact_actions.prepare_create_artifact_as_before,
    names.PREPARE_BUSINESS_ARTIFACT_ACTION_START_PROCESS: business_artifact_actions.prepare_start_process,
    names.FIND_ROBOTS: robots.find_robots,
    names.RETRIEVE_ROBOT: robots.retrieve_robot,
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
