"""The activity that watches a K2 account, for one turn after the other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from temporalio import activity

from kurun_activities import context
from kurun_activities.failures import failure
from kurun_activities.heartbeat import heartbeating
from kurun_activities.k2 import context as k2_context
from kurun_activities.k2.mirrors import Mirrors
from kurun_activities.k2.watch_loop import WatchLoop
from kurun_activities.k2.watch_models import WATCH_TASKS, WatchRequest, WatchResponse

TURN: Final = 50 * 60.0
"""Seconds after which the activity ends, to begin again with the worker's latest client; within its time limit."""


@activity.defn(name=WATCH_TASKS)
async def watch_tasks(request: WatchRequest) -> WatchResponse:
    """Watch an account's tasks for a while: mirror new ones, and tell workflows what they wait for.

    Trouble with K2, KuFlow or the engine is waited through, never reported as a failure. A worker that stops ends it.
    One whose settings do not want the account watched refuses, so that another one may take it.
    """
    clients = k2_context.current()
    if not clients.settings.watch:
        raise failure(f"this worker does not watch the K2 account {request.account}: k2.watch is not set here")
    if clients.settings.account != request.account:
        raise failure(f"this worker serves the K2 account {clients.settings.account}, not {request.account}")
    mirrors = Mirrors(context.current().kuflow, activity.client(), clients.settings)
    async with heartbeating() as heartbeat:
        loop = WatchLoop(clients.workflow, mirrors, clients.settings, heartbeat, announced=request.announced)
        loop.watching = clients.watching
        clients.watching.begin()
        try:
            await _for_a_turn(loop.run)
        finally:
            clients.watching.end()
    return loop.done()


async def _for_a_turn(run: Callable[[], Awaitable[None]]) -> None:
    running = asyncio.ensure_future(run())
    stopping = asyncio.create_task(activity.wait_for_worker_shutdown())
    try:
        await asyncio.wait({running, stopping}, timeout=TURN, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        running.cancel()
        stopping.cancel()
        await asyncio.wait({running, stopping})
