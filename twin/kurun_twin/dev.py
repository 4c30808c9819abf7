"""``kurun dev`` without its words: a twin that runs until a signal ends it."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from kurun_twin.info import write_info
from kurun_twin.options import TwinOptions
from kurun_twin.scenario import Scenario
from kurun_twin.twin_server import SETTINGS_FILE, Listeners, TwinServer

__all__ = ["SETTINGS_FILE", "Listeners", "TwinServer", "serve"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def serve(
    options: TwinOptions,
    *,
    scenario: Scenario | None = None,
    info_file: Path | None = None,
    listeners: Listeners | None = None,
    ready: Callable[[dict[str, Any]], None] = lambda _: None,
) -> None:
    """Run a twin until SIGINT, SIGTERM or SIGHUP; a second signal ends the process at once.

    Args:
        options: What the twin is told.
        scenario: How it misbehaves from the start.
        info_file: Where to write the description while it runs.
        listeners: Hear what the twin has to say.
        ready: Told the description when everything is ready.

    Raises:
        ConfigurationError: Something that was given cannot be used.
        EngineError: Temporal does not start, answer or go on.
    """
    listeners = listeners or Listeners()
    twin = TwinServer(options, scenario=scenario, listeners=listeners)
    published: list[Path] = []
    with suppress(_StoppedError), _until_signal(twin, listeners, published):
        async with twin, _published(info_file, twin.info, published):
            ready(twin.info)
            await twin.run()


class _StoppedError(Exception):
    """A signal asked for the end."""


@contextmanager
def _until_signal(twin: TwinServer, listeners: Listeners, published: list[Path]) -> Iterator[None]:
    """Cancel the block at the first signal, and turn the cancellation into :class:`_StoppedError`.

    The handlers are plain ones, not the loop's: the second signal works even where something blocks the loop. They stay
    after a signal, so that none later on interrupts Python's own end with a traceback.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - narrows for the type checker
    stopped = False

    def stop() -> None:
        task.cancel()
        listeners.progress("ending")

    def receive(number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        if stopped:
            _leave(twin, published, 128 + number)
        stopped = True
        loop.call_soon_threadsafe(stop)

    before = {number: signal.signal(number, receive) for number in _SIGNALS}
    try:
        yield
    except asyncio.CancelledError:
        if not stopped:
            raise
        task.uncancel()
        raise _StoppedError from None
    finally:
        if not stopped:
            for number, handler in before.items():
                signal.signal(number, handler)


def _leave(twin: TwinServer, published: list[Path], code: int) -> None:
    """End the process without ado, but leave no server and no description of one."""
    with suppress(OSError):
        if twin.temporal is not None and twin.temporal.pid is not None:
            os.kill(twin.temporal.pid, signal.SIGKILL)
        for file in published:
            file.unlink(missing_ok=True)
    os._exit(code)


@asynccontextmanager
async def _published(file: Path | None, info: dict[str, Any], published: list[Path]) -> AsyncIterator[None]:
    if file is None:
        yield
        return
    published.append(file)
    await asyncio.to_thread(write_info, file, info)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)  # noqa: ASYNC240 - nothing else runs any more
