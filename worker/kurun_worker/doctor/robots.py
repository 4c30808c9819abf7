"""Whether this machine can run robots."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from kurun_clients.threads import in_own_thread
from kurun_config import RobotSettings, Settings, variable
from kurun_worker.doctor.checks import Check
from kurun_worker.doctor.report import Verdict, failed, misconfigured, ok, warning
from kurun_worker.robots_settings import impossible

UV: Final = "uv"
USER: Final = "user of robots"
SUITES: Final = "suites of Robot Framework"
_RUN_SECONDS: Final = 10.0


def robot_checks(settings: Settings) -> list[Check]:
    """None unless robots are enabled, and needs what ``kurun[robots]`` brings."""
    robots = settings.robots
    if not robots.enabled:
        return []
    return [
        Check(UV, _uv, needs=("extra robots",)),
        Check(USER, lambda: _user(robots), needs=("extra robots",)),
        Check("keeper of robots", lambda: _keeper(robots), needs=(USER,), seconds=_RUN_SECONDS + 10),
        *(_interpreter_check(path) for path in robots.python),
        *([Check(SUITES, lambda: _suites(robots), needs=(USER,))] if robots.framework_path else []),
    ]


async def _uv() -> Verdict:
    from kurun_robots.environment.uv import uv_program  # noqa: PLC0415 - without robots nothing of it is imported
    from kurun_robots.errors import EnvironmentUnavailable  # noqa: PLC0415

    try:
        program = uv_program()
    except EnvironmentUnavailable as error:
        return misconfigured(str(error), "pip install 'kurun[robots]'")
    said = await _answer(program, "--version")
    return ok(f"{said} at {program}") if said else failed(f"{program} does not start", "install kurun[robots] anew")


async def _user(robots: RobotSettings) -> Verdict:
    from kurun_robots.errors import EnvironmentUnavailable  # noqa: PLC0415
    from kurun_robots.run.preparing import user_of  # noqa: PLC0415

    try:
        found = await in_own_thread(lambda: user_of(robots.user))
    except EnvironmentUnavailable as error:
        return misconfigured(str(error), f"set {variable('robots.user')} to a user of this machine that is not root")
    return ok("robots run as the worker's own user" if found is None else f"robots run as uid {found[0]}")


async def _keeper(robots: RobotSettings) -> Verdict:
    """Run the smallest robot there is."""
    from kurun_robots.errors import RobotError  # noqa: PLC0415
    from kurun_robots.run.limits import RunLimits  # noqa: PLC0415
    from kurun_robots.run.request import RunRequest  # noqa: PLC0415
    from kurun_robots.run.runner import run  # noqa: PLC0415

    folder = Path(await in_own_thread(lambda: tempfile.mkdtemp(prefix="kurun-check-")))
    limits = RunLimits(seconds=_RUN_SECONDS, grace=1.0)
    try:
        result = await run(RunRequest("true", folder, limits=limits, user=robots.user), lambda _line: None)
    except RobotError as error:
        return failed(f"a robot could not be run: {error}", "see docs/robots.md for what robots need of a machine")
    finally:
        await in_own_thread(lambda: shutil.rmtree(folder, ignore_errors=True))
    if result.exit_code != 0:
        said = f"`true` ended with exit code {result.exit_code}"
        return failed(said, "see whether the robots' user may run /bin/sh on this machine")
    if not result.isolated:
        said = "a robot runs, but without namespaces of its own: it sees the processes of its user and /tmp"
        return warning(said, "let the container make user namespaces, or run only robots that are trusted")
    return ok("a robot runs, in namespaces of its own")


async def _suites(robots: RobotSettings) -> Verdict:
    """Start Robot Framework's Python as the user that runs suites."""
    from kurun_robots.environment.owner import RobotUser  # noqa: PLC0415
    from kurun_robots.environment.processes import run_program  # noqa: PLC0415
    from kurun_robots.run.preparing import name_of_user  # noqa: PLC0415

    for setting, why in await in_own_thread(lambda: list(impossible(robots))):
        if setting.startswith("framework"):
            return misconfigured(why, f"correct {variable(f'robots.{setting}')}")
    python = str(robots.framework_python or sys.executable)
    looking = (python, "-I", "-c", "import robot; print(robot.version.VERSION)")
    ended = await run_program(*looking, folder=Path("/"), variables={}, user=RobotUser.of(robots))
    if ended.code == 0:
        return ok(f"Robot Framework {ended.output.strip()[:50]} in {python}")
    lack = "has no Robot Framework" if "No module named" in ended.output else "does not start"
    fix = f"set {variable('robots.framework_python')} to a Python with Robot Framework that this user may start"
    return misconfigured(f"{python} {lack} as {name_of_user(robots.user)}, whom robots run as", fix)


def _interpreter_check(path: Path) -> Check:
    async def look() -> Verdict:
        said = await _answer(str(path), "--version")
        fix = f"correct {variable('robots.python')}, or install it"
        return ok(said) if said else misconfigured(f"{path} does not start", fix)

    return Check(f"interpreter {path}", look)


async def _answer(*command: str) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return ""
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    return output.decode(errors="replace").strip()[:200] if process.returncode == 0 else ""
