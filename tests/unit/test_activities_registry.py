"""The names that a worker answers to."""

import inspect
from typing import get_type_hints

import pytest
from temporalio import activity

from kurun_activities import models, names
from kurun_activities.registry import ACTIVITIES, kuflow_activities

REGISTERED = [
    "KuFlow_Engine_AppendProcessItemTaskLog",
    "KuFlow_Engine_AssignProcessItemTask",
    "KuFlow_Engine_CancelBusinessArtifactAction",
    "KuFlow_Engine_CancelProcess",
    "KuFlow_Engine_CancelProcessAction",
    "KuFlow_Engine_CancelProcessItems",
    "KuFlow_Engine_ChangeProcessInitiator",
    "KuFlow_Engine_ClaimProcessItemTask",
    "KuFlow_Engine_CompleteProcess",
    "KuFlow_Engine_CompleteProcessItemTask",
    "KuFlow_Engine_CreateBusinessArtifact",
    "KuFlow_Engine_CreateBusinessArtifactAction",
    "KuFlow_Engine_CreateProcess",
    "KuFlow_Engine_CreateProcessAction",
    "KuFlow_Engine_CreateProcessItem",
    "KuFlow_Engine_DeleteBusinessArtifact",
    "KuFlow_Engine_DeleteProcess",
    "KuFlow_Engine_DownloadBusinessArtifactDocument",
    "KuFlow_Engine_DownloadDocument",
    "KuFlow_Engine_DownloadProcessDocument",
    "KuFlow_Engine_DownloadProcessItemTaskDataWebforms",
    "KuFlow_Engine_FindBusinessArtifacts",
    "KuFlow_Engine_FindGroups",
    "KuFlow_Engine_FindPrincipals",
    "KuFlow_Engine_FindProcessItems",
    "KuFlow_Engine_FindProcesses",
    "KuFlow_Engine_FindRobots",
    "KuFlow_Engine_FindTenantUsers",
    "KuFlow_Engine_FindTenants",
    "KuFlow_Engine_GenerateProcessItemAiAssistance",
    "KuFlow_Engine_LinkProcessItemTaskDocument",
    "KuFlow_Engine_PatchBusinessArtifact",
    "KuFlow_Engine_PatchProcessEntity",
    "KuFlow_Engine_PatchProcessItemTaskData",
    "KuFlow_Engine_PatchProcessMetadata",
    "KuFlow_Engine_PrepareBusinessArtifactActionCreateArtifact",
    "KuFlow_Engine_PrepareBusinessArtifactActionStartProcess",
    "KuFlow_Engine_PrepareBusinessArtifactCreateArtifact",
    "KuFlow_Engine_RestoreBusinessArtifact",
    "KuFlow_Engine_RetrieveBusinessArtifact",
    "KuFlow_Engine_RetrieveBusinessArtifactAction",
    "KuFlow_Engine_RetrievePrincipal",
    "KuFlow_Engine_RetrieveProcess",
    "KuFlow_Engine_RetrieveProcessAction",
    "KuFlow_Engine_RetrieveProcessItem",
    "KuFlow_Engine_RetrieveProcessItemAiAssistance",
    "KuFlow_Engine_RetrieveRobot",
    "KuFlow_Engine_RetrieveTenant",
    "KuFlow_Engine_RetrieveTenantUser",
    "KuFlow_Engine_UpdateBusinessArtifact",
    "KuFlow_Engine_UpdateProcessEntity",
    "KuFlow_Engine_UpdateProcessItemTaskContextData",
    "KuFlow_Engine_UpdateProcessItemTaskData",
    "KuFlow_Engine_UpdateProcessMetadata",
    "KuFlow_Engine_UploadBusinessArtifactDocument",
    "KuFlow_Engine_UploadDocument",
    "KuFlow_Engine_UploadProcessDocument",
    "KuFlow_Engine_appendProcessItemTaskLog",
    "KuFlow_Engine_assignProcessItemTask",
    "KuFlow_Engine_cancelBusinessArtifactAction",
    "KuFlow_Engine_cancelProcess",
    "KuFlow_Engine_cancelProcessAction",
    "KuFlow_Engine_cancelProcessItems",
    "KuFlow_Engine_changeProcessInitiator",
    "KuFlow_Engine_claimProcessItemTask",
    "KuFlow_Engine_completeProcess",
    "KuFlow_Engine_completeProcessItemTask",
    "KuFlow_Engine_createBusinessArtifact",
    "KuFlow_Engine_createBusinessArtifactAction",
    "KuFlow_Engine_createProcess",
    "KuFlow_Engine_createProcessAction",
    "KuFlow_Engine_createProcessItem",
    "KuFlow_Engine_deleteBusinessArtifact",
    "KuFlow_Engine_deleteProcess",
    "KuFlow_Engine_downloadBusinessArtifactDocument",
    "KuFlow_Engine_downloadDocument",
    "KuFlow_Engine_downloadProcessDocument",
    "KuFlow_Engine_downloadProcessItemTaskDataWebforms",
    "KuFlow_Engine_findBusinessArtifacts",
    "KuFlow_Engine_findGroups",
    "KuFlow_Engine_findPrincipals",
    "KuFlow_Engine_findProcessItems",
    "KuFlow_Engine_findProcesses",
    "KuFlow_Engine_findRobots",
    "KuFlow_Engine_findTenantUsers",
    "KuFlow_Engine_findTenants",
    "KuFlow_Engine_generateProcessItemAiAssistance",
    "KuFlow_Engine_linkProcessItemTaskDocument",
    "KuFlow_Engine_patchBusinessArtifact",
    "KuFlow_Engine_patchProcessEntity",
    "KuFlow_Engine_patchProcessItemTaskData",
    "KuFlow_Engine_patchProcessMetadata",
    "KuFlow_Engine_prepareBusinessArtifactActionCreateArtifact",
    "KuFlow_Engine_prepareBusinessArtifactActionStartProcess",
    "KuFlow_Engine_prepareBusinessArtifactCreateArtifact",
    "KuFlow_Engine_restoreBusinessArtifact",
    "KuFlow_Engine_retrieveBusinessArtifact",
    "KuFlow_Engine_retrieveBusinessArtifactAction",
    "KuFlow_Engine_retrievePrincipal",
    "KuFlow_Engine_retrieveProcess",
    "KuFlow_Engine_retrieveProcessAction",
    "KuFlow_Engine_retrieveProcessItem",
    "KuFlow_Engine_retrieveProcessItemAiAssistance",
    "KuFlow_Engine_retrieveRobot",
    "KuFlow_Engine_retrieveTenant",
    "KuFlow_Engine_retrieveTenantUser",
    "KuFlow_Engine_updateBusinessArtifact",
    "KuFlow_Engine_updateProcessEntity",
    "KuFlow_Engine_updateProcessItemTaskContextData",
    "KuFlow_Engine_updateProcessItemTaskData",
    "KuFlow_Engine_updateProcessMetadata",
    "KuFlow_Engine_uploadBusinessArtifactDocument",
    "KuFlow_Engine_uploadDocument",
    "KuFlow_Engine_uploadProcessDocument",
]


def registered() -> list[str]:
    """The names as Temporal will register them."""
    definitions = [activity._Definition.must_from_callable(each) for each in kuflow_activities()]
    return [str(definition.name) for definition in definitions]


def test_registered_names() -> None:
    """A worker answers to exactly these names, each once; leaving one out would strand running workflows."""
    assert sorted(registered()) == REGISTERED


def test_the_table_and_the_functions_agree() -> None:
    """Every name has a function, and every function a name."""
    assert set(names.SPELLINGS) == set(ACTIVITIES)


@pytest.mark.parametrize("function", kuflow_activities(), ids=registered())
def test_type_hints_survive(function: object) -> None:
    """Each spelling tells Temporal the models of its request and its response, by which payloads are decoded."""
    definition = activity._Definition.must_from_callable(function)  # type: ignore[arg-type]

    assert definition.is_async
    assert definition.arg_types is not None
    [request] = definition.arg_types
    assert issubclass(request, models.ActivityRequest)
    assert definition.ret_type is not None
    assert definition.ret_type.__name__ == request.__name__.removesuffix("Request") + "Response"


@pytest.mark.parametrize("function", ACTIVITIES.values(), ids=ACTIVITIES)
def test_activities_are_plain_functions(function: object) -> None:
    """What the table names can be called as it is: it is no Temporal activity before it is registered."""
    assert inspect.iscoroutinefunction(function)
    assert not hasattr(function, "__temporal_activity_definition")
    assert "request" in get_type_hints(function)
