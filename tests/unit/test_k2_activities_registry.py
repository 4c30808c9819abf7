"""The K2 activities that a worker answers to, and what may be imported without K2's libraries."""

import inspect
import subprocess
import sys
from typing import Any, get_type_hints

import pytest
from temporalio import activity

from kurun_activities.k2 import models, names
from kurun_activities.k2.registry import SERVICES, WORKFLOW_API, Activity, is_k2_activity, k2_activities
from kurun_activities.models import ActivityRequest, ActivityResponse
from kurun_activities.registry import is_kuflow_activity

REGISTERED = [
    "K2_Services_executeAction",
    "K2_Services_executeItemAction",
    "K2_Services_filterTasks",
    "K2_Services_filterWorklist",
    "K2_Services_findUsers",
    "K2_Services_listTasks",
    "K2_Services_listUsers",
    "K2_Services_openWorklist",
    "K2_Services_openWorklistItem",
    "K2_Services_retrieveAction",
    "K2_Services_retrieveActions",
    "K2_Services_retrieveActivityDataField",
    "K2_Services_retrieveActivityDataFields",
    "K2_Services_retrieveActivityInstanceDestination",
    "K2_Services_retrieveActivityXmlField",
    "K2_Services_retrieveActivityXmlFields",
    "K2_Services_retrieveDestination",
    "K2_Services_retrieveDestinations",
    "K2_Services_retrieveEventInstance",
    "K2_Services_retrieveInstance",
    "K2_Services_retrieveInstanceDataField",
    "K2_Services_retrieveInstanceDataFields",
    "K2_Services_retrieveInstanceXmlField",
    "K2_Services_retrieveInstanceXmlFields",
    "K2_Services_retrieveProcessDataField",
    "K2_Services_retrieveProcessDataFields",
    "K2_Services_retrieveProcessInstance",
    "K2_Services_retrieveProcessXmlField",
    "K2_Services_retrieveProcessXmlFields",
    "K2_Services_retrieveTask",
    "K2_Services_retrieveUser",
    "K2_Services_searchWorklist",
    "K2_Services_startInstance",
    "K2_Services_startInstanceByName",
    "K2_Services_startInstances",
    "K2_Services_updateInstance",
    "K2_Services_updateTask",
    "K2_Services_updateTasks",
    "K2_Services_whoAmI",
    "K2_actOnTask",
    "K2_assignTask",
    "K2_findTasks",
    "K2_findWorkflows",
    "K2_finishServerEvent",
    "K2_redirectTask",
    "K2_releaseTask",
    "K2_retrieveServerEvent",
    "K2_retrieveTask",
    "K2_retrieveTaskActions",
    "K2_retrieveWorkflow",
    "K2_retrieveWorkflowSchema",
    "K2_runOperation",
    "K2_sleepTask",
    "K2_startWorkflow",
    "K2_wakeTask",
]
HEAVY = ("lxml", "oauthlib", "jsonschema", "spnego")


def registered(functions: list[Activity]) -> list[str]:
    """The names as Temporal will register them."""
    return sorted(str(activity._Definition.must_from_callable(each).name) for each in functions)


def test_registered_names() -> None:
    """A worker answers to exactly these names, each once; leaving one out would strand running workflows."""
    assert registered(k2_activities()) == REGISTERED


def test_every_name_has_an_activity() -> None:
    """No constant names an activity that is not there."""
    constants = {value for name, value in vars(names).items() if name.isupper() and not name.endswith("PREFIX")}

    assert constants == {*WORKFLOW_API, *SERVICES}


def test_a_worker_answers_only_for_the_api_that_it_has() -> None:
    """Without one of the two APIs its activities are not registered."""
    alone = registered(k2_activities(services=False)), registered(k2_activities(workflow=False))

    assert (sorted(WORKFLOW_API), sorted(SERVICES)) == alone


@pytest.mark.parametrize("function", k2_activities())
def test_requests_and_responses_fit(function: Activity) -> None:
    """Each activity takes one request and has the response of the same name, by which payloads are decoded."""
    definition = activity._Definition.must_from_callable(function)

    assert definition.is_async
    assert definition.arg_types is not None
    [request] = definition.arg_types
    response: Any = definition.ret_type
    assert issubclass(request, ActivityRequest)
    assert issubclass(response, ActivityResponse)
    assert response.__name__ == request.__name__.removesuffix("Request") + "Response"
    assert {request.__name__, response.__name__} <= set(models.__all__)


@pytest.mark.parametrize("function", [*WORKFLOW_API.values(), *SERVICES.values()])
def test_activities_are_plain_functions(function: Activity) -> None:
    """What the tables name can be called as it is, and belongs to K2 alone."""
    assert inspect.iscoroutinefunction(function)
    assert not hasattr(function, "__temporal_activity_definition")
    assert "request" in get_type_hints(function)
    assert inspect.getdoc(function)
    assert is_k2_activity(function)
    assert not is_kuflow_activity(function)


def loaded_by(statement: str) -> set[str]:
    """Those of K2's libraries that a new interpreter has loaded after a statement."""
    program = f"import sys\n{statement}\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - our own
    return set(run.stdout.split())


def test_workflows_need_no_library_of_k2() -> None:
    """Models, names, failure types and folios are importable where only workflows run."""
    assert loaded_by("from kurun_activities.k2 import failure_types, folio, models, names") == set()


def test_kuflows_activities_do_not_know_k2s() -> None:
    """A worker without K2 imports nothing of it."""
    statement = "import kurun_activities.interceptor, kurun_activities.registry, kurun_worker.plugin"

    assert (
        loaded_by(f"{statement}\nassert not any(name.startswith('kurun_activities.k2') for name in sys.modules)")
        == set()
    )
