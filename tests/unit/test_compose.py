"""The compose files: what they name is there, and they keep to the images and to the worker's numbers."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kurun_config import Settings, setting_paths, variable
from kurun_worker.departure import STOP_MARGIN
from tests.dockerfile import stages

ROOT = Path(__file__).parents[2]
FILES = (ROOT / "compose.yaml", ROOT / "deploy/compose/kuflow.yaml")
STAGES = {each.name: each for each in stages((ROOT / "Dockerfile").read_text())}
KNOWN = {
    "build", "cap_drop", "command", "depends_on", "entrypoint", "healthcheck", "image", "network_mode", "profiles",
    "read_only", "restart", "secrets", "security_opt", "stop_grace_period", "tmpfs", "volumes",
}  # fmt: skip
"""Of the Compose specification, what is used here; another key has to be looked up first."""

Service = dict[str, Any]


def compose(file: Path) -> dict[str, Any]:
    """A compose file."""
    content = yaml.safe_load(file.read_text())
    assert isinstance(content, dict)
    return content


def services() -> list[Any]:
    """Every service of every file."""
    return [
        pytest.param(file, service, id=f"{file.name} {name}")
        for file in FILES
        for name, service in compose(file)["services"].items()
    ]


@pytest.mark.parametrize(("file", "service"), services())
def test_what_a_service_names_is_there(file: Path, service: Service) -> None:
    """Stages, services, volumes, secrets and mounted files; a file that is not there would be mounted as a folder."""
    content = compose(file)
    sources = [each.partition(":")[0] for each in service["volumes"]]
    files = [file.parent / each for each in sources if each.startswith(".")]
    neighbours = {*service.get("depends_on", {}), *re.findall("service:(.+)", service.get("network_mode", ""))}

    assert set(service) <= KNOWN
    assert [each for each in files if not each.exists()] == []
    assert {each for each in sources if not each.startswith(".")} <= set(content["volumes"])
    assert neighbours <= set(content["services"])
    assert set(service.get("secrets", ())) <= set(content.get("secrets", {}))
    if "build" in service:
        assert service["build"]["target"] in STAGES
        assert (file.parent / service["build"]["context"]).resolve() == ROOT


@pytest.mark.parametrize(("file", "service"), services())
def test_a_service_can_do_no_more_than_it_needs(file: Path, service: Service) -> None:  # noqa: ARG001
    """Read-only, without capabilities; what is mounted from the checkout cannot be changed."""
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert [each for each in service["volumes"] if each.startswith(".") and not each.endswith(":ro")] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_worker_gets_more_time_to_end_than_its_drain_takes(file: Path) -> None:
    """Docker kills at the end of it; by then the worker is gone by itself."""
    given = compose(file)["services"]["worker"]["stop_grace_period"]

    assert float(given.removesuffix("s")) > Settings().worker.drain_timeout.total_seconds() + STOP_MARGIN


def test_the_twins_check_looks_at_the_twins_port() -> None:
    """The image's health check and the port that compose gives it are the same."""
    health = STAGES["twin"].last("HEALTHCHECK")
    assert health is not None
    ports = [each for each in compose(FILES[0])["services"]["twin"]["command"] if each.startswith("--http-port=")]

    assert ports == [f"--http-port={port}" for port in re.findall(r"'127\.0\.0\.1', (\d+)", health.value)]


def test_nothing_waits_for_what_was_merely_started() -> None:
    """A worker begins when the twin is well, and the first process when the worker is."""
    waits = [
        each["condition"]
        for service in compose(FILES[0])["services"].values()
        for each in service.get("depends_on", {}).values()
    ]

    assert waits == ["service_healthy"] * 2


def test_every_secret_is_a_setting() -> None:
    """A secret's name is what kurun looks for in the folder of its secrets; no secret stands in the environment."""
    names = {variable(path).lower() for path, _ in setting_paths()}
    content = compose(FILES[1])

    assert set(content["secrets"]) <= names
    assert all(name == Path(each["file"]).name for name, each in content["secrets"].items())
    assert "environment" not in content["services"]["worker"]
