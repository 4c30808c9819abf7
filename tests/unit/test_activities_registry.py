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
    "KuFlow_Engine_CancelProcess",
    "KuFlow_Engine_ChangeProcessInitiator",
    "KuFlow_Engine_ClaimProcessItemTask",
    "KuFlow_Engine_CompleteProcess",
    "KuFlow_Engine_CompleteProcessItemTask",
    "KuFlow_Engine_CreateProcess",
    "KuFlow_Engine_CreateProcessItem",
    "KuFlow_Engine_DownloadProcessDocument",
    "KuFlow_Engine_FindProcessItems",
    "KuFlow_Engine_FindProcesses",
    "KuFlow_Engine_LinkProcessItemTaskDocument",
    "KuFlow_Engine_PatchProcessEntity",
    "KuFlow_Engine_PatchProcessItemTaskData",
    "KuFlow_Engine_PatchProcessMetadata",
    "KuFlow_Engine_RetrieveProcess",
    "KuFlow_Engine_RetrieveProcessItem",
    "KuFlow_Engine_UpdateProcessEntity",
    "KuFlow_Engine_UpdateProcessItemTaskData",
    "KuFlow_Engine_UpdateProcessMetadata",
    "KuFlow_Engine_UploadProcessDocument",
    "KuFlow_Engine_appendProcessItemTaskLog",
    "KuFlow_Engine_assignProcessItemTask",
    "KuFlow_Engine_cancelProcess",
    "KuFlow_Engine_changeProcessInitiator",
    "KuFlow_Engine_claimProcessItemTask",
    "KuFlow_Engine_completeProcess",
    "KuFlow_Engine_completeProcessItemTask",
    "KuFlow_Engine_createProcess",
    "KuFlow_Engine_createProcessItem",
    "KuFlow_Engine_downloadProcessDocument",
    "KuFlow_Engine_findProcessItems",
    "KuFlow_Engine_findProcesses",
    "KuFlow_Engine_linkProcessItemTaskDocument",
    "KuFlow_Engine_patchProcessEntity",
    "KuFlow_Engine_patchProcessItemTaskData",
    "KuFlow_Engine_patchProcessMetadata",
    "KuFlow_Engine_retrieveProcess",
    "KuFlow_Engine_retrieveProcessItem",
    "KuFlow_Engine_updateProcessEntity",
    "KuFlow_Engine_updateProcessItemTaskData",
    "KuFlow_Engine_updateProcessMetadata",
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
