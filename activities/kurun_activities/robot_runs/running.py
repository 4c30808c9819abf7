"""The activity that runs a robot."""

from collections.abc import Collection
from contextlib import suppress

from temporalio import activity

from kurun_activities import context as kuflow_context
from kurun_activities.heartbeat import Heartbeat, heartbeating
from kurun_activities.robot_runs import context
from kurun_activities.robot_runs.folders import RunFolder
from kurun_activities.robot_runs.hosting import Job
from kurun_activities.robot_runs.models import RobotRunRequest, RobotRunResponse
from kurun_activities.robot_runs.narration import ended_well, entries_of, is_forgotten, narrated
from kurun_activities.robot_runs.outputs import Uploads, outputs_of, upload
from kurun_activities.robot_runs.packages import assets_of, fetch_package
from kurun_activities.robot_runs.recording import recorded
from kurun_activities.robot_runs.run_log import RunLog, appending
from kurun_clients.http import ApiError
from kurun_clients.kuflow.models import Robot
from kurun_robots.run.request import OutputLine, Progress


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
        log = _log_of(request, host.secrets)
        with recorded(robot=robot.code, **_about(request)):
            async with narrated(log, robot, request), host.folder() as folder, log.writing(is_forgotten):
                manifest = await fetch_package(here.kuflow, robot, folder.download, folder.unpacked, settings)
                with assets_of(robot.id):
                    outcome = await host.run(folder, manifest, _job(request, robot), _Watcher(log, heartbeat))
                uploads = await _uploaded(here, folder, request, heartbeat) if settings.upload_outputs else Uploads()
            with suppress(ApiError):
                await log.say(ended_well(outcome, uploads))
    return RobotRunResponse(
        exit_code=outcome.exit_code,
        duration=outcome.duration,
        last_lines=log.last_lines,
        documents=tuple(uploads.documents),
        more_documents=uploads.more or None,
        complete_task=settings.complete_task,
    )


def _log_of(request: RobotRunRequest, secrets: Collection[str]) -> RunLog:
    task_id = request.process_item_id
    append = None if task_id is None else appending(kuflow_context.current().kuflow, task_id)
    log = RunLog(append, most=entries_of(activity.info().attempt))
    log.learn(*secrets)
    return log


def _about(request: RobotRunRequest) -> dict[str, str]:
    """Whom a run is for, as the worker's log names it."""
    task = {"process_item_id": str(request.process_item_id)} if request.process_item_id else {}
    return {"operation": request.operation, "process_id": str(request.process_id), **task}


class _Watcher:
    """Passes on what happens to the log and the heartbeat."""

    def __init__(self, log: RunLog, heartbeat: Heartbeat) -> None:
        self._log = log
        self._heartbeat = heartbeat

    def report(self, line: str) -> None:
        self._heartbeat.report({"stage": "environment"})
        self._log.aside(line)

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


async def _uploaded(
    here: kuflow_context.ActivityContext, folder: RunFolder, request: RobotRunRequest, heartbeat: Heartbeat
) -> Uploads:
    uploads = Uploads(await outputs_of(folder.output, context.current().settings.robots))
    files = uploads.outputs.files
    for done, file in enumerate(files):
        heartbeat.report({"stage": "uploading", "files": done, "of": len(files)})
        uploads.add(await upload(here.kuflow, request.process_id, file, max_bytes=here.documents.max_bytes))
    return uploads
