"""Running one robot from its start until nothing of it is left."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast
from uuid import uuid4

import kurun_robots
from kurun_clients.threads import in_thread
from kurun_robots.errors import EnvironmentUnavailable
from kurun_robots.run.keeper import __file__ as keeper_package
from kurun_robots.run.keeper.order import KILL, STOP
from kurun_robots.run.leftovers import end_leftovers
from kurun_robots.run.limits import EndedBy
from kurun_robots.run.preparing import prepare
from kurun_robots.run.request import OutputLine, Progress, RunRequest, RunResult
from kurun_robots.run.supervision import Supervision

_KEEPER = Path(keeper_package).with_name("__main__.py")
_IMPORT_ROOT = Path(kurun_robots.__file__).parents[1]
_KEEPER_VARIABLES = ("LANG", "LD_LIBRARY_PATH")  # some interpreters do not start without the second

LAST_OUTPUT = 5.0
"""Seconds for output that is still on its way when the robot has ended."""


async def run(
    request: RunRequest,
    on_line: Callable[[OutputLine], None],
    on_progress: Callable[[Progress], None] | None = None,
    *,
    stop: asyncio.Event | None = None,
) -> RunResult:
    """Run a robot. Whether this returns or raises: nothing that it started is alive then.

    A cancellation ends it kindly and waits for that; a second one while waiting ends it at once.

    Args:
        request: What to run.
        on_line: Told every line of the output as it comes; must not block. If it raises, the run is ended.
        on_progress: Told about once a second what the run uses.
        stop: Setting it ends the run kindly; its result comes back.

    Raises:
        EnvironmentUnavailable: The machine could not start it, or its keeper was killed.
        PackageInvalid: A variable or the command is none.
    """
    supervision = Supervision(request, on_line, on_progress)
    running = asyncio.ensure_future(_run(supervision, request))
    stopping = asyncio.ensure_future(stop.wait()) if stop is not None else None
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([task for task in (running, stopping) if task], return_when=asyncio.FIRST_COMPLETED)
            if stopping is not None and stopping.done():
                stopping = None
                supervision.order(STOP)
        except asyncio.CancelledError as error:
            supervision.order(STOP if cancelled is None else KILL)
            cancelled = error
    if stopping is not None:
        stopping.cancel()
    if cancelled is not None:
        with contextlib.suppress(Exception):  # what went wrong as well matters less
            running.result()
        raise cancelled
    return running.result()


async def _run(supervision: Supervision, request: RunRequest) -> RunResult:
    mark = uuid4().hex
    order = await in_thread(lambda: prepare(request, mark))
    if supervision.stopped:
        return RunResult(-signal.SIGTERM, 0.0, EndedBy.CANCELLED, last_lines=(), isolated=False)
    async with contextlib.AsyncExitStack() as stack:
        stdout, robot_stdout = await _pipe(stack)
        stderr, robot_stderr = await _pipe(stack)
        try:
            keeper = await _start_keeper(robot_stdout, robot_stderr)
        finally:
            os.close(robot_stdout)
            os.close(robot_stderr)
        reading = [
            asyncio.ensure_future(supervision.read(stdout, "stdout")),
            asyncio.ensure_future(supervision.read(stderr, "stderr")),
        ]
        control = cast("asyncio.StreamWriter", keeper.stdin)
        try:
            supervision.connect(control, order.to_json())
            await supervision.listen(cast("asyncio.StreamReader", keeper.stdout))
        finally:
            control.close()
            if supervision.lost:  # it was killed, or stopped
                with contextlib.suppress(ProcessLookupError):
                    keeper.kill()
            await keeper.wait()
            left = await _end_leftovers(supervision, mark) if supervision.lost else []
            # Nobody writes any more, except somebody the robot gave its output to.
            await asyncio.wait(reading, timeout=LAST_OUTPUT)
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
        if left:
            raise EnvironmentUnavailable(f"the robot's keeper was killed, and these of its processes are left: {left}")
        return supervision.result()


async def _start_keeper(stdout: int, stderr: int) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(_KEEPER), str(_IMPORT_ROOT), str(os.getpid()), str(stdout), str(stderr)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(stdout, stderr),
            cwd="/",
            env={name: value for name in _KEEPER_VARIABLES if (value := os.environ.get(name)) is not None},
            start_new_session=True,  # signals from a terminal are for the worker, which ends its robots
            limit=2**20,
        )
    except OSError as error:
        raise EnvironmentUnavailable(f"the robot's keeper could not be started: {error}") from error


async def _end_leftovers(supervision: Supervision, mark: str) -> list[int]:
    return await in_thread(lambda: end_leftovers(mark, supervision.session, supervision.alive))


async def _pipe(stack: contextlib.AsyncExitStack) -> tuple[asyncio.StreamReader, int]:
    reading, writing = os.pipe()
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", buffering=0)
    )
    stack.callback(transport.close)
    return reader, writing
