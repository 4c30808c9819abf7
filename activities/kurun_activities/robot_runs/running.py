"""The activity that runs a robot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from temporalio import activity

from kurun_activities import context as kuflow_context
from kurun_activities.heartbeat import Heartbeat, heartbeating
from kurun_activities.robot_runs import context
from kurun_activities.robot_runs.failures import RobotFailed, is_passing
from kurun_activities.robot_runs.folders import RunFolder
from kurun_activities.robot_runs.hosting import Job
from kurun_activities.robot_runs.models import RobotDocument, RobotOutcome, RobotRunRequest, RobotRunResponse
from kurun_activities.robot_runs.outputs import files_of, upload
from kurun_activities.robot_runs.packages import assets_of, fetch_package
from kurun_activities.robot_runs.run_log import RunLog, appending
from kurun_clients.http import ApiError
from kurun_clients.kuflow.models import ProcessItemTaskLogLevel, Robot
from kurun_robots.errors import RobotError
from kurun_robots.run.request import OutputLine, Progress

LAST_WORDS: Final = 5.0
"""Seconds for the log's last entry when the run was cancelled."""


async def run_robot(request: RobotRunRequest) -> RobotRunResponse:
    """Run an operation of a robot; its output goes into the task's log, its files become documents of the process.

    The heartbeat carries ``{"stage", "lines", "seconds"}``. A cancellation ends the robot with all it started, kindly
    at first. Nothing of it stays on this machine. A retry, after the worker was lost for instance, runs the operation
    anew from its beginning.
    """
    host, here = context.current(), kuflow_context.current()
    settings = host.settings.robots
    async with heartbeating({"stage": "waiting"}) as heartbeat:
        robot = await here.kuflow.robots.retrieve(request.robot_id)
        task_id = request.process_item_id
        log = RunLog(None if task_id is None else appending(here.kuflow, task_id))
        watcher = _Watcher(log, heartbeat)
        async with _narrated(log, robot, request), host.folder() as folder, log.writing():
            manifest = await fetch_package(here.kuflow, robot, folder.download, folder.unpacked, settings)
            with assets_of(robot.id):
                outcome = await host.run(folder, manifest, _job(request, robot), watcher)
            documents = await _uploaded(here, folder, request, heartbeat) if settings.upload_outputs else ()
        with suppress(ApiError):
            await log.say(_ended_well(outcome, documents))
    return RobotRunResponse(
        exit_code=outcome.exit_code,
        duration=outcome.duration,
        last_lines=log.last_lines,
        documents=documents,
        complete_task=settings.complete_task,
    )


class _Watcher:
    """Passes on what happens to the log and the heartbeat."""

    def __init__(self, log: RunLog, heartbeat: Heartbeat) -> None:
        self._log = log
        self._heartbeat = heartbeat

    def report(self, line: str) -> None:
        self._heartbeat.report({"stage": "environment"})
        self._log.line(line)

    def said(self, line: OutputLine) -> None:
        self._log.line(line.text)

    def uses(self, progress: Progress) -> None:
        seconds = round(progress.seconds, 1)
        self._heartbeat.report({"stage": "running", "lines": self._log.lines, "seconds": seconds})

    def learn(self, secret: str) -> None:
        self._log.learn(secret)


def _job(request: RobotRunRequest, robot: Robot) -> Job:
    return Job(
        operation=request.operation,
        variables=robot.environment_variables or {},
        robot_id=robot.id,
        process_id=request.process_id,
        task_id=request.process_item_id,
        tenant_id=robot.tenant_id,
        timeout=request.timeout,
    )


@asynccontextmanager
async def _narrated(log: RunLog, robot: Robot, request: RobotRunRequest) -> AsyncIterator[None]:
    """Tell the log how the run begins, and how it ends if it does not end well.

    A run that is tried for long must not push everything else out of the log, so that it tells less and less often.
    """
    attempt = activity.info().attempt
    told = attempt & (attempt - 1) == 0
    name = f"Robot {robot.name}: {request.operation!r}"
    if attempt == 1:
        await log.say(f"{name} begins")
    elif told:
        lost = "the attempt before did not come to its end, or the machine was unwell"
        await log.say(f"{name} begins anew, attempt {attempt}: {lost}", ProcessItemTaskLogLevel.WARN)
    try:
        yield
    except RobotError as error:
        if isinstance(error, RobotFailed):
            error.outcome = error.outcome.model_copy(update={"last_lines": log.last_lines})
        if told or not is_passing(error):
            level = ProcessItemTaskLogLevel.WARN if is_passing(error) else ProcessItemTaskLogLevel.ERROR
            with suppress(ApiError):
                await log.say(f"{name}: {error}", level)
        raise
    except asyncio.CancelledError:
        with suppress(ApiError, TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await log.say(f"{name} was cancelled, and ended", ProcessItemTaskLogLevel.WARN)
        raise


async def _uploaded(
    here: kuflow_context.ActivityContext, folder: RunFolder, request: RobotRunRequest, heartbeat: Heartbeat
) -> tuple[RobotDocument, ...]:
    files = await files_of(folder.output, context.current().settings.robots)
    documents = []
    progress: dict[str, Any] = {"stage": "uploading", "files": 0, "of": len(files)}
    for file in files:
        heartbeat.report(progress)
        documents.append(await upload(here.kuflow, request.process_id, file, max_bytes=here.documents.max_bytes))
        progress = {**progress, "files": len(documents)}
    return tuple(documents)


def _ended_well(outcome: RobotOutcome, documents: tuple[RobotDocument, ...]) -> str:
    left = f"; documents: {', '.join(each.path for each in documents[:10])}" if documents else ""
    more = f" and {len(documents) - 10} more" if len(documents) > 10 else ""
    return f"The robot succeeded after {outcome.duration:.1f} s{left}{more}"
