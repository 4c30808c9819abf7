"""``kurun dev`` without its words: a twin that runs until a signal ends it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from kurun_twin.info import write_info
from kurun_twin.options import TwinOptions
from kurun_twin.scenario import Scenario
from kurun_twin.twin_server import SETTINGS_FILE, TwinServer

__all__ = ["SETTINGS_FILE", "TwinServer", "serve"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def serve(
    options: TwinOptions,
    *,
    scenario: Scenario | None = None,
    info_file: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
    ready: Callable[[dict[str, Any]], None] = lambda _: None,
) -> None:
    """Run a twin until SIGINT, SIGTERM or SIGHUP; a second signal ends the process at once.

    Args:
        options: What the twin is told.
        scenario: How it misbehaves from the start.
        info_file: Where to write the description while it runs.
        progress: Told in a few words what is being done.
        ready: Told the description when everything is ready.

    Raises:
        ConfigurationError: Something that was given cannot be used.
        EngineError: Temporal does not start, answer or go on.
    """
    with suppress(_StoppedError):
        async with (
            _until_signal(),
            TwinServer(options, scenario=scenario, progress=progress) as twin,
            _published(info_file, twin.info),
        ):
            ready(twin.info)
            await twin.run()


class _StoppedError(Exception):
    """A signal asked for the end."""


@asynccontextmanager
async def _until_signal() -> AsyncIterator[None]:
    """Cancel the block at the first signal, and turn the cancellation into :class:`_StoppedError`."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - narrows for the type checker
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    except asyncio.CancelledError:
        if not stopped:
            raise
        task.uncancel()
        raise _StoppedError from None
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def _published(file: Path | None, info: dict[str, Any]) -> AsyncIterator[None]:
    if file is None:
        yield
        return
    await asyncio.to_thread(write_info, file, info)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)  # noqa: ASYNC240 - nothing else runs any more
