"""Settings, folders, extras and the port of health checks."""

import os
import socketserver
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kurun_config import HealthSettings, Loaded, Settings
from kurun_worker.doctor import examine
from kurun_worker.doctor.extras import LIBRARIES, extra_checks
from kurun_worker.doctor.folders import folder_checks
from kurun_worker.doctor.health import look
from kurun_worker.doctor.report import Fault, Outcome, Verdict
from kurun_worker.doctor.robots import robot_checks
from kurun_worker.doctor.settings import settings_checks
from kurun_worker.health.conditions import Health
from kurun_worker.health.server import HealthServer

GOOD = {"kuflow": {"client_id": "id", "client_secret": "a-secret"}, "worker": {"task_queue": "loans"}}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without ours."""
    for name in [name for name in os.environ if name.startswith(("KURUN_", "TEMPORAL_", "OTEL_"))]:
        monkeypatch.delenv(name)


async def advice(values: dict[str, Any]) -> dict[str, Verdict]:
    """What is said of settings."""
    checks = settings_checks(Loaded(Settings.model_validate(values), {}))
    return {found.name: found.verdict async for found in examine(checks)}


async def test_complete_settings_get_no_advice() -> None:
    """Two lines: read, and all there."""
    found = await advice(GOOD)

    assert {name: verdict.outcome for name, verdict in found.items()} == {
        "settings": Outcome.OK,
        "required settings": Outcome.OK,
    }


async def test_missing_settings_are_named_with_their_variables() -> None:
    """As `kurun run` names them."""
    found = await advice({})

    assert found["required settings"].outcome is Outcome.FAILED
    for name in ("KURUN_WORKER_TASK_QUEUE", "KURUN_KUFLOW_CLIENT_ID", "KURUN_KUFLOW_CLIENT_SECRET"):
        assert name in found["required settings"].said


@pytest.mark.parametrize(
    ("section", "values", "name"),
    [
        ("kuflow", {"endpoint": "http://kuflow.test/v1", "allow_insecure": True}, "kuflow.endpoint"),
        ("kuflow", {"authentication": "bearer", "token": "x"}, "kuflow.authentication"),
        ("k2", {"endpoint": "http://k2.test/v1", "allow_insecure": True}, "k2.endpoint"),
        ("k2", {"user": "denallix\\bob", "password": "x"}, "k2.endpoint"),
        ("engine", {"address": "engine.test:7233", "credentials": "none"}, "engine.credentials"),
        ("worker", {"drain_timeout": 60}, "worker.drain_timeout"),
        ("robots", {"enabled": True, "share_credentials": True}, "robots.share_credentials"),
    ],
)
async def test_unwise_settings_are_warned_of(section: str, values: dict[str, Any], name: str) -> None:
    """A worker runs with them; somebody should know."""
    found = await advice({section: values})

    assert found[f"setting {name}"].outcome is Outcome.WARNING
    assert found[f"setting {name}"].fix


async def test_unknown_variables_and_secret_files_are_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt name has no effect, which nobody would see."""
    for name in ("kurun_kuflow_client_secret", "kurun_kufow_client_secret"):
        (tmp_path / name).write_text("x")
    monkeypatch.setenv("KURUN_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("KURUN_WROKER_TASK_QUEUE", "loans")
    monkeypatch.setenv("KURUN_WORKER_TASK_QUEUE", "loans")

    found = await advice(GOOD)

    assert [name for name, each in found.items() if each.outcome is Outcome.WARNING] == [
        "setting KURUN_WROKER_TASK_QUEUE",
        "setting kurun_kufow_client_secret",
    ]


async def test_folders_have_to_be_there_and_open(tmp_path: Path) -> None:
    """Those that a worker makes may be missing."""
    file = tmp_path / "file"
    file.touch()
    settings = Settings.model_validate(
        {
            "documents": {"roots": [str(tmp_path), str(tmp_path / "absent"), str(file)]},
            "robots": {"enabled": True, "home": str(tmp_path / "robots")},
            "health": {"min_free_disk": 1},
        }
    )

    found = {each.name: each.verdict async for each in examine(folder_checks(settings))}

    assert found[f"folder {tmp_path}"].outcome is Outcome.OK
    assert found[f"folder {tmp_path / 'absent'}"].said == f"{tmp_path / 'absent'} is not there"
    assert found[f"folder {file}"].said == f"{file} is no folder"
    assert "KURUN_DOCUMENTS_ROOTS" in found[f"folder {file}"].fix
    assert found[f"folder {tmp_path / 'robots'}"].said.endswith("it is made when it is needed")
    assert not (tmp_path / "robots").exists()


async def test_a_full_disk_is_a_warning(tmp_path: Path) -> None:
    """By the same setting as that of the health checks."""
    settings = Settings.model_validate({"documents": {"roots": [str(tmp_path)]}, "health": {"min_free_disk": 2**60}})

    (found,) = [each.verdict async for each in examine(folder_checks(settings))]

    assert found.outcome is Outcome.WARNING
    assert "KURUN_HEALTH_MIN_FREE_DISK" in found.fix


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on, which speaks no http."""

    def hang_up(connection: socketserver.BaseRequestHandler) -> None:
        connection.request.sendall(b"220 mail.example.com\r\n")

    stranger = type("Stranger", (socketserver.BaseRequestHandler,), {"handle": hang_up})
    with socketserver.TCPServer(("127.0.0.1", 0), stranger) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_the_port_of_health_checks_may_be_taken_by_the_worker_itself(taken: int) -> None:
    """So that is a warning; anybody else there, or an address of another machine, would end the start."""
    with HealthServer(Health({"task_queue": "loans"}, max_loop_lag=60), HealthSettings(port=0)) as server:
        ours, others = look("127.0.0.1", server.port, "loans"), look("127.0.0.1", server.port, "leave")
    foreign = look("127.0.0.1", taken, "loans")

    assert look("127.0.0.1", 0, "loans").outcome is Outcome.OK
    assert (ours.outcome, others.outcome, foreign.outcome) == (Outcome.WARNING, Outcome.FAILED, Outcome.FAILED)
    assert "the task queue loans" in others.said
    assert "no worker of kurun" in foreign.said
    assert look("192.0.2.1", taken, "loans").outcome is Outcome.FAILED
    assert "a..b is no name of a machine" in look("a..b", taken, "loans").said


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OTEL_TRACES_EXPORTER": "no_such"}, "no exporter no_such is installed"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "carrier-pigeon"}, "http/protobuf or grpc is wanted"),
        ({"OTEL_BSP_SCHEDULE_DELAY": "-1"}, "OTEL_BSP_*"),
    ],
    ids=["exporter", "protocol", "number"],
)
async def test_exporters_are_made_as_the_worker_makes_them(
    variables: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would end a start is a wrong setting; without it all is well."""
    settings = Settings.model_validate({"tracing": {"enabled": True}})
    good = {each.name: each.verdict async for each in examine(extra_checks(settings))}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    wrong = {each.name: each.verdict async for each in examine(extra_checks(settings))}

    assert good["tracing"].outcome is Outcome.OK
    assert (wrong["tracing"].outcome, wrong["tracing"].fault) == (Outcome.FAILED, Fault.CONFIGURATION)
    assert said in wrong["tracing"].said


async def test_extras_are_looked_for_where_settings_ask_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fix is the command that installs them."""
    monkeypatch.setitem(LIBRARIES, "k2", ("no_such_library",))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    settings = Settings.model_validate({"k2": {"endpoint": "https://k2.test/v1"}, "robots": {"enabled": True}})

    found = {each.name: each.verdict async for each in examine(extra_checks(settings))}

    assert found["extra k2"].outcome is Outcome.FAILED
    assert found["extra k2"].fix == "pip install 'kurun[k2]'"
    assert list(found) == ["extra k2", "extra robots", "extra otel"]
    assert extra_checks(Settings()) != []  # the collector alone asks for otel


async def test_robots_are_tried_where_they_are_enabled() -> None:
    """The smallest one there is, run as the worker would; an interpreter that is not there is a wrong setting."""
    robots = {"enabled": True, "python": [sys.executable, "/absent/python"]}
    settings = Settings.model_validate({"robots": robots})

    found = {each.name: each.verdict async for each in examine([*extra_checks(settings), *robot_checks(settings)])}

    assert found["uv"].said.startswith("uv ")
    assert found["user of robots"].outcome is Outcome.OK
    assert found["keeper of robots"].outcome in (Outcome.OK, Outcome.WARNING)  # whether this machine has namespaces
    assert found["keeper of robots"].said.startswith("a robot runs")
    assert found[f"interpreter {sys.executable}"].said.startswith("Python 3.")
    assert found["interpreter /absent/python"].outcome is Outcome.FAILED


async def test_a_python_that_cannot_run_suites_is_told(tmp_path: Path) -> None:
    """With the user that it was tried as, and the setting."""
    robots = {"enabled": True, "framework_path": tmp_path, "framework_python": "/bin/false"}

    found = {
        each.name: each.verdict async for each in examine(robot_checks(Settings.model_validate({"robots": robots})))
    }

    assert found["suites of Robot Framework"].outcome is Outcome.FAILED
    assert "/bin/false does not start as " in found["suites of Robot Framework"].said
    assert "KURUN_ROBOTS_FRAMEWORK_PYTHON" in found["suites of Robot Framework"].fix


async def test_a_user_that_robots_cannot_be_is_told() -> None:
    """Then none is tried."""
    settings = Settings.model_validate({"robots": {"enabled": True, "user": "nobody-of-this-name"}})

    found = {each.name: each.verdict async for each in examine(robot_checks(settings))}

    assert found["user of robots"].outcome is Outcome.FAILED
    assert "KURUN_ROBOTS_USER" in found["user of robots"].fix
    assert found["keeper of robots"].outcome is Outcome.SKIPPED
    assert robot_checks(Settings()) == []
