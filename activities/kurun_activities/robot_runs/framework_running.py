"""The activity that runs suites of Robot Framework. Its results are read and thrown away: nothing is uploaded."""

import os
import sys
from pathlib import Path
from typing import Final

from kurun_activities.heartbeat import Heartbeat, heartbeating
from kurun_activities.robot_runs import context
from kurun_activities.robot_runs.failures import RobotFailed, RobotOverLimit
from kurun_activities.robot_runs.folders import RunFolder
from kurun_activities.robot_runs.hosting import RobotHost
from kurun_activities.robot_runs.models import ExecuteRobotOutcome, ExecuteRobotRequest, ExecuteRobotResponse
from kurun_activities.robot_runs.recording import recorded
from kurun_clients.threads import in_thread
from kurun_config import RobotSettings
from kurun_robots.errors import EnvironmentUnavailable, PackageInvalid, RunFailed
from kurun_robots.framework.options import checked_options, checked_variables, secret_values
from kurun_robots.framework.paths import inside
from kurun_robots.framework.results import Counts, ResultTooLarge, read_counts
from kurun_robots.framework.starting import RESULT, Suite, command
from kurun_robots.framework.verdict import failure_of
from kurun_robots.run.limits import RunLimits
from kurun_robots.run.preparing import name_of_user
from kurun_robots.run.request import OutputLine, Progress, RunRequest, RunResult
from kurun_robots.run.runner import run

_SAID_LINES: Final = 5
_SAID_TEXT: Final = 1000
_HELP: Final = "Try --help"  # is for those who have a command line


async def execute_robot(request: ExecuteRobotRequest) -> ExecuteRobotResponse:
    """Run suites of Robot Framework in a process of their own.

    The heartbeat carries ``{"stage", "lines", "seconds"}``. A cancellation ends the run with all it started, kindly at
    first. Nothing of it stays on this machine. A retry, after the worker was lost for instance, runs the suites anew.
    """
    host = context.current()
    settings = host.settings.robots
    async with heartbeating({"stage": "waiting"}) as heartbeat:
        with recorded(suite=request.tests):
            suite = await in_thread(lambda: _suite(request, settings))
            async with host.folder() as folder:
                result = await _run(host, settings, folder, suite, heartbeat)
                await in_thread(folder.close)
                counts, whole = await in_thread(lambda: _counts(folder))
            return _judged(result, settings, counts, whole=whole)


async def _run(
    host: RobotHost, settings: RobotSettings, folder: RunFolder, suite: Suite, heartbeat: Heartbeat
) -> RunResult:
    order, python = folder.own / "order.json", _python(settings)
    await in_thread(lambda: _make_ready(folder, order, suite))
    asked = RunRequest(
        command(python, order),
        folder.own,
        path=(python.parent,),
        working=folder.package,
        needed=(_folder(settings),),
        secrets=host.secrets | frozenset(secret_values(suite.all_variables)),
        limits=RunLimits.of(settings),
        user=settings.user,
    )
    lines = 0

    def said(_line: OutputLine) -> None:
        nonlocal lines
        lines += 1

    def uses(progress: Progress) -> None:
        heartbeat.report({"stage": "running", "lines": lines, "seconds": round(progress.seconds, 1)})

    return await run(asked, said, uses)


def _suite(request: ExecuteRobotRequest, settings: RobotSettings) -> Suite:
    folder = _folder(settings)
    return Suite(
        inside(folder, request.tests, "tests"),
        tuple(checked_variables("variables", request.variables or ())),
        checked_options(request.options or {}, folder),
    )


def _folder(settings: RobotSettings) -> Path:
    if settings.framework_path is None:
        raise EnvironmentUnavailable("this worker has no folder of suites: set robots.framework_path")
    return settings.framework_path.absolute()


def _python(settings: RobotSettings) -> Path:
    return (settings.framework_python or Path(sys.executable)).absolute()


def _make_ready(folder: RunFolder, order: Path, suite: Suite) -> None:
    try:
        folder.own.mkdir()
        folder.package.mkdir()
        folder.prepare()
        private = os.open(order, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(private, "w", encoding="utf-8") as file:
            file.write(suite.order(folder.output))
    except OSError as error:
        raise EnvironmentUnavailable(f"the run's folder cannot be made ready: {error}") from None


def _counts(folder: RunFolder) -> tuple[Counts | None, bool]:
    """The totals, and whether the results were written to their end."""
    try:
        counts = read_counts(folder.output / RESULT)
    except ResultTooLarge:
        return None, True
    return counts, counts is not None


def _judged(result: RunResult, settings: RobotSettings, counts: Counts | None, *, whole: bool) -> ExecuteRobotResponse:
    last_lines = tuple(line.text for line in result.last_lines)
    outcome = ExecuteRobotOutcome(
        exit_code=result.exit_code,
        duration=round(result.seconds, 3),
        ended_by=result.ended_by,
        last_lines=last_lines,
        passed=counts.passed if counts else None,
        failed=counts.failed if counts else None,
        skipped=counts.skipped if counts else None,
    )
    if result.ended_by is not None:
        why = RunLimits.of(settings).reason(result.ended_by)
        raise RobotOverLimit(f"Robot Framework was ended after {result.seconds:.1f} s: {why}", outcome)
    python, user = str(_python(settings)), name_of_user(settings.user)
    match failure_of(result.exit_code, counts, whole=whole, python=python, user=user):
        case None:
            return ExecuteRobotResponse(**dict(outcome))
        case RunFailed() as error:
            raise RobotFailed(str(error), outcome)
        case PackageInvalid() as error:
            lines = [line for line in last_lines if line.strip() and not line.startswith(_HELP)]
            said = "; ".join(lines[-_SAID_LINES:])
            raise PackageInvalid(f"{error}: {said[:_SAID_TEXT]}")
        case error:
            raise error
