"""What activities get handed, on the event loop and in threads."""

import asyncio

import pytest

from kurun_activities import context
from kurun_activities.context import ActivityContext
from kurun_clients.kuflow import BasicAuth, KuFlowClient


def made() -> ActivityContext:
    """A context whose client is never used."""
    return ActivityContext(kuflow=KuFlowClient("http://127.0.0.1:9", auth=BasicAuth("id", "secret")))


async def double(number: int) -> int:
    """A call of an async client."""
    await asyncio.sleep(0)
    return number * 2


async def fail() -> None:
    """A call that does not succeed."""
    raise LookupError("nothing there")


async def test_the_context_holds_inside_the_block_only() -> None:
    """Contexts nest, and outside there is none; the error says what is missing."""
    outer, inner = made(), made()
    with context.use(outer):
        with context.use(inner):
            assert context.current() is inner
        assert context.current() is outer

    with pytest.raises(RuntimeError, match="KuFlowPlugin"):
        context.current()


async def test_tasks_have_contexts_of_their_own() -> None:
    """Two activities at the same time do not see each other's context."""
    contexts = [made(), made()]
    both = asyncio.Barrier(2)

    async def activity(own: ActivityContext) -> bool:
        with context.use(own):
            await both.wait()
            return context.current() is own

    assert await asyncio.gather(*map(activity, contexts)) == [True, True]


async def test_an_activity_in_a_thread_uses_the_async_clients() -> None:
    """A threaded activity finds its context and waits for a call that runs on the event loop."""
    here = made()

    def activity() -> tuple[ActivityContext, int]:
        return context.current(), context.wait_for(double(21))

    with context.use(here):
        assert (here, 42) == await asyncio.to_thread(activity)


async def test_a_threaded_call_raises_what_the_call_raises() -> None:
    """An error of the call reaches the thread as it is."""
    with context.use(made()), pytest.raises(LookupError, match="nothing there"):
        await asyncio.to_thread(lambda: context.wait_for(fail()))


async def test_waiting_on_the_event_loop_is_refused() -> None:
    """An async activity that would wait for itself is told to await instead."""
    with context.use(made()), pytest.raises(RuntimeError, match="awaits"):
        context.wait_for(double(1))


async def test_secrets_do_not_show() -> None:
    """A context can be logged."""
    assert "secret" not in repr(made())
