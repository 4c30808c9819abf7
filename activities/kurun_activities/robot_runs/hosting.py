"""Running robots on this machine: what the activity and the command by hand have in common."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from time import monotonic
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

from pydantic import SecretStr

from kurun_activities.robot_runs.failures import RobotFailed, RobotOverLimit, disk_trouble
from kurun_activities.robot_runs.folders import RunFolder, RunFolders
from kurun_activities.robot_runs.models import RobotOutcome
from kurun_activities.robot_runs.tokens import (
    NoTokens,
    RobotToken,
    RobotTokenSource,
    WorkerCredentials,
    expiry,
    renewed,
)
from kurun_clients.threads import in_thread
from kurun_config import Settings, setting_paths, value_at
from kurun_robots.environment import AssetSource, Environment, Environments, RobotUser, robot_home
from kurun_robots.environment.variables import logins
from kurun_robots.errors import EnvironmentUnavailable
from kurun_robots.package import Manifest
from kurun_robots.run.limits import RunLimits
from kurun_robots.run.request import OutputLine, Progress, RunRequest, RunResult
from kurun_robots.run.runner import run

_STREAMING: Mapping[str, str] = MappingProxyType({"PYTHONUNBUFFERED": "1"})
"""Lets Python write each line at once, not when some thousands of characters are there or the robot ends."""
_FLAG_VALUES = frozenset({"true", "false", "none", "null"})


class Ending(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    OVER_LIMIT = "over_limit"
    CANCELLED = "cancelled"
    NOT_STARTED = "not_started"


@dataclass(frozen=True)
class Job:
    """What a robot is to do, and for whom.

    Attributes:
        operation: Name of the operation.
        variables: The robot's own variables; their values count as secrets.
        robot_id: The robot, if KuFlow knows it.
        process_id: Process that it works for.
        task_id: Task that it works for.
        tenant_id: Tenant of all of them.
        timeout: Longest run, if it is less than the worker's.
    """

    operation: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    robot_id: UUID | None = None
    process_id: UUID | None = None
    task_id: UUID | None = None
    tenant_id: UUID | None = None
    timeout: timedelta | None = None


class Watcher(Protocol):
    """Follows a run. Nothing in it may block."""

    def report(self, line: str) -> None:
        """What is done about the environment."""

    def said(self, line: OutputLine) -> None:
        """A line of the robot."""

    def uses(self, progress: Progress) -> None:
        """What the run uses, about once a second."""

    def learn(self, secret: str) -> None:
        """A secret that came up after the start."""


class RobotHost:
    """This machine as a place for robots.

    Args:
        settings: The effective settings.
        assets: Where tools come from that this machine does not have.
        tokens: Where robots' tokens come from; without it as the settings say.

    Attributes:
        told: Told how each run ended, and after how many seconds from the request on.

    Raises:
        EnvironmentUnavailable: Robots cannot run as the user of the settings.
    """

    def __init__(
        self, settings: Settings, *, assets: AssetSource | None = None, tokens: RobotTokenSource | None = None
    ) -> None:
        self.settings = settings
        self._user = RobotUser.of(settings.robots)
        self._environments = Environments(settings.robots, assets)
        self._folders = RunFolders(robot_home(settings.robots) / "runs", shared=self._user is not None)
        self._slots = asyncio.Semaphore(settings.robots.max_concurrent)
        shared = settings.robots.share_credentials
        self._tokens = tokens or (WorkerCredentials(settings.kuflow) if shared else NoTokens())
        self._secrets = frozenset(_secrets_of(settings))
        self.told: Callable[[Ending, float], None] = lambda _ending, _seconds: None

    def change_settings(self, settings: Settings) -> None:
        """Let newer limits and credentials hold for the robots that are started from now on.

        Secrets of the settings before stay secrets.
        """
        self.settings = settings
        self._secrets |= frozenset(_secrets_of(settings))
        if isinstance(self._tokens, WorkerCredentials):
            self._tokens = WorkerCredentials(settings.kuflow)

    @property
    def secrets(self) -> frozenset[str]:
        """What the worker itself must not let out."""
        return self._secrets

    async def clear(self) -> None:
        """Remove what runs of killed workers left behind, and environments that are used no more or too many.

        Raises:
            EnvironmentUnavailable: It cannot be looked at.
        """
        await self._folders.sweep()
        await self._environments.evict()

    @asynccontextmanager
    async def folder(self) -> AsyncIterator[RunFolder]:
        """A folder for a run, when there is a slot for it.

        Raises:
            EnvironmentUnavailable: It cannot be made; or in the block the operating system refused something.
        """
        async with self._slots:
            with disk_trouble(robot_home(self.settings.robots)):
                async with self._folders.lease() as folder:
                    yield folder

    async def run(self, folder: RunFolder, manifest: Manifest, job: Job, watcher: Watcher) -> RobotOutcome:
        """Run a package that lies unpacked in the folder. Its output folder is for the worker alone afterwards.

        Raises:
            RobotError: It was not run to a good end.
            ApiError: KuFlow gives no token now.
        """
        with self._timed():
            return await self._run_job(folder, manifest, job, watcher)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        begun, ending = monotonic(), Ending.NOT_STARTED
        try:
            yield
            ending = Ending.SUCCEEDED
        except RobotOverLimit:
            ending = Ending.OVER_LIMIT
            raise
        except RobotFailed:
            ending = Ending.FAILED
            raise
        except asyncio.CancelledError:
            ending = Ending.CANCELLED
            raise
        finally:
            self.told(ending, monotonic() - begun)

    async def _run_job(self, folder: RunFolder, manifest: Manifest, job: Job, watcher: Watcher) -> RobotOutcome:
        operation = manifest.operation(job.operation)
        token = await self._tokens.issue(job.robot_id)
        async with self._environments.lease(manifest, folder.unpacked, watcher.report) as environment:
            await in_thread(lambda: _make_ready(folder, environment))
            request = RunRequest(
                operation.shell,
                folder.own,
                variables={**_STREAMING, **environment.variables, **job.variables, **self._variables(folder, job)},
                path=environment.path_entries,
                working=folder.package,
                needed=(*environment.needed, folder.token),
                secrets=frozenset((*self._secrets, *_secret_values(job), *((token.value,) if token else ()))),
                limits=self._limits(job),
                user=self.settings.robots.user,
            )
            result = await self._run(request, token, watcher, robot_id=job.robot_id, place=folder.token)
        await in_thread(folder.close)
        return _judged(job, request.limits, result)

    async def _run(
        self, request: RunRequest, token: RobotToken | None, watcher: Watcher, *, robot_id: UUID | None, place: Path
    ) -> RunResult:
        if token is None:
            return await run(request, watcher.said, watcher.uses)
        async with renewed(self._tokens, token, place, robot_id=robot_id, user=self._user, learn=watcher.learn) as file:
            expires = expiry(token, timedelta(seconds=request.limits.seconds))
            variables = {
                **request.variables,
                "KUFLOW_API_TOKEN": token.value,
                "KUFLOW_API_TOKEN_FILE": str(file),
                "KUFLOW_API_TOKEN_EXPIRE_ON": str(int(expires.timestamp() * 1000)),
            }
            return await run(replace(request, variables=variables), watcher.said, watcher.uses)

    def _variables(self, folder: RunFolder, job: Job) -> dict[str, str]:
        given = {
            "KUFLOW_API_ENDPOINT": str(self.settings.kuflow.endpoint),
            "KUFLOW_TENANT_ID": job.tenant_id or self.settings.kuflow.tenant_id,
            "KUFLOW_PROCESS_ID": job.process_id,
            "KUFLOW_TASK_ID": job.task_id,
            "KUFLOW_ROBOT_ID": job.robot_id,
            "KUFLOW_ROBOT_OPERATION": job.operation,
            "KUFLOW_ROBOT_HOME_PATH": folder.package,
            "KUFLOW_EXECUTION_OUTDIR": folder.output,
        }
        return {name: str(value) for name, value in given.items() if value is not None}

    def _limits(self, job: Job) -> RunLimits:
        limits = RunLimits.of(self.settings.robots)
        wanted = limits.seconds if job.timeout is None else job.timeout.total_seconds()
        return replace(limits, seconds=min(limits.seconds, wanted))


def _make_ready(folder: RunFolder, environment: Environment) -> None:
    try:
        folder.own.mkdir()
        if environment.package is None:
            folder.unpacked.rename(folder.package)
        else:
            shutil.copytree(environment.package, folder.package, symlinks=True)
        folder.prepare()
    except (OSError, shutil.Error) as error:
        raise EnvironmentUnavailable(f"the run's folder cannot be made ready: {error}") from None


def _judged(job: Job, limits: RunLimits, result: RunResult) -> RobotOutcome:
    outcome = RobotOutcome(
        exit_code=result.exit_code,
        duration=round(result.seconds, 3),
        ended_by=result.ended_by,
        last_lines=tuple(line.text for line in result.last_lines),
    )
    after = f"after {result.seconds:.1f} s"
    if result.ended_by is not None:
        asked = job.timeout is not None and job.timeout.total_seconds() == limits.seconds
        why = limits.reason(result.ended_by, timeout="asked for" if asked else "robots.timeout")
        raise RobotOverLimit(f"{job.operation!r} was ended {after}: {why}", outcome)
    if result.exit_code != 0:
        ending = f"exit code {result.exit_code}" if result.exit_code > 0 else f"signal {-result.exit_code}"
        raise RobotFailed(f"{job.operation!r} ended {after} with {ending}", outcome)
    return outcome


def _secret_values(job: Job) -> list[str]:
    return [value for value in job.variables.values() if value.lower() not in _FLAG_VALUES]


def _secrets_of(settings: Settings) -> list[str]:
    values = [value_at(settings, path) for path, _ in setting_paths()]
    return [*(value.get_secret_value() for value in values if isinstance(value, SecretStr)), *logins()]
