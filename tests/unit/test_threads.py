"""Blocking work beside the event loop."""

import asyncio
import threading

import pytest

from kurun_clients.threads import in_own_thread, in_thread


async def test_the_result_comes_back() -> None:
    """The work runs in another thread, and its result and its errors are the caller's."""
    assert await in_thread(threading.get_ident) != threading.get_ident()

    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


async def test_what_nobody_waits_for_is_undone() -> None:
    """A cancelled caller goes on at once; what the thread still opens is given back."""
    proceed, undone = threading.Event(), asyncio.Event()

    def work() -> str:
        proceed.wait(5)
        return "file"

    opening = asyncio.create_task(in_thread(work, undo=lambda result: undone.set() if result == "file" else None))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    proceed.set()

    async with asyncio.timeout(5):
        await undone.wait()


async def test_an_error_that_nobody_waits_for_is_dropped() -> None:
    """Work that fails after its caller was cancelled disturbs nobody."""
    proceed, ended = threading.Event(), threading.Event()

    def work() -> None:
        proceed.wait(5)
        ended.set()
        raise LookupError

    opening = asyncio.create_task(in_thread(work))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    proceed.set()

    assert await asyncio.to_thread(ended.wait, 5)


async def test_own_threads_give_results_and_errors() -> None:
    """Both come back to the loop, and the thread is none that the end of the process waits for."""

    def fail() -> None:
        raise OSError("no")

    assert await in_own_thread(lambda: threading.current_thread().daemon) is True
    with pytest.raises(OSError, match="no"):
        await in_own_thread(fail)
