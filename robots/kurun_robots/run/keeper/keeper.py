"""Watches one robot, holds it to its limits, and ends it and all it started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time

from kurun_robots.run.keeper import ending, kernel
from kurun_robots.run.keeper.gauges import Gauges
from kurun_robots.run.keeper.order import CONTROL, EVENTS, KILL, STOP, TOO_MUCH, Order, tell
from kurun_robots.run.keeper.processes import descendants_quickly
from kurun_robots.run.keeper.robot import StartFailed
from kurun_robots.run.keeper.starting import Started, start
from kurun_robots.run.limits import EndedBy

TICK = 0.1
QUICK_TICK = 0.03
SHARE = 10
"""Looking takes one part in so many of a processor's time; one in two where a limit is near."""
LONGEST_TICK = 1.0
PROGRESS = 1.0
LEFT_GRACE = 2.0
"""Seconds for processes that outlive the robot's own."""
GONE_GRACE = 2.0
"""Seconds for all when the worker is gone: nobody reads what they say."""
MOST_TOLD = 100

_NOW = (EndedBy.MEMORY, EndedBy.PROCESSES, EndedBy.DISK)  # each second makes it worse


def main(worker: int, stdout: int, stderr: int) -> None:
    """Run one robot for the worker that started this process."""
    wake, waking = os.pipe()
    for descriptor in (wake, waking, EVENTS):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    kernel.set_parent_death_signal(signal.SIGTERM)
    if os.getppid() != worker:  # it died before the request
        return
    try:
        order, orders = Order.read(CONTROL)
        robot = start(order, stdout, stderr)
    except EOFError:
        return
    except StartFailed as error:
        tell("failed", message=str(error))
        return
    kernel.set_parent_death_signal(signal.SIGTERM)  # again: new namespaces may have made it forgotten
    keeper = Keeper(order, robot, wake)
    try:
        keeper.watch(orders)
    finally:
        left = ending.kill(robot)
    os.set_blocking(EVENTS, True)
    tell("ended", left=left, **keeper.outcome())


class Keeper:
    """The watch over a started robot."""

    def __init__(self, order: Order, robot: Started, wake: int) -> None:
        self._limits = order.limits
        self._robot = robot
        self._wake = wake
        self._gauges = Gauges(order)
        self._began = self._told = time.monotonic()
        self._seconds = self._cost = 0.0
        self._code: int | None = None
        self._reason: EndedBy | None = None
        self._deadline: float | None = None
        self._poll = select.poll()
        for descriptor in (CONTROL, wake, *(() if robot.status is None else (robot.status,))):
            self._poll.register(descriptor, select.POLLIN)
        signal.signal(signal.SIGTERM, lambda *_: self._end(EndedBy.CANCELLED, GONE_GRACE))

    def watch(self, orders: bytes) -> None:
        """Obey the first orders; return when nothing is left, or when only force helps."""
        tell("started", session=self._robot.child, nested=self._robot.nested)
        if orders:
            self._obey(orders)
        while not self._alone():
            now = time.monotonic()
            if self._deadline is not None and now >= self._deadline:
                return
            self._wait(self._tick())
            began = time.monotonic()
            self._look()
            self._cost = time.monotonic() - began

    def outcome(self) -> dict[str, object]:
        """What became of it, when nothing is alive."""
        if self._code is None and self._robot.status is not None:
            self._read_status(self._robot.status)
        full = self._gauges.last_look()
        if self._code in (-signal.SIGXFSZ, 128 + signal.SIGXFSZ):
            full = EndedBy.DISK
        code = -int(signal.SIGKILL) if self._code is None else self._code
        seconds = self._seconds or time.monotonic() - self._began
        return {"code": code, "by": self._reason or full, "seconds": seconds}

    def _tick(self) -> float:
        tick = max(QUICK_TICK, 2 * self._cost) if self._gauges.near else max(TICK, SHARE * self._cost)
        return min(tick, LONGEST_TICK)

    def _wait(self, longest: float) -> None:
        if self._deadline is not None:
            longest = max(0.0, min(longest, self._deadline - time.monotonic()))
        ready = {descriptor for descriptor, _ in self._poll.poll(longest * 1000)}
        if self._wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 4096)
        if self._robot.status in ready:
            self._read_status(self._robot.status)
        if CONTROL in ready:
            self._obey(os.read(CONTROL, 64))

    def _read_status(self, status: int) -> None:
        text = os.read(status, 64)
        if text:
            self._ended(int(text))
        with contextlib.suppress(KeyError):
            self._poll.unregister(status)

    def _obey(self, orders: bytes) -> None:
        if not orders:
            self._poll.unregister(CONTROL)
            self._end(EndedBy.CANCELLED, GONE_GRACE)
        if TOO_MUCH in orders:
            self._end(EndedBy.OUTPUT)
        if STOP in orders:
            self._end(EndedBy.CANCELLED)
        if KILL in orders:
            self._end(EndedBy.CANCELLED, 0)

    def _look(self) -> None:
        alive = descendants_quickly(self._robot.child if self._robot.nested else os.getpid())
        exceeded = self._gauges.look(alive)
        now = time.monotonic()
        if exceeded is not None:
            self._end(exceeded)
        elif now - self._began > self._limits.seconds:
            self._end(EndedBy.TIMEOUT)
        if now - self._told >= PROGRESS:
            self._told = now
            tell(
                "progress",
                seconds=now - self._began,
                memory=self._gauges.memory,
                processes=self._gauges.processes,
                disk=self._gauges.disk,
                # Not needed where the kernel ends them together with the first.
                alive=[] if self._robot.nested else [(each.pid, each.started) for each in alive[:MOST_TOLD]],
            )

    def _alone(self) -> bool:
        try:
            while True:
                pid, code = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return False
                if pid == self._robot.child and not self._robot.nested:
                    self._ended(os.waitstatus_to_exitcode(code))
        except ChildProcessError:
            return True

    def _ended(self, code: int) -> None:
        self._code = code
        self._seconds = time.monotonic() - self._began
        self._end(None, LEFT_GRACE)

    def _end(self, reason: EndedBy | None, longest: float | None = None) -> None:
        """Begin to end all, or hurry; the first reason stays, and what comes after the robot's own end is none."""
        grace = 0.0 if reason in _NOW else self._limits.grace
        deadline = time.monotonic() + min(grace, grace if longest is None else longest)
        if self._code is None or reason in _NOW:
            self._reason = self._reason or reason
        if self._deadline is None and grace:
            ending.ask(self._robot)
        self._deadline = deadline if self._deadline is None else min(self._deadline, deadline)
