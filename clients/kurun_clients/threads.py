"""Blocking work beside the event loop."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(work: Callable[[], Result], *, undo: Callable[[Result], None] | None = None) -> Result:
    """Run blocking work in a thread.

    A cancellation does not wait for the thread, which cannot be stopped.

    Args:
        work: What to do.
        undo: Gives a result back that nobody waits for any more, such as an open file; runs on the event loop.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        running.add_done_callback(lambda done: _settle(done, undo))
        raise


def _settle(done: "asyncio.Future[Result]", undo: Callable[[Result], None] | None) -> None:
    # Looking at the exception keeps asyncio from reporting it as never retrieved.
    if not done.cancelled() and done.exception() is None and undo is not None:
        undo(done.result())
