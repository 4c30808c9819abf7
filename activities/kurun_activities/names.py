"""The names under which workflows call the activities; safe to import in a workflow.

A constant is the spelling of KuFlow's Python and JavaScript SDKs. :data:`SPELLINGS` is the one table of all spellings
that a worker answers to.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PREFIX: Final = "KuFlow_Engine_"

FIND_PROCESSES: Final = "KuFlow_Engine_findProcesses"
RETRIEVE_PROCESS: Final = "KuFlow_Engine_retrieveProcess"
CREATE_PROCESS: Final = "KuFlow_Engine_createProcess"
COMPLETE_PROCESS: Final = "KuFlow_Engine_completeProcess"
CANCEL_PROCESS: Final = "KuFlow_Engine_cancelProcess"
CHANGE_PROCESS_INITIATOR: Final = "KuFlow_Engine_changeProcessInitiator"
UPDATE_PROCESS_METADATA: Final = "KuFlow_Engine_updateProcessMetadata"
PATCH_PROCESS_METADATA: Final = "KuFlow_Engine_patchProcessMetadata"
UPDATE_PROCESS_ENTITY: Final = "KuFlow_Engine_updateProcessEntity"
PATCH_PROCESS_ENTITY: Final = "KuFlow_Engine_patchProcessEntity"

FIND_PROCESS_ITEMS: Final = "KuFlow_Engine_findProcessItems"
RETRIEVE_PROCESS_ITEM: Final = "KuFlow_Engine_retrieveProcessItem"
CREATE_PROCESS_ITEM: Final = "KuFlow_Engine_createProcessItem"
CLAIM_PROCESS_ITEM_TASK: Final = "KuFlow_Engine_claimProcessItemTask"
ASSIGN_PROCESS_ITEM_TASK: Final = "KuFlow_Engine_assignProcessItemTask"
COMPLETE_PROCESS_ITEM_TASK: Final = "KuFlow_Engine_completeProcessItemTask"
UPDATE_PROCESS_ITEM_TASK_DATA: Final = "KuFlow_Engine_updateProcessItemTaskData"
PATCH_PROCESS_ITEM_TASK_DATA: Final = "KuFlow_Engine_patchProcessItemTaskData"
APPEND_PROCESS_ITEM_TASK_LOG: Final = "KuFlow_Engine_appendProcessItemTaskLog"

UPLOAD_PROCESS_DOCUMENT: Final = "KuFlow_Engine_uploadProcessDocument"
DOWNLOAD_PROCESS_DOCUMENT: Final = "KuFlow_Engine_downloadProcessDocument"
LINK_PROCESS_ITEM_TASK_DOCUMENT: Final = "KuFlow_Engine_linkProcessItemTaskDocument"


def _java(name: str) -> str:
    verb = name.removeprefix(PREFIX)
    return f"{PREFIX}{verb[0].upper()}{verb[1:]}"


# Names in the field that follow neither rule, by the constant they belong to.
_FURTHER: dict[str, tuple[str, ...]] = {}

SPELLINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        name: (name, _java(name), *_FURTHER.get(name, ()))
        for name in (
            FIND_PROCESSES,
            RETRIEVE_PROCESS,
            CREATE_PROCESS,
            COMPLETE_PROCESS,
            CANCEL_PROCESS,
            CHANGE_PROCESS_INITIATOR,
            UPDATE_PROCESS_METADATA,
            PATCH_PROCESS_METADATA,
            UPDATE_PROCESS_ENTITY,
            PATCH_PROCESS_ENTITY,
            FIND_PROCESS_ITEMS,
            RETRIEVE_PROCESS_ITEM,
            CREATE_PROCESS_ITEM,
            CLAIM_PROCESS_ITEM_TASK,
            ASSIGN_PROCESS_ITEM_TASK,
            COMPLETE_PROCESS_ITEM_TASK,
            UPDATE_PROCESS_ITEM_TASK_DATA,
            PATCH_PROCESS_ITEM_TASK_DATA,
            APPEND_PROCESS_ITEM_TASK_LOG,
            UPLOAD_PROCESS_DOCUMENT,
            DOWNLOAD_PROCESS_DOCUMENT,
            LINK_PROCESS_ITEM_TASK_DOCUMENT,
        )
    }
)
"""For each activity all names it is registered under, KuFlow's own spelling first."""
