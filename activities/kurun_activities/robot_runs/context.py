"""What the activity gets handed besides KuFlow's clients: the machine that robots run on."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from kurun_activities.robot_runs.hosting import RobotHost

_bound: ContextVar[RobotHost] = ContextVar("kurun_robot_host")


def current() -> RobotHost:
    """The host of the running activity.

    Raises:
        RuntimeError: There is none: the worker runs no robots.
    """
    try:
        return _bound.get()
    except LookupError:
        raise RuntimeError("no robots here: set robots.enabled and use KuFlowPlugin, or call inside use(…)") from None


@contextmanager
def use(host: RobotHost) -> Iterator[RobotHost]:
    """Make a host the current one."""
    token = _bound.set(host)
    try:
        yield host
    finally:
        _bound.reset(token)
