"""Where robots live on this machine."""

import os
from pathlib import Path

from kurun_clients.threads import in_thread
from kurun_config.robots import RobotSettings
from kurun_robots.environment.owner import RobotUser, make_folder
from kurun_robots.environment.processes import run_program
from kurun_robots.errors import EnvironmentUnavailable

_OF_ROOT = Path("/var/cache/kurun/robots")  # root's own cache folder is closed to the user that robots run as


def robot_home(settings: RobotSettings) -> Path:
    """The folder for environments and runs: the configured one, or one in the cache of this user."""
    if settings.home is not None:
        return settings.home.absolute()
    if os.geteuid() == 0:
        return _OF_ROOT
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if cache.startswith("/") else Path.home() / ".cache") / "kurun" / "robots"


async def prepare_home(home: Path, user: RobotUser | None) -> None:
    """Make the folder if it is missing.

    Raises:
        EnvironmentUnavailable: It cannot be made, or the robots' user cannot get to it.
    """
    try:
        await in_thread(lambda: make_folder(home, shared=user is not None))
    except OSError as error:
        raise EnvironmentUnavailable(f"{home}: cannot be made: {error.strerror}") from None
    if user is not None:
        enter = ("/bin/sh", "-c", 'cd "$0"', str(home))
        if (await run_program(*enter, folder=Path("/"), variables={}, user=user)).code != 0:
            raise EnvironmentUnavailable(f"{home}: is closed to the user that robots run as: set `robots.home`")
