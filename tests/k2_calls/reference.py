"""The operations that K2 documents, or that are known from its contracts and samples: name, method, path.

Those of the Workflow REST API are named as in K2's Swagger document, those of the K2 Services as in the contracts of
its WCF services, where these are known.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple


class Documented(NamedTuple):
    """An operation; its path is below the API's address, or below that of the service."""

    name: str
    method: str
    path: str


WORKFLOW_REST_API: Final = (
    Documented("Operations_Get", "GET", "/op/{operation}"),
    Documented("ServerEvent_Get", "GET", "/serverEvents/{serialNumber}"),
    Documented("ServerEvent_Finish", "POST", "/serverEvents/{serialNumber}/finish"),
    Documented("Tasks_Get", "GET", "/tasks"),
    Documented("Tasks_GetTask", "GET", "/tasks/{serialNumber}"),
    Documented("Tasks_GetTaskActions", "GET", "/tasks/{serialNumber}/actions"),
    Documented("Tasks_PostRedirectAction", "POST", "/tasks/{serialNumber}/actions/redirect"),
    Documented("Tasks_PostSleepAction", "POST", "/tasks/{serialNumber}/actions/sleep"),
    Documented("Tasks_PostReleaseAction", "POST", "/tasks/{serialNumber}/actions/release"),
    Documented("Tasks_PostWakeAction", "POST", "/tasks/{serialNumber}/actions/wake"),
    Documented("Tasks_PostAssignAction", "POST", "/tasks/{serialNumber}/actions/assign"),
    Documented("Tasks_TaskCustomAction", "POST", "/tasks/{serialNumber}/actions/{customAction}"),
    Documented("GetWorkflows", "GET", "/workflows"),
    Documented("GetWorkflow", "GET", "/workflows/{id}"),
    Documented("StartWorkflow", "POST", "/workflows/{id}"),
    Documented("GetWorkflowSchema", "GET", "/workflows/{id}/schema"),
)

_ITEM, _INSTANCE = "/Worklist/Items({sn})", "/Process/Instances({id})"

WORKLIST: Final = (
    Documented("OpenWorklist", "GET", "/Worklist/Items"),
    Documented("OpenWorklist, filtered", "POST", "/Worklist/Items/Filtered"),
    Documented("OpenWorklistItem", "GET", _ITEM),
    Documented("ExecuteActionBySerial", "GET", f"{_ITEM}/Actions({{action}})/Execute"),
    Documented("ExecuteActionByWorklistItem", "POST", "/Worklist/Items/ExecuteAction"),
    Documented("SearchForWorklistItems", "GET", "/Worklist/Items/SearchForWorklistItems"),
    Documented("OpenWorklistItemActions", "GET", f"{_ITEM}/Actions"),
    Documented("OpenWorklistItemAction", "GET", f"{_ITEM}/Actions({{name}})"),
    *(
        Documented(f"OpenWorklistItem{part}{suffix}", "GET", f"{_ITEM}/{part}{below}")
        for part in ("ProcessInstance", "ActivityInstanceDestination")
        for suffix, below in (
            ("", ""),
            ("DataFields", "/DataFields"),
            ("DataField", "/DataFields({name})"),
            ("XmlFields", "/XmlFields"),
            ("XmlField", "/XmlFields({name})"),
        )
    ),
    Documented("OpenWorklistItemEventInstance", "GET", f"{_ITEM}/EventInstance"),
    Documented("OpenWorklistItemDestinations", "GET", f"{_ITEM}/Destinations"),
    Documented("OpenWorklistItemDestination", "GET", f"{_ITEM}/Destinations({{index}})"),
)

PROCESS: Final = (
    Documented("StartNewProcessInstanceScalar", "GET", "/Process/Definitions({FullName})/StartInstance"),
    Documented("StartNewProcessInstance", "POST", "/Process/Instances/StartInstance"),
    Documented("StartNewProcessInstances", "POST", "/Process/Instances/StartInstances"),
    Documented("OpenProcessInstance", "GET", _INSTANCE),
    Documented("UpdateProcessInstance", "POST", "/Process/Instances/UpdateProcessInstance"),
    Documented("GetProcessInstanceDataFields", "GET", f"{_INSTANCE}/DataFields"),
    Documented("GetProcessInstanceDataField", "GET", f"{_INSTANCE}/DataFields({{name}})"),
    Documented("GetProcessInstanceXmlFields", "GET", f"{_INSTANCE}/XmlFields"),
    Documented("GetProcessInstanceXmlField", "GET", f"{_INSTANCE}/XmlFields({{name}})"),
)

IDENTITY_AND_CORE: Final = (
    Documented("GetAllUsers", "GET", "/Identity/Users"),
    Documented("GetUser", "GET", "/Identity/Users({FQN})"),
    Documented("SearchUsers", "GET", "/Identity/Users/SearchForUsers"),
    Documented("WhoAmI", "GET", "/Core/WhoAmI"),
)

TASK: Final = (
    Documented("Tasks", "GET", "/Task/Items"),
    Documented("Tasks, filtered", "POST", "/Task/Items/Filtered"),
    Documented("Task", "GET", "/Task/Items({sn})"),
    Documented("UpdateTask", "POST", "/Task/Items/UpdateTask"),
    Documented("UpdateTasks", "POST", "/Task/Items/UpdateTasks"),
)

REFERENCE: Final[Mapping[str, Sequence[Documented]]] = MappingProxyType(
    {
        "Workflow REST API": WORKFLOW_REST_API,
        "K2 Services: Worklist (`REST.svc`)": WORKLIST,
        "K2 Services: Process (`REST.svc`)": PROCESS,
        "K2 Services: Identity and Core (`REST.svc`)": IDENTITY_AND_CORE,
        "K2 Services: Task (`SyncREST.svc`)": TASK,
    }
)
"""All of them, by API and service."""
