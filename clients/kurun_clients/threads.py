"""Blocking work beside the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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


def _settle(done: "asyncio.Future[Result]", undo: Callable[[Result], None] | None) -> None:
    # Looking at the exception keeps asyncio from reporting it as never retrieved.
    if not done.cancelled() and done.exception() is None and undo is not None:
        undo(done.result())
