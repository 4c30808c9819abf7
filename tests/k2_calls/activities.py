"""Which activity sends each operation, with a request to it; operations by the names that the twin counts."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from kurun_activities.k2 import names

_SN: Final = {"serialNumber": "19_10"}
_NAMED: Final = {**_SN, "name": "Form"}
_INSTANCE: Final = {"instanceId": 19}
_ACTION: Final = {**_SN, "action": "Approve"}
_START: Final = {"fullName": "Loans\\Approval"}

_ITEM: Final = "Worklist_OpenWorklistItem"
_PROCESS: Final = f"{_ITEM}ProcessInstance"
_ACTIVITY: Final = f"{_ITEM}ActivityInstanceDestination"

ACTIVITIES: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = MappingProxyType(
    {
        "Operations_Get": (names.RUN_OPERATION, {}),
        "ServerEvent_Get": (names.RETRIEVE_SERVER_EVENT, _SN),
        "ServerEvent_Finish": (names.FINISH_SERVER_EVENT, _SN),
        "Tasks_Get": (names.FIND_TASKS, {}),
        "Tasks_GetTask": (names.RETRIEVE_TASK, _SN),
        "Tasks_GetTaskActions": (names.RETRIEVE_TASK_ACTIONS, _SN),
        "Tasks_PostRedirectAction": (names.REDIRECT_TASK, {**_SN, "redirectTo": "K2:ACME\\Bob"}),
        "Tasks_PostSleepAction": (names.SLEEP_TASK, {**_SN, "until": "2030-01-01T00:00:00Z"}),
        "Tasks_PostReleaseAction": (names.RELEASE_TASK, _SN),
        "Tasks_PostWakeAction": (names.WAKE_TASK, _SN),
        "Tasks_PostAssignAction": (names.ASSIGN_TASK, _SN),
        "Tasks_TaskCustomAction": (names.ACT_ON_TASK, _ACTION),
        "GetWorkflows": (names.FIND_WORKFLOWS, {}),
        "GetWorkflow": (names.RETRIEVE_WORKFLOW, {"workflowId": 7}),
        "StartWorkflow": (names.START_WORKFLOW, {"workflowId": 7}),
        "GetWorkflowSchema": (names.RETRIEVE_WORKFLOW_SCHEMA, {"workflowId": 7}),
        "Worklist_OpenWorklist": (names.SERVICES_OPEN_WORKLIST, {}),
        "Worklist_OpenWorklistFiltered": (names.SERVICES_FILTER_WORKLIST, {"criteria": {}}),
        "Worklist_SearchForWorklistItems": (names.SERVICES_SEARCH_WORKLIST, {"folio": "Demo"}),
        _ITEM: (names.SERVICES_OPEN_WORKLIST_ITEM, _SN),
        "Worklist_ExecuteActionBySerial": (names.SERVICES_EXECUTE_ACTION, _ACTION),
        "Worklist_ExecuteActionByWorklistItem": (names.SERVICES_EXECUTE_ITEM_ACTION, _ACTION),
        f"{_ITEM}Actions": (names.SERVICES_RETRIEVE_ACTIONS, _SN),
        f"{_ITEM}Action": (names.SERVICES_RETRIEVE_ACTION, _NAMED),
        _PROCESS: (names.SERVICES_RETRIEVE_PROCESS_INSTANCE, _SN),
        f"{_PROCESS}DataFields": (names.SERVICES_RETRIEVE_PROCESS_DATA_FIELDS, _SN),
        f"{_PROCESS}DataField": (names.SERVICES_RETRIEVE_PROCESS_DATA_FIELD, _NAMED),
        f"{_PROCESS}XmlFields": (names.SERVICES_RETRIEVE_PROCESS_XML_FIELDS, _SN),
        f"{_PROCESS}XmlField": (names.SERVICES_RETRIEVE_PROCESS_XML_FIELD, _NAMED),
        _ACTIVITY: (names.SERVICES_RETRIEVE_DESTINATION_INSTANCE, _SN),
        f"{_ACTIVITY}DataFields": (names.SERVICES_RETRIEVE_ACTIVITY_DATA_FIELDS, _SN),
        f"{_ACTIVITY}DataField": (names.SERVICES_RETRIEVE_ACTIVITY_DATA_FIELD, _NAMED),
        f"{_ACTIVITY}XmlFields": (names.SERVICES_RETRIEVE_ACTIVITY_XML_FIELDS, _SN),
        f"{_ACTIVITY}XmlField": (names.SERVICES_RETRIEVE_ACTIVITY_XML_FIELD, _NAMED),
        f"{_ITEM}EventInstance": (names.SERVICES_RETRIEVE_EVENT_INSTANCE, _SN),
        f"{_ITEM}Destinations": (names.SERVICES_RETRIEVE_DESTINATIONS, _SN),
        f"{_ITEM}Destination": (names.SERVICES_RETRIEVE_DESTINATION, {**_SN, "index": 0}),
        "Process_StartNewProcessInstanceScalar": (names.SERVICES_START_INSTANCE_BY_NAME, _START),
        "Process_StartNewProcessInstance": (names.SERVICES_START_INSTANCE, {"instance": _START}),
        "Process_StartNewProcessInstances": (names.SERVICES_START_INSTANCES, {"instances": [_START]}),
        "Process_OpenProcessInstance": (names.SERVICES_RETRIEVE_INSTANCE, _INSTANCE),
        "Process_UpdateProcessInstance": (names.SERVICES_UPDATE_INSTANCE, {**_INSTANCE, "folio": "Demo"}),
        "Process_GetProcessInstanceDataFields": (names.SERVICES_RETRIEVE_INSTANCE_DATA_FIELDS, _INSTANCE),
        "Process_GetProcessInstanceDataField": (
            names.SERVICES_RETRIEVE_INSTANCE_DATA_FIELD,
            {**_INSTANCE, "name": "Form"},
        ),
        "Process_GetProcessInstanceXmlFields": (names.SERVICES_RETRIEVE_INSTANCE_XML_FIELDS, _INSTANCE),
        "Process_GetProcessInstanceXmlField": (
            names.SERVICES_RETRIEVE_INSTANCE_XML_FIELD,
            {**_INSTANCE, "name": "Form"},
        ),
        "Identity_GetAllUsers": (names.SERVICES_LIST_USERS, {}),
        "Identity_SearchUsers": (names.SERVICES_FIND_USERS, {"username": "bob"}),
        "Identity_GetUser": (names.SERVICES_RETRIEVE_USER, {"fqn": "K2:ACME\\Bob"}),
        "Core_WhoAmI": (names.SERVICES_WHO_AM_I, {}),
        "Task_GetTasks": (names.SERVICES_LIST_TASKS, {}),
        "Task_GetTasksFiltered": (names.SERVICES_FILTER_TASKS, {"criteria": {}}),
        "Task_GetTask": (names.SERVICES_RETRIEVE_TASK, _SN),
        "Task_UpdateTask": (names.SERVICES_UPDATE_TASK, _ACTION),
        "Task_UpdateTasks": (names.SERVICES_UPDATE_TASKS, {"updates": [_ACTION]}),
    }
)
