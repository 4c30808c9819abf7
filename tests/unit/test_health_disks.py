"""The folders that are looked at are those of the settings in force."""

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from kurun_config import Settings
from kurun_worker.background import background
from kurun_worker.health.conditions import Health
from kurun_worker.health.disks import Disks
from kurun_worker.health.looks import Pace
from kurun_worker.health.monitor import HealthMonitor
from kurun_worker.health.reaching import Answers
from kurun_worker.plugin import KuFlowPlugin
from tests.waiting import until

PACE = Pace(interval=0.05, timeout=5.0)


class Changing:
    """Settings of a worker with these roots of documents, which change.

    Args:
        roots: The folders.
    """

    def __init__(self, *roots: Path) -> None:
        self.now = Settings.model_validate(
            {
                "kuflow": {"endpoint": "http://127.0.0.1:9", "client_id": "id", "client_secret": "hunter2"},
                "engine": {"address": "127.0.0.1:9"},
                "health": {"interval": 0.1},
                "documents": {"roots": roots},
            }
        )

    def __call__(self) -> Settings:
        """Those in force."""
        return self.now

    def change(self, *roots: Path) -> None:
        """Name others, as a reload does."""
        documents = self.now.documents.model_copy(update={"roots": roots})
        self.now = self.now.model_copy(update={"documents": documents})


async def test_a_folder_that_stays_keeps_what_is_known_of_it(tmp_path: Path) -> None:
    """Its look is the same one; one that comes has a look of its own, one that goes has none."""
    stays, goes, comes = tmp_path / "stays", tmp_path / "goes", tmp_path / "comes"
    settings = Changing(stays, goes)
    disks = Disks(settings, pace=PACE)
    before = list(disks.looks)
    await disks.follow()
    unchanged = list(disks.looks)
    settings.change(comes, stays)
    await disks.follow()
    come, stayed = disks.looks
    settings.change()
    await disks.follow()

    assert unchanged == before
    assert stayed is before[0]
    assert come not in before
    assert not disks.looks


async def test_a_look_at_a_folder_that_goes_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs there is waited for no more."""
    began, ended = asyncio.Event(), asyncio.Event()

    async def hangs(_self: object) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr("kurun_worker.health.disks.Writing.__call__", hangs)
    settings = Changing(tmp_path)
    disks = Disks(settings, pace=PACE)
    (look,) = disks.looks
    look.tick()
    await began.wait()
    settings.change()
    await disks.follow()

    assert ended.is_set()


async def test_the_monitor_looks_at_the_folders_of_the_settings_in_force(tmp_path: Path) -> None:
    """A root that is gone is no trouble once they do not name it; a new one counts as well until it was looked at."""
    gone, there, missing = tmp_path / "gone", tmp_path, tmp_path / "missing"
    settings, noted = Changing(gone), list[str | None]()
    plugin = KuFlowPlugin(settings.now)

    class Noting(Health):
        """Remembers what was noted of disks."""

        def note(self, troubles: Any) -> Any:
            """Note."""
            noted.append(troubles.get("disk", "none"))
            return super().note(troubles)

    async def note_some() -> list[str | None]:
        seen = len(noted)
        await until(lambda: len(noted) > seen + 5)
        return noted[seen:]

    monitor = HealthMonitor(
        settings.now,
        plugin,
        Noting({}, max_loop_lag=60),
        worker=lambda: None,
        answers=Answers(),
        current=settings,
    )
    async with aclosing(plugin), aclosing(monitor), background({"health": monitor.run}):
        await until(lambda: noted and "No such file" in (noted[-1] or ""))
        settings.change()
        without = await note_some()
        settings.change(there)
        with_another = await note_some()
        settings.change(there, missing)
        await until(lambda: "missing: cannot be written: No such file" in (noted[-1] or ""))

    assert set(without) == {"none"}
    assert set(with_another) == {None}
