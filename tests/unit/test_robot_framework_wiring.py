"""The activity for suites of Robot Framework: when a worker has it, and what the machine may lack."""

import sys
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from temporalio.testing import ActivityEnvironment

from kurun_activities.reference import fields
from kurun_activities.robot_runs import context
from kurun_activities.robot_runs.framework_running import execute_robot
from kurun_activities.robot_runs.hosting import RobotHost
from kurun_activities.robot_runs.models import ExecuteRobotRequest, ExecuteRobotResponse
from kurun_activities.robot_runs.names import EXECUTE_ROBOT, EXECUTE_ROBOT_SPELLINGS, RUN_ROBOT
from kurun_config import ConfigurationError, Settings
from kurun_robots.errors import EnvironmentUnavailable, LimitExceeded
from kurun_worker.definitions import names_of_activities
from kurun_worker.plugin import KuFlowPlugin
from tests.integration.robot_runs import open_folder
from tests.robot_framework_python import bare_python, framework_python


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where everything of this module lies."""
    yield from open_folder()


@pytest.fixture(scope="module")
def suites(folder: Path) -> Path:
    """A folder of suites."""
    made = folder / "suites"
    made.mkdir()
    (made / "endless.robot").write_text("*** Test Cases ***\nEndless\n    Sleep    600s\n")
    return made


def settings(home: Path, **robots: Any) -> Settings:
    """Settings of a worker that runs robots."""
    return Settings.model_validate(
        {"kuflow": {"client_id": "a", "client_secret": "b"}, "robots": {"enabled": True, "home": home, **robots}}
    )


async def activities(home: Path, **robots: Any) -> list[str]:
    """The activities of a worker."""
    async with aclosing(KuFlowPlugin(settings(home, **robots))) as plugin:
        return names_of_activities(list(plugin.activities([])))  # type: ignore[operator,misc]


async def execute(home: Path, tests: str, **robots: Any) -> ExecuteRobotResponse:
    """Run a suite as an activity."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, heartbeat_timeout=timedelta(seconds=1))
    with context.use(RobotHost(settings(home, **robots))):
        return await environment.run(execute_robot, ExecuteRobotRequest(tests=tests))


def test_the_request_is_the_published_one() -> None:
    """Names and what is required are those of KuFlow's package."""
    assert {"tests": True, "variables": False, "options": False} == fields(ExecuteRobotRequest)
    assert "KuFlow_RobotFramework_ExecuteRobot" == EXECUTE_ROBOT


async def test_a_worker_with_a_folder_of_suites_has_the_activity(folder: Path, suites: Path) -> None:
    """In each of its spellings, beside the one for packages."""
    found = await activities(folder, framework_path=suites)

    assert {RUN_ROBOT, *EXECUTE_ROBOT_SPELLINGS} <= set(found)


async def test_without_a_folder_of_suites_there_is_none(folder: Path) -> None:
    """Robots run all the same, and the log says what is missing."""
    with capture_logs() as logged:
        found = await activities(folder)

    assert RUN_ROBOT in found
    assert not {*EXECUTE_ROBOT_SPELLINGS} & {*found}
    assert "robots.framework_path is not set" in [line.get("reason") for line in logged]


async def test_without_robot_framework_there_is_none(
    folder: Path, suites: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Robots run all the same; the log names the extra, and another Python with Robot Framework serves as well."""
    monkeypatch.setitem(sys.modules, "robot", None)
    with capture_logs() as logged:
        found = await activities(folder, framework_path=suites)
    other = await activities(folder, framework_path=suites, framework_python=sys.executable)

    assert RUN_ROBOT in found
    assert EXECUTE_ROBOT not in found
    assert EXECUTE_ROBOT in other
    assert [line for line in logged if "kurun[robotframework]" in line.get("reason", "")]


def test_a_folder_that_is_none_is_a_wrong_setting(folder: Path) -> None:
    """It is said at the start."""
    with pytest.raises(ConfigurationError, match=r"robots\.framework_path: .*missing is not a folder"):
        KuFlowPlugin(settings(folder, framework_path=folder / "missing"))


@pytest.mark.parametrize(("name", "mode"), [("missing", None), ("no-program", 0o644)])
def test_a_python_that_is_no_program_is_a_wrong_setting(
    folder: Path, suites: Path, name: str, mode: int | None
) -> None:
    """It is said at the start."""
    if mode is not None:
        (folder / name).touch(mode)
    with pytest.raises(ConfigurationError, match=rf"robots\.framework_python: .*{name} is no program"):
        KuFlowPlugin(settings(folder, framework_path=suites, framework_python=folder / name))


async def test_a_suite_that_takes_too_long_is_ended(folder: Path, suites: Path) -> None:
    """The limits of robots hold for suites; nothing stays on the disk."""
    python = framework_python(folder / "python")
    home = folder / "home"
    with pytest.raises(
        LimitExceeded, match=r"Robot Framework was ended after .*: it took longer than 0\.5 s \(robots\.timeout\)"
    ):
        await execute(
            home, "endless.robot", framework_path=suites, framework_python=python, timeout=timedelta(seconds=0.5)
        )

    assert [] == [each for each in (home / "runs").iterdir() if each.is_dir()]


@pytest.fixture
def pythons(folder: Path) -> dict[str, Path]:
    """Pythons that cannot run suites."""
    return {"bare": bare_python(folder / "bare"), "missing": folder / "missing" / "python"}


@pytest.mark.parametrize(("which", "said"), [("bare", "has no Robot Framework"), ("missing", ", whom robots run as")])
async def test_a_python_that_cannot_run_suites_is_the_machines_fault(
    folder: Path, suites: Path, pythons: dict[str, Path], which: str, said: str
) -> None:
    """It is named, with the setting to change, and tried again."""
    with pytest.raises(EnvironmentUnavailable, match=said) as caught:
        await execute(folder / "home", "endless.robot", framework_path=suites, framework_python=pythons[which])

    assert str(pythons[which]) in str(caught.value)
    assert "set robots.framework_python" in str(caught.value)
