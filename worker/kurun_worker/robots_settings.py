"""Settings of robots that can never work on this machine, whatever comes later."""

import os
from collections.abc import Iterator

from kurun_config import RobotSettings


def impossible(robots: RobotSettings) -> Iterator[tuple[str, str]]:
    """What can never work: the setting, and why. Blocking; nothing is made or written.

    Args:
        robots: Settings of a worker with robots.
    """
    from kurun_robots.environment.home import robot_home  # noqa: PLC0415 - without robots nothing of it is imported

    home = found = robot_home(robots)
    while not os.path.lexists(found) and found != found.parent:
        found = found.parent
    us = f"uid {os.geteuid()}, whom this worker runs as"
    if not found.is_dir():
        yield "home", f"{home} cannot be made: {found} is no folder" if found != home else f"{home} is no folder"
    elif not os.access(found, os.W_OK | os.X_OK):
        yield "home", f"{home}: {found} cannot be written to by {us}"
    if robots.framework_path is None:
        return
    if not robots.framework_path.is_dir():
        yield "framework_path", f"{robots.framework_path} is not a folder"
    python = robots.framework_python
    if python is not None and not (python.is_file() and os.access(python, os.X_OK)):
        yield "framework_python", f"{python} is no program that can be started"
