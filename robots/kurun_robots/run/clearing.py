"""Removing what a robot left on disk."""

import asyncio
import contextlib
import os
import subprocess
from pathlib import Path

from kurun_robots.errors import EnvironmentUnavailable

_REMOVE = ("rm", "-rf", "--one-file-system", "--")
_OPEN = ("chmod", "-R", "u+rwX", "--")
_VARIABLES = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


async def remove(folder: Path) -> None:
    """Remove a folder that a robot could write to; nothing happens if there is none.

    It may be deeper than Python can follow and hold folders that are shut. Links are removed, never followed.

    Raises:
        EnvironmentUnavailable: It cannot be removed.
    """
    code, said = await _command(*_REMOVE, str(folder))
    if code != 0 and os.geteuid() != 0:  # its own user, too, cannot look into a folder that is shut
        await _command(*_OPEN, str(folder))
        code, said = await _command(*_REMOVE, str(folder))
    if code != 0:
        raise EnvironmentUnavailable(f"the run's folder cannot be removed: {said}")


def remove_if_possible(folder: Path) -> None:
    """Remove a folder as :func:`remove` does, or leave it there. Blocking."""
    steps = [_REMOVE] if os.geteuid() == 0 else [_REMOVE, _OPEN, _REMOVE]
    for step in steps:
        if not os.path.lexists(folder):
            return
        with contextlib.suppress(OSError):
            subprocess.run(  # noqa: S603 - ours
                (*step, str(folder)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_VARIABLES,
                start_new_session=True,
                check=False,
            )


async def _command(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=_VARIABLES,
        start_new_session=True,
    )
    said = (await process.communicate())[1]
    return process.returncode or 0, said[:1000].decode(errors="replace").strip()
