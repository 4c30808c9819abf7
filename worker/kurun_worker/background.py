"""Duties that run beside the worker for as long as it runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger(__name__)

PAUSE_AFTER_DEFECT = 10.0


@asynccontextmanager
async def background(duties: Mapping[str, Callable[[], Awaitable[None]]]) -> AsyncIterator[None]:
    """Run each duty inside the block and end them all after it.

    A duty handles the failures it expects. Any other is a defect: it is logged, and the duty starts again after a
    pause, because a worker without it would stop serving some hours later.
    """
    tasks = [asyncio.create_task(_attend(name, duty), name=f"kurun {name}") for name, duty in duties.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _attend(name: str, duty: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await duty()
        except Exception:
            log.exception("a background duty failed and starts again", duty=name)
            await asyncio.sleep(PAUSE_AFTER_DEFECT)
        else:
            return
