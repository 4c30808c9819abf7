"""The names under which workflows call the activities; safe to import in a workflow.

A constant is the spelling of KuFlow's Python and JavaScript SDKs. :data:`SPELLINGS` is the one table of all spellings
that a worker answers to.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PREFIX: Final = "KuFlow_Engine_"

FIND_PRINCIPALS: Final = "KuFlow_Engine_findPrincipals"
RETRIEVE_PRINCIPAL: Final = "KuFlow_Engine_retrievePrincipal"
FIND_TENANT_USERS: Final = "KuFlow_Engine_findTenantUsers"
RETRIEVE_TENANT_USER: Final = "KuFlow_Engine_retrieveTenantUser"
FIND_TENANTS: Final = "KuFlow_Engine_findTenants"
RETRIEVE_TENANT: Final = "KuFlow_Engine_retrieveTenant"
FIND_GROUPS: Final = "KuFlow_Engine_findGroups"

FIND_PROCESSES: Final = "KuFlow_Engine_findProcesses"
RETRIEVE_PROCESS: Final = "KuFlow_Engine_retrieveProcess"
CREATE_PROCESS: Final = "KuFlow_Engine_createProcess"
COMPLETE_PROCESS: Final = "KuFlow_Engine_completeProcess"
CANCEL_PROCESS: Final = "KuFlow_Engine_cancelProcess"
DELETE_PROCESS: Final = "KuFlow_Engine_deleteProcess"
CANCEL_PROCESS_ITEMS: Final = "KuFlow_Engine_cancelProcessItems"
CHANGE_PROCESS_INITIATOR: Final = "KuFlow_Engine_changeProcessInitiator"
UPDATE_PROCESS_METADATA: Final = "KuFlow_Engine_updateProcessMetadata"
PATCH_PROCESS_METADATA: Final = "KuFlow_Engine_patchProcessMetadata"
UPDATE_PROCESS_ENTITY: Final = "KuFlow_Engine_updateProcessEntity"
PATCH_PROCESS_ENTITY: Final = "KuFlow_Engine_patchProcessEntity"

CREATE_PROCESS_ACTION: Final = "KuFlow_Engine_createProcessAction"
RETRIEVE_PROCESS_ACTION: Final = "KuFlow_Engine_retrieveProcessAction"
CANCEL_PROCESS_ACTION: Final = "KuFlow_Engine_cancelProcessAction"

FIND_PROCESS_ITEMS: Final = "KuFlow_Engine_findProcessItems"
RETRIEVE_PROCESS_ITEM: Final = "KuFlow_Engine_retrieveProcessItem"
CREATE_PROCESS_ITEM: Final = "KuFlow_Engine_createProcessItem"
CLAIM_PROCESS_ITEM_TASK: Final = "KuFlow_Engine_claimProcessItemTask"
ASSIGN_PROCESS_ITEM_TASK: Final = "KuFlow_Engine_assignProcessItemTask"
COMPLETE_PROCESS_ITEM_TASK: Final = "KuFlow_Engine_completeProcessItemTask"
UPDATE_PROCESS_ITEM_TASK_DATA: Final = "KuFlow_Engine_updateProcessItemTaskData"
PATCH_PROCESS_ITEM_TASK_DATA: Final = "KuFlow_Engine_patchProcessItemTaskData"
UPDATE_PROCESS_ITEM_TASK_CONTEXT_DATA: Final = "KuFlow_Engine_updateProcessItemTaskContextData"

APPEND_PROCESS_ITEM_TASK_LOG: Final = "KuFlow_Engine_appendProcessItemTaskLog"

RETRIEVE_PROCESS_ITEM_AI_ASSISTANCE: Final = "KuFlow_Engine_retrieveProcessItemAiAssistance"
GENERATE_PROCESS_ITEM_AI_ASSISTANCE: Final = "KuFlow_Engine_generateProcessItemAiAssistance"

UPLOAD_PROCESS_DOCUMENT: Final = "KuFlow_Engine_uploadProcessDocument"
DOWNLOAD_PROCESS_DOCUMENT: Final = "KuFlow_Engine_downloadProcessDocument"
UPLOAD_BUSINESS_ARTIFACT_DOCUMENT: Final = "KuFlow_Engine_uploadBusinessArtifactDocument"
DOWNLOAD_BUSINESS_ARTIFACT_DOCUMENT: Final = "KuFlow_Engine_downloadBusinessArtifactDocument"
UPLOAD_DOCUMENT: Final = "KuFlow_Engine_uploadDocument"
DOWNLOAD_DOCUMENT: Final = "KuFlow_Engine_downloadDocument"
DOWNLOAD_PROCESS_ITEM_TASK_DATA_WEBFORMS: Final = "KuFlow_Engine_downloadProcessItemTaskDataWebforms"

LINK_PROCESS_ITEM_TASK_DOCUMENT: Final = "KuFlow_Engine_linkProcessItemTaskDocument"

FIND_BUSINESS_ARTIFACTS: Final = "KuFlow_Engine_findBusinessArtifacts"
RETRIEVE_BUSINESS_ARTIFACT: Final = "KuFlow_Engine_retrieveBusinessArtifact"
CREATE_BUSINESS_ARTIFACT: Final = "KuFlow_Engine_createBusinessArtifact"
DELETE_BUSINESS_ARTIFACT: Final = "KuFlow_Engine_deleteBusinessArtifact"
RESTORE_BUSINESS_ARTIFACT: Final = "KuFlow_Engine_restoreBusinessArtifact"
UPDATE_BUSINESS_ARTIFACT: Final = "KuFlow_Engine_updateBusinessArtifact"
PATCH_BUSINESS_ARTIFACT: Final = "KuFlow_Engine_patchBusinessArtifact"

CREATE_BUSINESS_ARTIFACT_ACTION: Final = "KuFlow_Engine_createBusinessArtifactAction"
RETRIEVE_BUSINESS_ARTIFACT_ACTION: Final = "KuFlow_Engine_retrieveBusinessArtifactAction"
CANCEL_BUSINESS_ARTIFACT_ACTION: Final = "KuFlow_Engine_cancelBusinessArtifactAction"
PREPARE_BUSINESS_ARTIFACT_ACTION_CREATE_ARTIFACT: Final = "KuFlow_Engine_prepareBusinessArtifactActionCreateArtifact"
PREPARE_BUSINESS_ARTIFACT_CREATE_ARTIFACT: Final = "KuFlow_Engine_prepareBusinessArtifactCreateArtifact"
"""The name before, with another name of the answer's field: so in KuFlow's Java SDK and older Python SDKs."""
PREPARE_BUSINESS_ARTIFACT_ACTION_START_PROCESS: Final = "KuFlow_Engine_prepareBusinessArtifactActionStartProcess"

FIND_ROBOTS: Final = "KuFlow_Engine_findRobots"
RETRIEVE_ROBOT: Final = "KuFlow_Engine_retrieveRobot"


def _java(name: str) -> str:
    verb = name.removeprefix(PREFIX)
    return f"{PREFIX}{verb[0].upper()}{verb[1:]}"


SPELLINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        name: (name, _java(name))
        for name in (
            FIND_PRINCIPALS,
            RETRIEVE_PRINCIPAL,
            FIND_TENANT_USERS,
            RETRIEVE_TENANT_USER,
            FIND_TENANTS,
            RETRIEVE_TENANT,
            FIND_GROUPS,
            FIND_PROCESSES,
            RETRIEVE_PROCESS,
            CREATE_PROCESS,
            COMPLETE_PROCESS,
            CANCEL_PROCESS,
            DELETE_PROCESS,
            CANCEL_PROCESS_ITEMS,
            CHANGE_PROCESS_INITIATOR,
            UPDATE_PROCESS_METADATA,
            PATCH_PROCESS_METADATA,
            UPDATE_PROCESS_ENTITY,
            PATCH_PROCESS_ENTITY,
            CREATE_PROCESS_ACTION,
            RETRIEVE_PROCESS_ACTION,
            CANCEL_PROCESS_ACTION,
            FIND_PROCESS_ITEMS,
            RETRIEVE_PROCESS_ITEM,
            CREATE_PROCESS_ITEM,
            CLAIM_PROCESS_ITEM_TASK,
            ASSIGN_PROCESS_ITEM_TASK,
            COMPLETE_PROCESS_ITEM_TASK,
            UPDATE_PROCESS_ITEM_TASK_DATA,
            PATCH_PROCESS_ITEM_TASK_DATA,
            UPDATE_PROCESS_ITEM_TASK_CONTEXT_DATA,
            APPEND_PROCESS_ITEM_TASK_LOG,
            RETRIEVE_PROCESS_ITEM_AI_ASSISTANCE,
            GENERATE_PROCESS_ITEM_AI_ASSISTANCE,
            UPLOAD_PROCESS_DOCUMENT,
            DOWNLOAD_PROCESS_DOCUMENT,
            UPLOAD_BUSINESS_ARTIFACT_DOCUMENT,
            DOWNLOAD_BUSINESS_ARTIFACT_DOCUMENT,
            UPLOAD_DOCUMENT,
            DOWNLOAD_DOCUMENT,
            DOWNLOAD_PROCESS_ITEM_TASK_DATA_WEBFORMS,
            LINK_PROCESS_ITEM_TASK_DOCUMENT,
            FIND_BUSINESS_ARTIFACTS,
            RETRIEVE_BUSINESS_ARTIFACT,
            CREATE_BUSINESS_ARTIFACT,
            DELETE_BUSINESS_ARTIFACT,
            RESTORE_BUSINESS_ARTIFACT,
            UPDATE_BUSINESS_ARTIFACT,
            PATCH_BUSINESS_ARTIFACT,
            CREATE_BUSINESS_ARTIFACT_ACTION,
            RETRIEVE_BUSINESS_ARTIFACT_ACTION,
            CANCEL_BUSINESS_ARTIFACT_ACTION,
            PREPARE_BUSINESS_ARTIFACT_ACTION_CREATE_ARTIFACT,
            PREPARE_BUSINESS_ARTIFACT_CREATE_ARTIFACT,
            PREPARE_BUSINESS_ARTIFACT_ACTION_START_PROCESS,
            FIND_ROBOTS,
            RETRIEVE_ROBOT,
        )
    }
)
"""For each activity all names it is registered under, KuFlow's own spelling first."""
