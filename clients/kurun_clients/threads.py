"""Blocking work beside the event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

Result = TypeVar("Result")

# Of their own: names are resolved in asyncio's few threads, and a file system that hangs must not stop them.
_THREADS = ThreadPoolExecutor(max_workers=16, thread_name_prefix="kurun-files")


async def in_thread(work: Callable[[], Result], *, undo: Callable[[Result], None] | None = None) -> Result:
    """Run blocking work in a thread.

    A cancellation does not wait for the thread, which cannot be stopped.

    Args:
        work: What to do.
        undo: Gives a result back that nobody waits for any more, such as an open file; runs on the event loop.
    """
    running = asyncio.get_running_loop().run_in_executor(_THREADS, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        running.add_done_callback(lambda done: _settle(done, undo))
        raise


async def in_thread_to_end(work: Callable[[], Result], *, patience: float = 60.0) -> Result:
    """Run blocking work in a thread, and do not let go of it while it may still write.

    A cancellation waits for the thread, so that what it makes can be removed afterwards; a second one does not.

    Args:
        work: What to do.
        patience: Seconds that a cancellation waits.
    """
    running = asyncio.get_running_loop().run_in_executor(_THREADS, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        running.add_done_callback(lambda done: _settle(done, None))
        await asyncio.wait([running], timeout=patience)
        raise


async def in_own_thread(work: Callable[[], Result], *, name: str = "kurun-look") -> Result:
    """Run what may hang in a thread of its own, which neither holds a pool's thread nor the end of the process.

    Args:
        work: What to do.
        name: The thread's, for whoever looks at the process.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def unless_done(settle: Callable[[], None]) -> None:
        if not future.done():
            settle()

    def run() -> None:
        try:
            settle = partial(future.set_result, work())
        except Exception as error:
            settle = partial(future.set_exception, error)
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(unless_done, settle)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future


def _settle(done: "asyncio.Future[Result]", undo: Callable[[Result], None] | None) -> None:
    # Looking at the exception keeps asyncio from reporting it as never retrieved.
    if not done.cancelled() and done.exception() is None and undo is not None:
        undo(done.result())
