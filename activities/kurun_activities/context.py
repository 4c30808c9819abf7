"""What activities get handed: the clients and settings of the worker they run in.

A custom activity is an ordinary ``@activity.defn`` function that asks for :func:`current`::

    @activity.defn
    async def archive(process_id: str) -> None:
        process = await context.current().kuflow.processes.retrieve(UUID(process_id))

A test calls it inside ``with context.use(ActivityContext(kuflow=client)):``.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kurun_activities.web import WebClient
from kurun_clients.kuflow import KuFlowClient
from kurun_config import DocumentSettings

Result = TypeVar("Result")


@dataclass(frozen=True)
class ActivityContext:
    """The worker's side of its activities.

    Attributes:
        kuflow: The KuFlow API.
        documents: Where documents may come from and go to.
        web: Fetches documents from the allowed hosts; opens its connections at the first use.
    """

    kuflow: KuFlowClient
    documents: DocumentSettings = field(default_factory=DocumentSettings)
    web: WebClient = field(default_factory=WebClient)

    async def aclose(self) -> None:
        """Close what the context opened itself; the KuFlow client stays its owner's."""
        await self.web.aclose()


@dataclass(frozen=True)
class _Bound:
    context: ActivityContext
    loop: asyncio.AbstractEventLoop | None


_bound: ContextVar[_Bound] = ContextVar("kurun_activity_context")


def current() -> ActivityContext:
    """The context of the running activity.

    Raises:
        RuntimeError: There is none: the worker runs without KuFlow's activity interceptor.
    """
    return _get().context


@contextmanager
def use(context: ActivityContext) -> Iterator[ActivityContext]:
    """Make a context the current one, for this task and for threads that inherit its context variables."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    token = _bound.set(_Bound(context, loop))
    try:
        yield context
    finally:
        _bound.reset(token)


def wait_for(call: Coroutine[Any, Any, Result]) -> Result:
    """Run a call of the async clients from an activity that runs in a thread, and wait for its result.

    Raises:
        RuntimeError: Called on the event loop, which would wait for itself, or outside an activity.
    """
    loop = _get().loop
    if loop is None or _runs_here(loop):
        call.close()
        raise RuntimeError("wait_for() is for activities that run in a thread; an async activity awaits its calls")
    future = asyncio.run_coroutine_threadsafe(call, loop)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _get() -> _Bound:
    try:
        return _bound.get()
    except LookupError:
        raise RuntimeError(
            "no KuFlow context here: run the activity on a worker with KuFlowPlugin, or inside context.use(…)"
        ) from None
