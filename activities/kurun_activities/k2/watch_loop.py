"""The loop of one K2 account: one list of tasks an interval, whatever waits for them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from types import MappingProxyType
from typing import Final
from uuid import UUID

from temporalio.service import RPCError

from kurun_activities.heartbeat import Heartbeat
from kurun_activities.k2.folio import key_of
from kurun_activities.k2.mirrors import Mirrors
from kurun_activities.k2.trouble import Trouble
from kurun_activities.k2.watch_models import Announced, WatchResponse
from kurun_activities.k2.watched import Known, ListedTask, Watched
from kurun_activities.k2.watching import Watching
from kurun_clients.http import ApiError
from kurun_clients.k2 import SerialNumber, WorkflowClient
from kurun_clients.k2.workflow_api.models import TaskState, TaskSummary
from kurun_config import K2Settings

RECONCILIATION: Final = 300.0
"""Seconds between two comparisons with the mirrors that run."""

AT_ONCE: Final = 20
"""Processes and signals under way at the same time."""

GIVEN_UP: Final = 20
"""Failures in a row after which the rest waits for the next list: something is down."""

NOT_NOW: Final = frozenset({TaskState.ALLOCATED, TaskState.SLEEP})
"""States of a listed task that the account cannot act on at the moment."""

LIST, SEARCH, MIRROR, SIGNAL = "listing K2's tasks", "searching for mirrors", "mirroring a K2 task", "signalling"

Work = Callable[[], Awaitable[bool]]
"""A piece of work; says whether it succeeded."""


class WatchLoop:
    """Lists, compares, acts and waits.

    Args:
        k2: Lists the tasks.
        mirrors: Does what is to be done about them.
        settings: How often, and what.
        heartbeat: Told the counts.
        announced: What the turn before announced, by serial number.

    Attributes:
        watching: Told how it goes.
    """

    def __init__(
        self,
        k2: WorkflowClient,
        mirrors: Mirrors,
        settings: K2Settings,
        heartbeat: Heartbeat,
        *,
        announced: Mapping[str, Announced] = MappingProxyType({}),
    ) -> None:
        self._k2 = k2
        self._mirrors = mirrors
        self._settings = settings
        self._heartbeat = heartbeat
        self._watched = Watched(mirroring=settings.mirror_process_definition_id is not None, announced=announced)
        self._trouble = Trouble()
        self._failed: set[str] = set()
        self._reconciled: float | None = None
        self._lists = self._mirrored = self._signalled = 0
        self.watching = Watching()

    def done(self) -> WatchResponse:
        """What was done up to now."""
        return WatchResponse(**self._counts(), announced=self._watched.announcements())

    async def run(self) -> None:
        """Go on until cancelled."""
        loop, interval = asyncio.get_running_loop(), self._settings.watch_interval.total_seconds()
        while True:
            begun = loop.time()
            if well := await self._round():
                self.watching.done()
            self._heartbeat.report({**self._counts(), "listed": len(self._watched.known)})
            pause = self._trouble.pause(interval, well=well)
            await asyncio.sleep(max(0.0, begun + pause - loop.time()))

    def _counts(self) -> dict[str, int]:
        return {"lists": self._lists, "mirrored": self._mirrored, "signalled": self._signalled}

    async def _round(self) -> bool:
        try:
            listed = await self._k2.tasks.find(self._settings.watch_state)
        except ApiError as error:
            self._trouble.met(LIST, error)
            return False
        self._trouble.over(LIST)
        self._lists += 1
        self._watched.see(as_listed(each) for each in listed.tasks if each.status != TaskState.COMPLETED)
        self.watching.listed(len(listed.tasks))
        await self._reconcile()
        return await self._act()

    async def _act(self) -> bool:
        departed = list(self._watched.departed.items())
        told = (partial(self._tell, serial_number, process_id) for serial_number, process_id in departed)
        self._failed.clear()
        well = await work_off(chain(told, (partial(self._attend, known) for known in self._watched.due())))
        for what in {MIRROR, SIGNAL} - self._failed:
            self._trouble.over(what)
        return well

    async def _reconcile(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._reconciled is not None and now - self._reconciled < RECONCILIATION:
            return
        self._reconciled = now
        running = None
        try:
            running = await self._mirrors.running()
        except RPCError as error:
            self._trouble.met(SEARCH, error)
        else:
            self._trouble.over(SEARCH)
        self._watched.reconcile(running)

    async def _tell(self, serial_number: str, process_id: UUID) -> bool:
        try:
            await self._mirrors.tell(serial_number, process_id)
        except RPCError as error:
            return self._met(SIGNAL, error)
        self._watched.departed.pop(serial_number, None)
        self._signalled += 1
        self.watching.signalled += 1
        return True

    async def _attend(self, known: Known) -> bool:
        what = MIRROR if known.task.awaited_by is None else SIGNAL
        try:
            await self._mirrors.attend(known)
        except (ApiError, RPCError) as error:
            return self._met(what, error)
        if what is MIRROR:
            self._mirrored += 1
            self.watching.mirrored += 1
        else:
            self._signalled += 1
            self.watching.signalled += 1
        return True

    def _met(self, what: str, error: Exception) -> bool:
        self._failed.add(what)
        self._trouble.met(what, error)
        return False


def as_listed(task: TaskSummary) -> ListedTask:
    """What the watcher keeps of a task in K2's list."""
    return ListedTask(
        serial_number=task.serial_number,
        workflow_instance_id=task.workflow_instance_id or SerialNumber(task.serial_number).workflow_instance_id,
        business_key=key_of(task.workflow_instance_folio),
        available=task.status not in NOT_NOW,
        folio=task.workflow_instance_folio,
        workflow_name=task.workflow_name,
        activity_name=task.activity_name,
    )


async def work_off(work: Iterator[Work]) -> bool:
    """Do pieces of work, a few at the same time.

    Returns:
        Whether it went well: some piece succeeded, or there was none. After many failures in a row the rest is left.
    """
    failures, succeeded, begun = 0, False, False

    async def some() -> None:
        nonlocal failures, succeeded, begun
        for piece in work:
            begun = True
            if await piece():
                failures, succeeded = 0, True
            else:
                failures += 1
            if failures >= GIVEN_UP:
                return

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(some())
    return succeeded or not begun
