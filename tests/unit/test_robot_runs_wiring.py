"""What `robots.enabled` brings into a worker, and what is not loaded without it."""

import asyncio
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity

from kurun_activities.robot_runs.names import RUN_ROBOT
from kurun_clients.kuflow import BasicAuth, KuFlowClient
from kurun_config import ConfigurationError, Settings
from kurun_worker.clock import SystemClock
from kurun_worker.definitions import names_of_activities, workflow_name
from kurun_worker.plugin import KuFlowPlugin
from kurun_worker.robots import RobotPart
from kurun_workflows.robots import RobotWorkflow

PLUGIN = """
import sys
from kurun_config import Settings
from kurun_worker.plugin import KuFlowPlugin

KuFlowPlugin(Settings.model_validate({"kuflow": {"client_id": "a", "client_secret": "b"}}))
print(*(name for name in sys.modules if name.startswith(("kurun_robots", "kurun_activities.robot_runs", "uv"))))
"""


def settings(home: Path, **robots: Any) -> Settings:
    """Settings of a worker that runs robots."""
    return Settings.model_validate(
        {"kuflow": {"client_id": "a", "client_secret": "b"}, "robots": {"enabled": True, "home": home, **robots}}
    )


@activity.defn(name=RUN_ROBOT)
async def own_runner(_request: dict[str, str]) -> str:
    """Replace the activity."""
    return "mine"


def test_without_robots_nothing_of_them_is_loaded() -> None:
    """Neither their libraries nor our parts for them."""
    run = subprocess.run([sys.executable, "-c", PLUGIN], capture_output=True, text=True, check=True)  # noqa: S603 - ours

    assert run.stdout.strip() == ""


async def test_a_worker_gains_activity_and_workflow(tmp_path: Path) -> None:
    """The workflow has the type of the settings."""
    async with aclosing(KuFlowPlugin(settings(tmp_path, workflow_type="KuBot"))) as plugin:
        activities = plugin.activities([])  # type: ignore[operator,misc]
        workflows = plugin.workflows([])  # type: ignore[operator,misc]

    assert RUN_ROBOT in names_of_activities(list(activities))
    assert ["KuBot"] == [workflow_name(each) for each in workflows]


async def test_what_the_caller_has_himself_stays(tmp_path: Path) -> None:
    """An activity and a workflow of the same names are his."""
    async with aclosing(KuFlowPlugin(settings(tmp_path))) as plugin:
        activities = list(plugin.activities([own_runner]))  # type: ignore[operator,misc]
        workflows = list(plugin.workflows([RobotWorkflow]))  # type: ignore[operator,misc]

    assert own_runner in activities
    assert 1 == names_of_activities(activities).count(RUN_ROBOT)
    assert [RobotWorkflow] == workflows


def test_a_home_that_can_never_be_made_is_a_wrong_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said at the start, and nothing is made."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"robots\.home: .*/file/robots cannot be made: .*/file is no folder"):
        KuFlowPlugin(settings(tmp_path / "file" / "robots"))
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(ConfigurationError, match=r"robots\.home: .*/a/b: .* cannot be written to by uid"):
        KuFlowPlugin(settings(tmp_path / "a" / "b"))
    assert ["file"] == [each.name for each in tmp_path.iterdir()]


class SteppedClock(SystemClock):
    """Lets those who wait go on when it is told to."""

    def __init__(self) -> None:
        self.waits: asyncio.Queue[float] = asyncio.Queue()
        self.on = asyncio.Event()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for a step."""
        self.waits.put_nowait(seconds)
        await self.on.wait()
        self.on.clear()
        return False


async def test_what_robots_left_is_cleared_away_at_the_start_and_every_hour(tmp_path: Path) -> None:
    """Folders of runs, and environments that were never ready; what cannot be looked at now is, another time."""
    clock = SteppedClock()
    part = RobotPart.of(settings(tmp_path), KuFlowClient("http://127.0.0.1:9", auth=BasicAuth("a", "b")))
    assert part is not None
    [duty] = part.duties(clock).values()
    _leave(tmp_path)
    clearing = asyncio.ensure_future(duty())
    first = await asyncio.wait_for(clock.waits.get(), 10)
    after_start = _left(tmp_path)
    _leave(tmp_path)
    (tmp_path / "runs").rename(tmp_path / "hidden")
    (tmp_path / "runs").touch()
    clock.on.set()
    await asyncio.wait_for(clock.waits.get(), 10)
    (tmp_path / "runs").unlink()
    (tmp_path / "hidden").rename(tmp_path / "runs")
    clock.on.set()
    await asyncio.wait_for(clock.waits.get(), 10)
    clearing.cancel()

    assert 1800 < first < 5400
    assert after_start == _left(tmp_path) == []


def _leave(home: Path) -> None:
    for folder in ("runs/left/deep", "environments/left/deep"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / "environments" / "left.lock").touch()


def _left(home: Path) -> list[Path]:
    return [*home.rglob("left"), *home.rglob("left.lock")]


async def test_a_user_that_does_not_exist_is_a_wrong_setting(tmp_path: Path) -> None:
    """It is said at the start."""
    with pytest.raises(ConfigurationError, match=r"robots\.user: .* as nobody-of-this-name: there is no such user"):
        KuFlowPlugin(settings(tmp_path, user="nobody-of-this-name"))
