"""How what goes wrong with a robot looks to a workflow: one table."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from temporalio.exceptions import ApplicationError

from kurun_activities.failures import MAX_TEXT, rest_failure, unexpected
from kurun_activities.robot_runs.failure_types import (
    ENVIRONMENT_INVALID,
    ENVIRONMENT_UNAVAILABLE,
    LIMIT_EXCEEDED,
    PACKAGE_INVALID,
    RUN_FAILED,
)
from kurun_activities.robot_runs.models import RobotOutcome
from kurun_clients.http import ApiError
from kurun_robots.errors import (
    EnvironmentInvalid,
    EnvironmentUnavailable,
    LimitExceeded,
    PackageInvalid,
    RobotError,
    RunFailed,
)

_TYPES: tuple[tuple[type[RobotError], str], ...] = (
    (PackageInvalid, PACKAGE_INVALID),
    (EnvironmentInvalid, ENVIRONMENT_INVALID),
    (LimitExceeded, LIMIT_EXCEEDED),
    (RunFailed, RUN_FAILED),
)
"""What is terminal, the more particular first. Everything else is the machine's fault."""


class RobotFailed(RunFailed):
    """A robot ran to its end and did not succeed; ``outcome`` is what became of it."""

    def __init__(self, message: str, outcome: RobotOutcome) -> None:
        super().__init__(message)
        self.outcome = outcome


class RobotOverLimit(LimitExceeded, RobotFailed):
    """A robot was ended for a limit."""


def robot_failure(error: RobotError) -> ApplicationError:
    """The failure that a workflow sees instead of a robot's error."""
    kind = next((name for known, name in _TYPES if isinstance(error, known)), ENVIRONMENT_UNAVAILABLE)
    details = [error.outcome.to_wire()] if isinstance(error, RobotFailed) else []
    return ApplicationError(str(error)[:MAX_TEXT], *details, type=kind, non_retryable=kind != ENVIRONMENT_UNAVAILABLE)


def failure_of(error: Exception) -> ApplicationError:
    """The failure that a workflow sees instead of whatever ended a run."""
    match error:
        case RobotError():
            return robot_failure(error)
        case ApplicationError():
            return error
        case ApiError():
            return rest_failure(error)
        case _:
            return unexpected(error)


def is_passing(error: Exception) -> bool:
    """Whether it may go better later."""
    return not failure_of(error).non_retryable


@contextmanager
def disk_trouble(home: Path) -> Iterator[None]:
    """Say which file it was when a disk is full or broken.

    Args:
        home: What is named where the error names no file.

    Raises:
        EnvironmentUnavailable: In place of the operating system's error.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:  # a time that ran out
            raise
        raise EnvironmentUnavailable(f"{error.filename or home}: {error.strerror}") from error


@contextmanager
def translated() -> Iterator[None]:
    """Raise failures in place of robots' errors."""
    try:
        yield
    except RobotError as error:
        raise robot_failure(error) from error
