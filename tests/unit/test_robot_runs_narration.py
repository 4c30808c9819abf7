"""What is told about a run: in the task's log, in the worker's own, and in its failure."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs
from temporalio.activity import ActivityCancellationDetails
from temporalio.testing import ActivityEnvironment

from kurun_activities.robot_runs.failures import RobotFailed, RobotOverLimit
from kurun_activities.robot_runs.hosting import RobotHost
from kurun_activities.robot_runs.models import RobotDocument, RobotOutcome, RobotRunRequest
from kurun_activities.robot_runs.narration import ended_well, entries_of, is_forgotten, narrated
from kurun_activities.robot_runs.outputs import MAX_TOLD, Outputs, Uploads
from kurun_activities.robot_runs.recording import recorded
from kurun_activities.robot_runs.run_log import RunLog
from kurun_clients.kuflow.models import ProcessItemTaskLogLevel as Level
from kurun_clients.kuflow.models import Robot
from kurun_config import Settings
from kurun_robots.errors import EnvironmentUnavailable, PackageInvalid
from kurun_robots.run.limits import EndedBy, RunLimits

ROBOT = Robot.model_construct(id=uuid4(), code="R", name="Reader")
REQUEST = RobotRunRequest(process_id=uuid4(), robot_id=uuid4(), operation="Do it")
OUTCOME = RobotOutcome(exit_code=1, duration=0.1)


class Told:
    """Runs blocks as attempts of an activity, and keeps the entries of their logs."""

    def __init__(self) -> None:
        self.entries: list[tuple[Level, str]] = []
        self.environment = ActivityEnvironment()

    async def attempt(self, number: int, block: Callable[[RunLog], Awaitable[None]]) -> list[tuple[Level, str]]:
        """The entries of an attempt; its error is kept back."""
        self.entries.clear()
        self.environment.info = replace(self.environment.info, attempt=number)
        await asyncio.gather(self.environment.run(self._run, number, block), return_exceptions=True)
        return list(self.entries)

    async def _run(self, number: int, block: Callable[[RunLog], Awaitable[None]]) -> None:
        log = RunLog(self._append, most=entries_of(number))
        async with narrated(log, ROBOT, REQUEST), log.writing(is_forgotten):
            await block(log)

    async def _append(self, text: str, level: Level) -> None:
        self.entries.append((level, text))


async def without_index(log: RunLog) -> None:
    """The environment cannot be made."""
    log.aside("making an environment")
    raise EnvironmentUnavailable("the index is dead")


async def test_repeated_attempts_do_not_fill_the_log() -> None:
    """Those that end as the one before write nothing, and the later the rarer."""
    told = Told()
    entries = [len(await told.attempt(number, without_index)) for number in range(1, 18)]

    assert [3, 3, 0, 3, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3, 0] == entries


@pytest.mark.parametrize("attempt", [2, 3, 7, 30])
async def test_output_of_a_repeated_attempt_is_announced(attempt: int) -> None:
    """Whichever it is: nobody takes it for a part of the output before."""

    async def robot(log: RunLog) -> None:
        log.line("step 0")

    entries = await Told().attempt(attempt, robot)

    assert Level.WARN == entries[0][0]
    assert f"begins anew, attempt {attempt}" in entries[0][1]
    assert (Level.INFO, "step 0") == entries[1]


@pytest.mark.parametrize("attempt", [1, 3])
async def test_what_ends_a_run_is_told_even_if_nobody_foresaw_it(attempt: int) -> None:
    """Also in an attempt that would not be told about, if it is the last."""

    async def robot(_log: RunLog) -> None:
        raise PackageInvalid("no manifest") if attempt == 3 else KeyError("surprise")

    entries = await Told().attempt(attempt, robot)

    assert "Robot Reader: 'Do it': " in entries[-1][1]
    assert entries[-1][1].endswith("no manifest" if attempt == 3 else "KeyError: 'surprise'")
    assert (Level.ERROR if attempt == 3 else Level.WARN) == entries[-1][0]


async def test_the_operation_of_a_failed_robot_is_named_once() -> None:
    """The robot's name stands before it."""

    async def robot(_log: RunLog) -> None:
        raise RobotFailed("'Do it' ended after 0.1 s with exit code 1", OUTCOME)

    entries = await Told().attempt(1, robot)

    assert (Level.ERROR, "Robot Reader: 'Do it' ended after 0.1 s with exit code 1") == entries[-1]


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"worker_shutdown": True}, "was ended: the worker is being stopped; it runs anew"),
        ({"cancel_requested": True}, "was cancelled, and ended"),
        ({"paused": True}, "was ended: its activity is paused; it runs anew"),
        ({"timed_out": True}, "was ended: its time was over, or nobody waits for it any more"),
    ],
)
async def test_a_run_that_is_ended_says_why(details: dict[str, bool], said: str) -> None:
    """A worker that is being stopped is no cancellation: the run is somebody else's next."""
    told = Told()
    started = asyncio.Event()

    async def robot(_log: RunLog) -> None:
        started.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(told.attempt(1, robot))
    await started.wait()
    told.environment.cancel(ActivityCancellationDetails(**details))
    entries = await running

    assert (Level.WARN, f"Robot Reader: 'Do it' {said}") == entries[-1]


@pytest.mark.parametrize(
    ("attempt", "error", "told"),
    [
        (1, None, [("info", "begins"), ("info", "succeeded")]),
        (3, None, [("debug", "begins"), ("info", "succeeded")]),
        (1, RobotFailed("no", OUTCOME), [("info", "begins"), ("info", "failed")]),
        (1, RobotOverLimit("no", OUTCOME), [("info", "begins"), ("info", "over limit")]),
        (1, PackageInvalid("no"), [("info", "begins"), ("info", "refused")]),
        (2, EnvironmentUnavailable("no"), [("info", "begins"), ("info", "tried again")]),
        (3, EnvironmentUnavailable("no"), [("debug", "begins"), ("debug", "tried again")]),
        (3, asyncio.CancelledError(), [("debug", "begins"), ("info", "cancelled")]),
    ],
)
async def test_the_workers_log_says_of_each_run_how_it_ended(
    attempt: int, error: BaseException | None, told: list[tuple[str, str]]
) -> None:
    """One line when it begins and one when it is over, with what it was; repeats do not flood."""

    async def run() -> None:
        with recorded(robot="R", operation="Do it"):
            if error is not None:
                raise error

    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)
    with capture_logs() as lines:
        await asyncio.gather(environment.run(run), return_exceptions=True)

    assert told == [(line["log_level"], line.get("outcome", "begins")) for line in lines]
    assert all((line["robot"], line["operation"]) == ("R", "Do it") for line in lines)
    assert lines[-1]["duration"] >= 0


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (EndedBy.TIMEOUT, "it took longer than 2.5 s (robots.timeout)"),
        (EndedBy.MEMORY, "it used more than 512 MiB of memory (robots.max_memory)"),
        (EndedBy.PROCESSES, "it had more than 7 processes and threads (robots.max_processes)"),
        (EndedBy.OUTPUT, "it wrote more than 1000 bytes of output (robots.max_output_bytes)"),
        (EndedBy.DISK, "it put more than 1024 MiB on the disk (robots.max_disk)"),
        (EndedBy.CANCELLED, "it was cancelled"),
    ],
)
def test_a_limit_is_named_with_its_setting(by: EndedBy, said: str) -> None:
    """Who reads it knows what to change, and to what."""
    limits = RunLimits(seconds=2.5, memory=512 * 2**20, processes=7, output=1000)

    assert said == limits.reason(by)


def test_what_was_left_is_told_in_one_line() -> None:
    """Whatever names a robot gives its files; what is no file of its own is named too."""
    uploads = Uploads(Outputs(left_out=12, examples=["passwd", "pi\npe"]))
    uploads.add(RobotDocument(path="a\nERROR forged", document_uri="u", reference="r", size=1))

    assert (
        "The robot succeeded after 0.1 s; documents: a_ERROR forged; "
        "left out (links, pipes, files of others): passwd, pi_pe and 10 more"
    ) == ended_well(OUTCOME, uploads)


def test_more_documents_than_a_history_takes_are_counted() -> None:
    """The process has them; the workflow gets as many as there is room for."""
    uploads = Uploads()
    for number in range(3):
        uploads.add(RobotDocument(path=str(number), document_uri="u" * (MAX_TOLD // 2 - 9), reference="r", size=1))

    assert ["0", "1"] == [each.path for each in uploads.documents]
    assert 1 == uploads.more
    assert ended_well(OUTCOME, uploads).endswith("documents: 0, 1 and 1 more")


async def test_a_broken_disk_is_the_machines_fault(tmp_path: Path) -> None:
    """Whatever was being done: it is named, and tried again."""
    settings: dict[str, Any] = {"robots": {"enabled": True, "home": tmp_path}}
    host = RobotHost(Settings.model_validate(settings))

    async def attempt() -> None:
        async with host.folder() as folder:
            (folder.top / "missing" / "file").touch()

    with pytest.raises(EnvironmentUnavailable, match="missing/file: No such file"):
        await attempt()
