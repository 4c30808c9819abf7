"""Programs of this machine that are trusted: uv, interpreters asked for their version."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kurun_robots.environment.owner import RobotUser
from kurun_robots.environment.reports import Report, silent
from kurun_robots.errors import EnvironmentUnavailable

_CHUNK: Final = 64 * 1024
_KEPT: Final = 256 * 1024
_LONGEST_LINE: Final = 2000
# A worker that is killed takes the program with it, which would go on writing to a folder that is another's by then.
# The user is changed here, not by the worker: that would be a fork in which handlers of its libraries run, and some
# crash.
_LAUNCHER: Final = """
import ctypes, os, sys
worker, user, group = (int(number) for number in sys.argv[1:4])
try:
    if user >= 0:
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
    if os.getppid() == worker:
        os.execvp(sys.argv[4], sys.argv[4:])
except OSError as error:
    sys.exit(f"error: {sys.argv[4]}: cannot be started: {error.strerror}")
"""


@dataclass(frozen=True)
class Finished:
    """A program that ended.

    Attributes:
        code: Its exit code; negative: the signal that ended it.
        output: What it wrote, errors included, cut at the front.
    """

    code: int
    output: str


async def run_program(
    *command: str,
    folder: Path,
    variables: Mapping[str, str],
    user: RobotUser | None = None,
    report: Report = silent,
    errors: bool = True,
) -> Finished:
    """Run a program and wait for its end; a cancellation ends it and what it started.

    Args:
        command: The program and its arguments.
        folder: Its working folder.
        variables: Its whole environment.
        user: Whom it runs as, if not as the worker's user.
        report: Gets its lines.
        errors: Whether its standard error is part of the output.

    Raises:
        EnvironmentUnavailable: It could not be started.
    """
    numbers = (os.getpid(), *((user.uid, user.gid) if user else (-1, -1)))
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _LAUNCHER, *(str(number) for number in numbers), *command),
            cwd=folder,
            env=dict(variables),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT if errors else asyncio.subprocess.DEVNULL,
            start_new_session=True,
            umask=0o022,
        )
    except OSError as error:
        raise EnvironmentUnavailable(f"{command[0]}: cannot be started: {error.strerror}") from None
    try:
        output = await _lines(process, report)
        return Finished(await process.wait(), output)
    finally:
        await _end(process)


async def _lines(process: asyncio.subprocess.Process, report: Report) -> str:
    assert process.stdout is not None  # noqa: S101 - asked for above
    output = open_line = ""
    while chunk := await process.stdout.read(_CHUNK):
        text = chunk.decode(errors="replace")
        output = (output + text)[-_KEPT:]
        *lines, open_line = (open_line[-_LONGEST_LINE:] + text).split("\n")
        for line in lines:
            report(line.rstrip()[:_LONGEST_LINE])
    if open_line:
        report(open_line.rstrip()[:_LONGEST_LINE])
    return output


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(asyncio.ensure_future(process.wait()))
