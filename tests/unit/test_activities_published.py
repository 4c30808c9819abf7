"""Every activity of KuFlow's published SDKs: its names and its JSON."""

import json
from collections.abc import Callable
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import pytest
from temporalio import activity

from kurun_activities.reference import fields
from kurun_activities.registry import kuflow_activities
from kurun_clients.kuflow.models import WireModel

# From the Python packages of version 3.5: for each activity its models, the fields of the request with whether they are
# required, and the fields of the response with their types.
PUBLISHED = json.loads(Path(__file__).with_name("published_activities.json").read_text())
OURS = {
    "KuFlow_Engine_cancelProcess",
    "KuFlow_Engine_completeProcess",
    "KuFlow_Engine_createProcess",
    "KuFlow_Engine_downloadBusinessArtifactDocument",
    "KuFlow_Engine_downloadDocument",
    "KuFlow_Engine_downloadProcessDocument",
    "KuFlow_Engine_downloadProcessItemTaskDataWebforms",
    "KuFlow_Engine_findGroups",
    "KuFlow_Engine_findPrincipals",
    "KuFlow_Engine_findRobots",
    "KuFlow_Engine_findTenantUsers",
    "KuFlow_Engine_findTenants",
    "KuFlow_Engine_linkProcessItemTaskDocument",
    "KuFlow_Engine_prepareBusinessArtifactCreateArtifact",
    "KuFlow_Engine_restoreBusinessArtifact",
    "KuFlow_Engine_retrieveRobot",
    "KuFlow_Engine_retrieveTenant",
    "KuFlow_Engine_uploadBusinessArtifactDocument",
    "KuFlow_Engine_uploadDocument",
    "KuFlow_Engine_uploadProcessDocument",
}


def registered() -> dict[str, activity._Definition]:
    """What a worker registers, by name."""
    definitions = [activity._Definition.must_from_callable(each) for each in kuflow_activities()]
    return {str(each.name): each for each in definitions}


def java(name: str) -> str:
    """The spelling of KuFlow's Java SDK."""
    prefix, verb = name.rsplit("_", 1)
    return f"{prefix}_{verb[0].upper()}{verb[1:]}"


def plain(annotation: Any) -> Any:
    """A type without its None."""
    return next((each for each in get_args(annotation) if each is not NoneType), annotation)


@pytest.mark.parametrize("spelled", [str, java])
@pytest.mark.parametrize("published", PUBLISHED, ids=[each["name"] for each in PUBLISHED])
def test_a_published_activity(published: dict[str, Any], spelled: Callable[[str], str]) -> None:
    """Under both spellings it takes and answers with KuFlow's models, and demands nothing that KuFlow does not."""
    definition = registered()[spelled(published["name"])]

    assert definition.arg_types is not None
    assert definition.ret_type is not None
    [request], response = definition.arg_types, definition.ret_type
    assert issubclass(response, WireModel)
    assert (published["request"], published["response"]) == (request.__name__, response.__name__)
    assert set(published["requestFields"]) == set(fields(request))
    assert {name for name, required in fields(request).items() if required} <= {
        name for name, required in published["requestFields"].items() if required
    }
    answered = {
        name: plain(field.annotation).__name__
        for name, field in zip(fields(response), response.model_fields.values(), strict=True)
    }
    assert published["responseFields"] == answered


def test_only_these_are_our_own() -> None:
    """What KuFlow's SDKs lack is listed, so that nothing of theirs hides under a name of ours."""
    names = set(registered())
    theirs = {spelling for each in PUBLISHED for spelling in (each["name"], java(each["name"]))}

    assert {spelling for name in OURS for spelling in (name, java(name))} == names - theirs


@pytest.mark.parametrize(
    ("name", "answered"),
    [
        ("prepareBusinessArtifactCreateArtifact", "businessArtifactCreateArtifactPrepare"),
        ("PrepareBusinessArtifactCreateArtifact", "businessArtifactCreateArtifactPrepare"),
        ("prepareBusinessArtifactActionCreateArtifact", "businessArtifactActionCreateArtifactPrepare"),
        ("PrepareBusinessArtifactActionCreateArtifact", "businessArtifactActionCreateArtifactPrepare"),
    ],
)
def test_the_activity_whose_name_drifted(name: str, answered: str) -> None:
    """All its names are served, each with the field that the SDKs which use the name read."""
    response = registered()[f"KuFlow_Engine_{name}"].ret_type

    assert response is not None
    assert [answered] == list(fields(response))
