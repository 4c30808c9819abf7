"""Every K2 activity, made from two tables: one for each of K2's APIs."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from temporalio import activity

from kurun_activities.k2 import names, server_events, tasks, workflows
from kurun_activities.k2.services import actions, item_fields, others, processes, worklist

Activity = Callable[[Any], Awaitable[Any]]

WORKFLOW_API: Final[Mapping[str, Activity]] = {
    names.FIND_TASKS: tasks.find_tasks,
    names.RETRIEVE_TASK: tasks.retrieve_task,
    names.RETRIEVE_TASK_ACTIONS: tasks.retrieve_task_actions,
    names.REDIRECT_TASK: tasks.redirect_task,
    names.SLEEP_TASK: tasks.sleep_task,
    names.RELEASE_TASK: tasks.release_task,
    names.WAKE_TASK: tasks.wake_task,
    names.ASSIGN_TASK: tasks.assign_task,
    names.ACT_ON_TASK: tasks.act_on_task,
    names.RETRIEVE_SERVER_EVENT: server_events.retrieve_server_event,
    names.FINISH_SERVER_EVENT: server_events.finish_server_event,
    names.FIND_WORKFLOWS: workflows.find_workflows,
    names.RETRIEVE_WORKFLOW: workflows.retrieve_workflow,
    names.RETRIEVE_WORKFLOW_SCHEMA: workflows.retrieve_workflow_schema,
    names.START_WORKFLOW: workflows.start_workflow,
    names.RUN_OPERATION: workflows.run_operation,
}
"""Those on the Workflow REST API."""

SERVICES: Final[Mapping[str, Activity]] = {
    names.SERVICES_OPEN_WORKLIST: worklist.open_worklist,
    names.SERVICES_FILTER_WORKLIST: worklist.filter_worklist,
    names.SERVICES_SEARCH_WORKLIST: worklist.search_worklist,
    names.SERVICES_OPEN_WORKLIST_ITEM: worklist.open_worklist_item,
    names.SERVICES_RETRIEVE_ACTIONS: worklist.retrieve_actions,
    names.SERVICES_RETRIEVE_ACTION: worklist.retrieve_action,
    names.SERVICES_RETRIEVE_PROCESS_INSTANCE: worklist.retrieve_process_instance,
    names.SERVICES_RETRIEVE_DESTINATION_INSTANCE: worklist.retrieve_activity_instance_destination,
    names.SERVICES_RETRIEVE_EVENT_INSTANCE: worklist.retrieve_event_instance,
    names.SERVICES_RETRIEVE_DESTINATIONS: worklist.retrieve_destinations,
    names.SERVICES_RETRIEVE_DESTINATION: worklist.retrieve_destination,
    names.SERVICES_RETRIEVE_PROCESS_DATA_FIELDS: item_fields.retrieve_process_data_fields,
    names.SERVICES_RETRIEVE_PROCESS_DATA_FIELD: item_fields.retrieve_process_data_field,
    names.SERVICES_RETRIEVE_PROCESS_XML_FIELDS: item_fields.retrieve_process_xml_fields,
    names.SERVICES_RETRIEVE_PROCESS_XML_FIELD: item_fields.retrieve_process_xml_field,
    names.SERVICES_RETRIEVE_ACTIVITY_DATA_FIELDS: item_fields.retrieve_activity_data_fields,
    names.SERVICES_RETRIEVE_ACTIVITY_DATA_FIELD: item_fields.retrieve_activity_data_field,
    names.SERVICES_RETRIEVE_ACTIVITY_XML_FIELDS: item_fields.retrieve_activity_xml_fields,
    names.SERVICES_RETRIEVE_ACTIVITY_XML_FIELD: item_fields.retrieve_activity_xml_field,
    names.SERVICES_EXECUTE_ACTION: actions.execute_action,
    names.SERVICES_EXECUTE_ITEM_ACTION: actions.execute_item_action,
    names.SERVICES_START_INSTANCE_BY_NAME: processes.start_instance_by_name,
    names.SERVICES_START_INSTANCE: processes.start_instance,
    names.SERVICES_START_INSTANCES: processes.start_instances,
    names.SERVICES_RETRIEVE_INSTANCE: processes.retrieve_instance,
    names.SERVICES_UPDATE_INSTANCE: processes.update_instance,
    names.SERVICES_RETRIEVE_INSTANCE_DATA_FIELDS: processes.retrieve_instance_data_fields,
    names.SERVICES_RETRIEVE_INSTANCE_DATA_FIELD: processes.retrieve_instance_data_field,
    names.SERVICES_RETRIEVE_INSTANCE_XML_FIELDS: processes.retrieve_instance_xml_fields,
    names.SERVICES_RETRIEVE_INSTANCE_XML_FIELD: processes.retrieve_instance_xml_field,
    names.SERVICES_LIST_USERS: others.list_users,
    names.SERVICES_FIND_USERS: others.find_users,
    names.SERVICES_RETRIEVE_USER: others.retrieve_user,
    names.SERVICES_WHO_AM_I: others.who_am_i,
    names.SERVICES_LIST_TASKS: others.list_tasks,
    names.SERVICES_FILTER_TASKS: others.filter_tasks,
    names.SERVICES_RETRIEVE_TASK: others.retrieve_task,
    names.SERVICES_UPDATE_TASK: actions.update_task,
    names.SERVICES_UPDATE_TASKS: actions.update_tasks,
}
"""Those on the K2 Services."""

_FUNCTIONS = frozenset((*WORKFLOW_API.values(), *SERVICES.values()))


def k2_activities(*, workflow: bool = True, services: bool = True) -> list[Activity]:
    """The activities for a worker.

    Args:
        workflow: Those on the Workflow REST API.
        services: Those on the K2 Services.
    """
    tables = ((workflow, WORKFLOW_API), (services, SERVICES))
    return [_named(name, function) for wanted, table in tables if wanted for name, function in table.items()]


def is_k2_activity(function: Callable[..., Any]) -> bool:
    """Whether a function is one of these; a user's own under the same name is not."""
    return getattr(function, "__wrapped__", function) in _FUNCTIONS


def _named(name: str, function: Activity) -> Activity:
    # As with KuFlow's, the functions themselves stay plain; `wraps` keeps the type hints.
    @functools.wraps(function)
    async def named(request: Any) -> Any:
        return await function(request)

    return activity.defn(name=name)(named)
