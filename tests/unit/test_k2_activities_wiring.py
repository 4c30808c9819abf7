"""What K2's settings bring into a worker, and what is not loaded without them."""

import subprocess
import sys
from contextlib import aclosing
from typing import Any

import pytest
from pydantic import AnyHttpUrl, SecretStr
from temporalio import activity

from kurun_activities.k2 import context, names
from kurun_activities.k2.context import K2Clients
from kurun_activities.k2.registry import SERVICES, WORKFLOW_API
from kurun_config import ConfigurationError, K2Settings, Settings
from kurun_worker.definitions import names_of_activities
from kurun_worker.k2 import K2Part
from kurun_worker.plugin import KuFlowPlugin

REST = {"endpoint": AnyHttpUrl("https://k2.example.com/api/workflow/v1")}
LEGACY = {"services_endpoint": AnyHttpUrl("https://k2.example.com/K2Services")}
ACCOUNT: dict[str, Any] = {"user": "ACME\\svc", "password": SecretStr("hunter2")}

PLUGIN = """
import sys
from kurun_config import Settings
from kurun_worker.plugin import KuFlowPlugin

KuFlowPlugin(Settings.model_validate({"kuflow": {"client_id": "a", "client_secret": "b"}, "k2": {"account": "idle"}}))
print(*(name for name in ("lxml", "oauthlib", "jsonschema", "spnego", "kurun_clients.k2", "kurun_activities.k2",
                          "kurun_workflows.k2") if name in sys.modules))
"""
WITHOUT = """
import sys
from kurun_config import ConfigurationError, K2Settings
from kurun_worker.k2 import K2Part

sys.modules["lxml"] = None
try:
    K2Part.of(K2Settings.model_validate({"endpoint": "https://k2.example.com/api/workflow/v1"}))
except ConfigurationError as error:
    print(error)
"""


def printed(program: str) -> str:
    """What a new interpreter prints."""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - our own
    return run.stdout.strip()


@activity.defn(name=names.RETRIEVE_TASK)
async def own_retrieval(_request: dict[str, str]) -> str:
    """Replace one of K2's activities."""
    return "mine"


def test_without_an_address_nothing_of_k2_is_loaded() -> None:
    """Other settings of K2 do not count; neither its libraries nor our parts for it are imported."""
    assert printed(PLUGIN) == ""


def test_missing_libraries_are_named_with_the_remedy() -> None:
    """A worker that K2 is configured for says what to install."""
    assert "K2 needs lxml" in printed(WITHOUT)
    assert printed(WITHOUT).endswith("pip install 'kurun[k2]'")


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (REST, {*WORKFLOW_API}),
        (LEGACY, {*SERVICES}),
        ({**REST, **LEGACY, "watch": True}, {*WORKFLOW_API, *SERVICES, "K2_watchTasks"}),
    ],
)
async def test_a_worker_has_the_activities_of_its_addresses(addresses: dict[str, Any], expected: set[str]) -> None:
    """Each of the two APIs brings its own."""
    part = K2Part.of(K2Settings(**addresses, **ACCOUNT))

    assert part is not None
    async with aclosing(part):
        assert expected == set(names_of_activities(list(part.with_activities([]))))


async def test_a_callers_own_activity_stays() -> None:
    """One of the same name takes the place of ours, and keeps its place in front."""
    part = K2Part.of(K2Settings(**REST, **ACCOUNT))

    assert part is not None
    async with aclosing(part):
        found = part.with_activities([own_retrieval])
        assert found[0] is own_retrieval
        assert len(names_of_activities(list(found))) == len({*names_of_activities(list(found))})


@pytest.mark.parametrize(("settings", "missing"), [(REST, "k2.user"), ({**LEGACY, "user": "x"}, "k2.password")])
def test_missing_credentials_are_named(settings: dict[str, Any], missing: str) -> None:
    """A worker does not start with half of an account."""
    with pytest.raises(ConfigurationError, match=missing):
        K2Part.of(K2Settings(**settings))


async def test_the_plugin_closes_k2_with_itself() -> None:
    """Closing it twice does no harm."""
    settings = Settings.model_validate(
        {"kuflow": {"client_id": "a", "client_secret": "b"}, "k2": {**REST, **LEGACY, **ACCOUNT}}
    )
    plugin = KuFlowPlugin(settings)

    await plugin.aclose()
    await plugin.aclose()

    assert "hunter2" not in repr(vars(plugin))


async def test_an_api_that_is_not_configured_is_named() -> None:
    """An activity that asks for it says which setting is missing."""
    clients = K2Clients(None, None)

    with pytest.raises(ConfigurationError, match=r"k2\.endpoint"):
        _ = clients.workflow
    with pytest.raises(ConfigurationError, match=r"k2\.services_endpoint"):
        _ = clients.services
    assert (clients.has_workflow, clients.has_services) == (False, False)


def test_outside_of_a_worker_there_are_no_clients() -> None:
    """What is missing is said, and a test may bring its own clients."""
    with pytest.raises(RuntimeError, match="no K2 clients here"):
        context.current()
    clients = K2Clients(None, None)
    with context.use(clients):
        assert context.current() is clients
