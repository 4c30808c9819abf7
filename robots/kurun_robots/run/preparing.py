"""Making ready what a run needs: its user, its folders, its environment. Blocking; runs in a thread."""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from kurun_robots.errors import EnvironmentUnavailable, PackageInvalid
from kurun_robots.run.keeper.order import Order
from kurun_robots.run.request import RunRequest

MARK = "KURUN_RUN"
"""Variable with a number of the run's own; what escapes its keeper is found by it."""
NOBODY = "nobody"
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_PRIVATE = 0o700


def prepare(request: RunRequest, mark: str) -> Order:
    """Hand the folder over to the robot's user and say what the keeper has to do.

    Raises:
        EnvironmentUnavailable: There is no such user, or this process cannot become it; a folder cannot be made.
        PackageInvalid: A variable or the command is none.
    """
    user = user_of(request.user)
    home, temporary = request.folder / "home", request.folder / "tmp"
    try:
        for folder in (home, temporary):
            folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        if user is not None:
            hand_over(request.folder, *user)
    except OSError as error:
        raise EnvironmentUnavailable(f"the run's folder cannot be made ready: {error}") from error
    if "\0" in request.command:
        raise PackageInvalid("the robot's command holds a NUL character")
    return Order(
        command=request.command,
        working=str(request.working or request.folder),
        folder=str(request.folder),
        temporary=str(temporary),
        needed=tuple(str(path) for path in (request.folder, *request.path, *request.needed)),
        variables={**_variables(request, home, temporary), MARK: mark},
        user=user,
        isolate=request.isolate,
        limits=request.limits,
    )


def user_of(name: str | None) -> tuple[int, int] | None:
    """User and group that robots run as; ``None`` is this process's own.

    Raises:
        EnvironmentUnavailable: There is no such user, or this process cannot become it, or it is root.
    """
    root = os.geteuid() == 0
    if name is None and not root:
        return None
    try:
        entry = pwd.getpwnam(name or NOBODY)
    except KeyError:
        raise EnvironmentUnavailable(f"robots cannot run as {name or NOBODY}: there is no such user") from None
    if entry.pw_uid == 0:
        raise EnvironmentUnavailable("robots do not run as root: no limit would hold; set `robots.user` to another")
    if not root and entry.pw_uid != os.geteuid():
        raise EnvironmentUnavailable(
            f"robots cannot run as {name}: only a worker that runs as root can change the user"
        )
    return (entry.pw_uid, entry.pw_gid) if root else None


def name_of_user(name: str | None) -> str:
    """What the user that robots run as is called, for messages."""
    if name is not None or os.geteuid() == 0:
        return name or NOBODY
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


def hand_over(folder: Path, user: int, group: int) -> None:
    """Make a folder with all in it the user's, the folder itself last: until then nobody else gets in."""
    for place, folders, files, descriptor in os.fwalk(folder, topdown=False, follow_symlinks=False):
        for name in (*folders, *files):
            os.chown(name, user, group, dir_fd=descriptor, follow_symlinks=False)
        if place == str(folder):
            os.fchown(descriptor, user, group)


def _variables(request: RunRequest, home: Path, temporary: Path) -> dict[str, str]:
    given: Mapping[str, str] = request.variables
    for name, value in given.items():
        if not name or "=" in name or "\0" in name or "\0" in value:
            raise PackageInvalid(f"{name!r} cannot be a variable of the robot, or its value cannot")
    # A robot's own path comes behind that of its environment: without it the robot would have no Python.
    own = (given["PATH"],) if given.get("PATH") else ()
    path = ":".join((*(str(folder) for folder in request.path), *own, _SYSTEM_PATH))
    return {"HOME": str(home), "TMPDIR": str(temporary), "LANG": "C.UTF-8", **given, "PATH": path}
