"""Running what comes with a package while its environment is made: under supervision, like a run of the robot."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kurun_config.robots import RobotSettings
from kurun_robots.environment.processes import Finished
from kurun_robots.environment.reports import Report
from kurun_robots.environment.variables import logins, reaching_indexes, without_logins
from kurun_robots.errors import EnvironmentInvalid
from kurun_robots.run.limits import EndedBy, RunLimits
from kurun_robots.run.request import OutputLine, RunRequest
from kurun_robots.run.runner import run

_KEPT_LINES = 400


@dataclass(frozen=True)
class Foreign:
    """Runs commands as the robots' user in the place of an environment, which becomes that user's.

    Attributes:
        settings: Limits and user.
        place: The folder of the environment.
        path: Folders in front of the system's in ``PATH``.
        needed: What else the commands have to reach.
        report: Gets the lines of their output.
    """

    settings: RobotSettings
    place: Path
    path: tuple[Path, ...]
    needed: tuple[Path, ...]
    report: Report

    async def run(
        self, command: str, *, working: Path, variables: Mapping[str, str], with_logins: bool = False
    ) -> Finished:
        """Run a command line and wait until nothing of it is left.

        Args:
            command: The command line.
            working: Folder to start in.
            variables: What it gets beside the way to package indexes.
            with_logins: It gets the users and passwords of the indexes as well.

        Raises:
            EnvironmentInvalid: It went over a limit.
            EnvironmentUnavailable: It could not be run.
        """
        lines: list[str] = []

        def on_line(line: OutputLine) -> None:
            lines.append(line.text)
            del lines[:-_KEPT_LINES]
            self.report(line.text)

        limits = RunLimits.of(self.settings)
        request = RunRequest(
            command,
            self.place,
            variables={**_without_path(reaching_indexes() if with_logins else without_logins()), **variables},
            secrets=logins(),
            path=self.path,
            working=working,
            needed=self.needed,
            limits=replace(
                limits,
                seconds=self.settings.build_timeout.total_seconds(),
                disk=max(limits.disk, self.settings.cache_bytes),
            ),
            user=self.settings.user,
        )
        result = await run(request, on_line)
        if result.ended_by not in {None, EndedBy.CANCELLED}:
            raise EnvironmentInvalid(f"making the environment went over its limit of {result.ended_by}")
        return Finished(result.exit_code, "\n".join(lines))


def _without_path(variables: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name != "PATH"}
